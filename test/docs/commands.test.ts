import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../cli/in-process.ts";
import { shareMail } from "../world/share-mail.ts";
import { type CommandLine, commandLines, usherWords } from "./command-lines.ts";
import { fences, inlineCode, readProject, root } from "./markdown.ts";

/** What these commands need is not there: their names and options are looked up, and nothing is run. */
const needServers = [
  "check --connect",
  "account home test",
  "mailbox test",
  "mailbox scan",
  "mailbox enable",
  "serve",
  "replay --since",
];
/** Programs of the system. */
const known = ["apt-get", "git", "cd", "ln", "cp", "sudo", "systemctl", "journalctl", "systemd-sysusers"];

const readme = await readProject("README.md");
const lines = fences(readme, "sh").flatMap(commandLines);

let directory: string;
let config: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "usher-docs-"));
  config = join(directory, "usher.yaml");
});
afterAll(async () => rm(directory, { recursive: true, force: true }));

/** The words with what stands for a place of the reader's put into the temporary directory. */
function inPlace(words: CommandLine): CommandLine {
  if (words[0] === "init") return [...words, "--directory", directory];
  return words.map((word) => (/^\w+\.(pw|eml|yaml)$/.test(word) ? join(directory, word) : word));
}

function canRun(words: CommandLine): boolean {
  const text = words.join(" ");
  return (
    !words.some((word) => /^[A-Z]{2,}$/.test(word)) && !needServers.some((each) => text.startsWith(each))
  );
}

/** Each command must be listed in the help of its group, and each option in the help of the command. */
async function expectKnown(words: CommandLine): Promise<void> {
  const said = `usher ${words.join(" ")}`;
  const path: string[] = [];
  let help = (await run(config, ["--help"])).out;
  for (const name of words) {
    if (name.startsWith("-") || !help.includes("\nCommands:")) break;
    expect(help, said).toMatch(new RegExp(`^  ${name}\\b`, "m"));
    path.push(name);
    help = (await run(config, [...path, "--help"])).out;
  }
  for (const option of words.filter((word) => word.startsWith("--"))) expect(help, said).toContain(option);
}

describe("commands of usher", () => {
  test("run as they are written, one after the other, with the example as configuration", async () => {
    for (const name of ["ox.pw", "cloud.pw", "files.pw"]) {
      await writeFile(join(directory, name), "secret\n", { mode: 0o600 });
    }
    const mail = shareMail({
      link: `https://cloud.example.com/ajax/share/${"0".repeat(48)}/1/8/Mzk`,
      sharer: { name: "Carla", address: "carla@example.com" },
      recipient: "alice@example.org",
      title: "Plans",
    });
    await writeFile(join(directory, "share.eml"), mail);
    await writeFile(join(directory, "rules.yaml"), example("policy"));
    const ran: string[] = [];
    for (const words of lines.map(usherWords)) {
      if (words === null || !canRun(words)) continue;
      const done = await run(config, inPlace(words));
      expect(done, `usher ${words.join(" ")}`).toMatchObject({ code: 0, err: "" });
      ran.push(words.slice(0, 2).join(" "));
      if (words[0] === "init") await useExample();
    }
    expect(ran).toEqual(
      expect.arrayContaining([
        "init",
        "check",
        "account add",
        "mailbox add",
        "sharing create",
        "policy set",
        "token add",
      ]),
    );
  });

  test("exist with their options, also those that are only mentioned", async () => {
    const mentioned = inlineCode(readme).filter((code) => code.startsWith("usher "));
    expect(mentioned.length).toBeGreaterThan(20);
    const said = new Map<string, CommandLine>();
    for (const line of [...lines, ...mentioned.flatMap(commandLines)]) {
      const words = usherWords(line);
      if (words !== null) said.set(words.join(" "), words);
    }
    for (const words of said.values()) await expectKnown(words);
  });
});

/** The YAML of the README that begins with this key. */
function example(key: string): string {
  return fences(readme, "yaml").find((text) => text.startsWith(`${key}:`)) ?? "";
}

/** What the reader is told to do after `usher init`: the example of the README, with its secrets. */
async function useExample(): Promise<void> {
  const written = await run(config, ["check"]);
  expect(written).toMatchObject({ code: 0, err: "" });
  for (const name of ["dovecot-master.pw", "smtp.pw"])
    await writeFile(join(directory, name), "x\n", { mode: 0o600 });
  await writeFile(config, example("key").replace("/var/lib/usher/usher.db", "usher.db"));
  expect(JSON.parse((await run(config, ["check", "--json"])).out)).toMatchObject({ ok: true, warnings: [] });
}

describe("other commands", () => {
  const others = lines.filter((words) => usherWords(words) === null);

  test("are scripts of the package, or programs that are known", async () => {
    const { scripts } = JSON.parse(await readProject("package.json"));
    for (const words of others) {
      const [program = "", command = "", name = ""] = words.filter((word) => !/^\w+=/.test(word));
      if (program === "npm")
        expect(["ci", "test", ...Object.keys(scripts)]).toContain(command === "run" ? name : command);
      else expect([...known, "systemd-tmpfiles"], words.join(" ")).toContain(program);
    }
  });

  test("name files that are there", () => {
    const paths = others.flat().filter((word) => /^(config|src|templates|test)\//.test(word));
    expect(paths.length).toBeGreaterThan(2);
    for (const path of paths) expect(existsSync(new URL(path, root)), path).toBe(true);
    const linked = others.flat().find((word) => word.startsWith("/opt/usher/"));
    expect(existsSync(new URL(linked?.slice("/opt/usher/".length) ?? "missing", root))).toBe(true);
  });
});
