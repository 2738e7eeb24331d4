/**
 * A short-lived program: compiles MJML to HTML and ends. Importing mjml costs about 100 MB of memory and 300 ms
 * (reference/feasibility.md, section 3), which the daemon must not carry. Reads a CompileRequest as JSON from standard
 * input and prints a CompileReply as JSON. Liquid placeholders pass through unchanged. Reads no file.
 */
import { json } from "node:stream/consumers";
import { Parser } from "htmlparser2";
import mjml2html from "mjml";
import { z } from "zod";
import type { Compiled, CompileProblem } from "./compile-reply.ts";

const compileRequest = z.object({ sources: z.array(z.string()) });

async function compile(mjml: string): Promise<Compiled> {
  const { html, errors } = await mjml2html(mjml, {
    ignoreIncludes: true,
    validationLevel: "soft",
    // None: mjml's own list would load the named fonts from another server.
    fonts: {},
    keepComments: true,
  });
  const misplaced = [...errors.map((error) => elementProblem(mjml, error)), ...unclosedElements(mjml)];
  const problems = [
    ...misplaced,
    // Whatever stood in such an element is lost with it.
    ...(misplaced.length === 0 ? lostPlaceholders(mjml, html) : []),
    ...outsideSources(mjml, html),
  ];
  if (problems.length === 0) return { html: withoutComments(html) };
  return { problems: problems.toSorted((one, other) => (one.offset ?? 0) - (other.offset ?? 0)) };
}

/** mjml tells the line only. */
function elementProblem(
  mjml: string,
  { line, tagName, message }: { line: number; tagName: string; message: string },
): CompileProblem {
  const before = mjml
    .split("\n")
    .slice(0, line - 1)
    .join("\n").length;
  const offset = mjml.indexOf(`<${tagName}`, before);
  const remedy = "documentation.mjml.io lists the elements and their attributes.";
  return { offset: offset === -1 ? before + 1 : offset, message: `${message}.`, remedy };
}

/** Comments of the author are not sent; those that Outlook reads are, with the empty ones that end them for others. */
function withoutComments(html: string): string {
  return html.replaceAll(/<!--(?!\[if|<!|>).*?-->/gs, "");
}

/** mjml drops an unclosed element with its text, and says nothing. */
function unclosedElements(mjml: string): CompileProblem[] {
  const problems: CompileProblem[] = [];
  const open: number[] = [];
  const parser = new Parser(
    {
      onopentagname: () => void open.push(parser.startIndex),
      onclosetag(name, isImplied) {
        const offset = open.pop() ?? null;
        if (!isImplied || !name.startsWith("mj") || isSelfClosing(mjml, parser.endIndex)) return;
        problems.push({
          offset,
          message: `${name} is not closed.`,
          remedy: `Write </${name}> behind its content.`,
        });
      },
    },
    { xmlMode: true },
  );
  parser.end(mjml);
  return problems;
}

/** The parser calls the end of `<mj-divider />` implied too. */
function isSelfClosing(mjml: string, endIndex: number): boolean {
  return mjml.slice(endIndex - 1, endIndex + 1) === "/>";
}

/** What stands where mjml expects none goes too: its placeholders then miss in the HTML. */
function lostPlaceholders(mjml: string, html: string): CompileProblem[] {
  const wanted = new Set(mjml.match(/\{\{[^{}]*\}\}|\{%[^{}]*%\}/g));
  return [...wanted]
    .filter((placeholder) => !html.includes(placeholder))
    .map((placeholder) => ({
      offset: mjml.indexOf(placeholder),
      message: `${placeholder} got lost: it stands where MJML takes no text.`,
      remedy: "Put it into mj-text, or whole sections into mj-raw.",
    }));
}

/** A mail that loads something tells its sender when and where it is read. Pictures that travel with it are no such thing. */
function outsideSources(mjml: string, html: string): CompileProblem[] {
  const found = html.match(
    /(?:src|background|srcset)\s*=\s*(?:"(?!"|cid:)[^"\s>]*|'(?!'|cid:)[^'\s>]*|(?!["']|cid:)[^"'\s>]+)|url\([^)]*\)|@import[^;]*|<link\b[^>]*>/gi,
  );
  return [...new Set(found)].map((source) => {
    const named = source.replace(/^\w+\s*=\s*["']?/, "");
    const offset = mjml.indexOf(named);
    return {
      offset: offset === -1 ? null : offset,
      message: `${source} would be loaded when the mail is read.`,
      remedy: "Remove it; a picture that travels with the mail is the logo of brand.yaml.",
    };
  });
}

async function main(): Promise<void> {
  const request = compileRequest.parse(await json(process.stdin));
  const results: Compiled[] = [];
  for (const source of request.sources) results.push(await compile(source));
  process.stdout.write(JSON.stringify({ results }));
}

await main();
