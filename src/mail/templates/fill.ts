import { Liquid, LiquidError, type Template } from "liquidjs";
import { limits } from "../../domain/limits.ts";
import { TemplateError, type TemplateSource } from "./files.ts";
import type { TemplateValues } from "./values.ts";

/** The texts of one mail. */
export interface RenderedMail {
  /** Display name of the sender. */
  readonly from: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

/** A template that was parsed and can be filled. */
export interface ParsedTemplate {
  readonly file: string;
  readonly from: Template[];
  readonly subject: Template[];
  readonly html: Template[];
  readonly text: Template[];
}

// `templates` keeps includes in memory: with none in it a template reads no file.
const bounds = {
  strictVariables: true,
  strictFilters: true,
  ownPropertyOnly: true,
  templates: {},
  parseLimit: limits.templateHtmlChars,
  renderLimit: limits.templateRenderMs,
  memoryLimit: limits.templateMemory,
};
const htmlEngine = new Liquid({ ...bounds, outputEscape: "escape" });
const textEngine = new Liquid(bounds);

/** Parses a template. @throws TemplateError that names the file. */
export function parseTemplate(source: TemplateSource, html: string): ParsedTemplate {
  return inFile(source.file, () => ({
    file: source.file,
    from: textEngine.parse(source.from),
    subject: textEngine.parse(source.subject),
    html: htmlEngine.parse(html),
    text: textEngine.parse(source.text),
  }));
}

/** Fills a template. @throws TemplateError when the template asks for what is not there or takes too long. */
export function fillTemplate(template: ParsedTemplate, values: TemplateValues): RenderedMail {
  return inFile(template.file, () => ({
    from: inOneLine(String(textEngine.renderSync(template.from, values))),
    subject: inOneLine(String(textEngine.renderSync(template.subject, values))),
    html: String(htmlEngine.renderSync(template.html, values)),
    text: String(textEngine.renderSync(template.text, values)),
  }));
}

function inOneLine(text: string): string {
  return text.replaceAll(/[ \t\r\n]+/g, " ").trim();
}

function inFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!LiquidError.is(error)) throw error;
    throw new TemplateError(
      `${file} cannot be filled: ${error.message}. See templates/README.md for its variables.`,
      {
        cause: error,
      },
    );
  }
}
