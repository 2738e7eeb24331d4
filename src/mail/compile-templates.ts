/**
 * A short-lived program: compiles MJML to HTML and ends. Importing mjml costs about 100 MB of memory and 300 ms
 * (reference/feasibility.md, section 3), which the daemon must not carry. Reads a CompileRequest as JSON from standard
 * input and prints a CompileReply as JSON. Liquid placeholders pass through unchanged.
 */
import { json } from "node:stream/consumers";
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
    keepComments: false,
  });
  const problems = [
    ...errors.map((error) => error.formattedMessage),
    ...lostPlaceholders(source.mjml, html),
    ...outsideSources(html),
  ];
  return problems.length === 0 ? { html } : { problems };
}

/** mjml drops the text of an unclosed element without a word; its placeholders then miss in the HTML. */
function lostPlaceholders(mjml: string, html: string): string[] {
  const wanted = new Set(mjml.match(/\{\{[^{}]*\}\}|\{%[^{}]*%\}/g));
  return [...wanted]
    .filter((placeholder) => !html.includes(placeholder))
    .map((placeholder) => `${placeholder} got lost: an element around it is not closed or not known.`);
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
