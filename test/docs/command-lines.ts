/** One command of a shell block, as its words; the quotes of a word are gone. */
export type CommandLine = readonly string[];

/** The commands of a shell block: comments dropped, `&&` parted, continued nowhere. */
export function commandLines(block: string): readonly CommandLine[] {
  return block
    .split("\n")
    .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
    .filter((line) => line !== "")
    .flatMap((line) => line.split(" && "))
    .map(wordsOf);
}

/** The words behind `usher`, also where another user runs it; null for other programs. */
export function usherWords(words: CommandLine): CommandLine | null {
  const rest = words[0] === "sudo" && words[1] === "-u" ? words.slice(3) : words;
  if (rest[0] === "usher") return rest.slice(1);
  return rest.join(" ").startsWith("npm run -s usher --") ? rest.slice(5) : null;
}

function wordsOf(line: string): CommandLine {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
}
