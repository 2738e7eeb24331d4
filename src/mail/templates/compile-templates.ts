/**
 * A short-lived program: compiles MJML to HTML and ends. Importing mjml costs about 100 MB of memory and 300 ms
 * (reference/feasibility.md, section 3), which the daemon must not carry. Reads a CompileRequest as JSON from standard
 * input and prints a CompileReply as JSON. Liquid placeholders pass through unchanged.
 */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { json } from "node:stream/consumers";
import { Parser } from "htmlparser2";
import mjml2html from "mjml";
import { z } from "zod";
import type { Compiled, CompileSource } from "./compile-reply.ts";

const compileRequest = z.object({
  sources: z.array(z.object({ file: z.string(), root: z.string(), mjml: z.string() })),
});

async function compile(source: CompileSource): Promise<Compiled> {
  const { html, errors } = await mjml2html(source.mjml, {
    filePath: source.file,
    includePath: source.root,
    ignoreIncludes: false,
    validationLevel: "soft",
    // None: mjml's own list would load the named fonts from another server.
    fonts: {},
    // mjml reports a refused include in a comment only.
    keepComments: true,
  });
  const problems = [
    ...errors.map((error) => error.formattedMessage),
    ...(html.match(/<!-- mj-include .*?-->/g) ?? []).map(() => includeProblem),
    ...(await unclosedElements(source.file, source.mjml)),
    ...lostPlaceholders(source.mjml, html),
    ...outsideSources(html),
  ];
  return problems.length === 0 ? { html: withoutComments(html) } : { problems };
}

const includeProblem = "An mj-include names no file inside the folder of the templates; correct its path.";

/** Comments of the author are not sent; those that Outlook reads are, with the empty ones that end them for others. */
function withoutComments(html: string): string {
  return html.replaceAll(/<!--(?!\[if|<!|>).*?-->/gs, "");
}

/** mjml drops an unclosed element with its text, and says nothing. Looks into included files too. */
async function unclosedElements(file: string, mjml: string): Promise<string[]> {
  const problems: string[] = [];
  const included: string[] = [];
  const parser = new Parser(
    {
      onopentag: (name, { path }) =>
        void (name === "mj-include" && path !== undefined && included.push(path)),
      onclosetag(name, isImplied) {
        if (isImplied && name.startsWith("mj") && !selfClosing(mjml, parser.endIndex)) {
          problems.push(`${file}: ${name} is not closed.`);
        }
      },
    },
    { xmlMode: true },
  );
  parser.end(mjml);
  for (const path of included) {
    const below = resolve(dirname(file), path);
    const text = await readFile(below, "utf8").catch(() => "");
    if (below !== file) problems.push(...(await unclosedElements(below, text)));
  }
  return problems;
}

/** The parser calls the end of `<mj-divider />` implied too. */
function selfClosing(mjml: string, endIndex: number): boolean {
  return mjml.slice(endIndex - 1, endIndex + 1) === "/>";
}

/** What stands where mjml expects none goes too: its placeholders then miss in the HTML. */
function lostPlaceholders(mjml: string, html: string): string[] {
  const wanted = new Set(mjml.match(/\{\{[^{}]*\}\}|\{%[^{}]*%\}/g));
  return [...wanted]
    .filter((placeholder) => !html.includes(placeholder))
    .map((placeholder) => `${placeholder} got lost: it stands where MJML takes no text.`);
}

/** A mail that loads something tells its sender when and where it is read. */
function outsideSources(html: string): string[] {
  const found = html.match(
    /(?:src|background|srcset)\s*=\s*["']?[^"'\s>]+|url\([^)]*\)|@import[^;]*|<link\b[^>]*>/gi,
  );
  return (found ?? []).map(
    (source) => `${source} would be loaded when the mail is read; use no outside source.`,
  );
}

async function main(): Promise<void> {
  const request = compileRequest.parse(await json(process.stdin));
  const results: Compiled[] = [];
  for (const source of request.sources) results.push(await compile(source));
  process.stdout.write(JSON.stringify({ results }));
}

await main();
