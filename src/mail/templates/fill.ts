import { Liquid, LiquidError, type Template } from "liquidjs";
import { limits } from "../../domain/limits.ts";
import type { Brand, InlineImage } from "./brand.ts";
import { escapeHtml } from "./escape-html.ts";
import { registerFilters } from "./liquid-filters.ts";
import { liquidProblem } from "./liquid-problem.ts";
import type { TemplateName } from "./names.ts";
import type { Piece } from "./pieces.ts";
import { TemplateError } from "./problem.ts";
import { quicken } from "./quicken.ts";
import type { TemplateSource } from "./source.ts";
import type { TemplateValues } from "./value-schema.ts";

/** The texts of one mail. */
export interface RenderedMail {
  readonly template: TemplateName;
  /** Of the template's files. */
  readonly locale: string;
  /** Display name of the sender. */
  readonly from: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  /** Pictures that the HTML names by `cid:`. */
  readonly images: readonly InlineImage[];
}

/** A template that was parsed and can be filled. */
export interface ParsedTemplate {
  readonly name: TemplateName;
  readonly locale: string;
  readonly brand: Brand;
  /** Of the `.mjml`. */
  readonly file: string;
  readonly parts: Readonly<Record<"from" | "subject" | "html" | "text", Part>>;
  readonly images: readonly InlineImage[];
}

interface Part {
  readonly engine: Liquid;
  readonly templates: Template[];
  /** As written. */
  readonly pieces: readonly Piece[];
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
const htmlEngine = new Liquid({ ...bounds, outputEscape: (value) => escapeHtml(plainText(value)) });
const textEngine = new Liquid(bounds);
registerFilters(htmlEngine);
registerFilters(textEngine);

/** Parses a template with its compiled HTML. @throws TemplateError that says where the mistake is. */
export function parseTemplate(source: TemplateSource, html: string): ParsedTemplate {
  const { name, locale, brand, file, from, subject, text, mjml } = source;
  return {
    name,
    locale,
    brand,
    file,
    parts: {
      from: parsePart(name, textEngine, from.text, [from]),
      subject: parsePart(name, textEngine, subject.text, [subject]),
      html: parsePart(name, htmlEngine, html, mjml),
      text: parsePart(name, textEngine, text.text, [text]),
    },
    images: brand.logo !== null && html.includes(`cid:${brand.logo.contentId}`) ? [brand.logo] : [],
  };
}

function parsePart(name: TemplateName, engine: Liquid, written: string, pieces: readonly Piece[]): Part {
  return saying(name, pieces, () => {
    const templates = engine.parse(written);
    quicken(templates, engine === htmlEngine ? escapeHtml : (text) => text);
    return { engine, templates, pieces };
  });
}

/** Fills a template. @throws TemplateError when the template asks for what is not there or takes too long. */
export function fillTemplate(template: ParsedTemplate, values: TemplateValues): RenderedMail {
  const { name, locale, parts, images } = template;
  return {
    template: name,
    locale,
    images,
    from: inOneLine(fillPart(name, parts.from, values)),
    subject: inOneLine(fillPart(name, parts.subject, values)),
    html: fillPart(name, parts.html, values),
    text: fillPart(name, parts.text, values),
  };
}

function fillPart(name: TemplateName, { engine, templates, pieces }: Part, values: TemplateValues): string {
  return saying(name, pieces, () => String(engine.renderSync(templates, values)));
}

function inOneLine(text: string): string {
  return text.replaceAll(/[ \t\r\n]+/g, " ").trim();
}

/** What Liquid prints for what is no text. */
function plainText(value: unknown): string {
  if (Array.isArray(value)) return value.map(plainText).join("");
  return ["string", "number", "boolean"].includes(typeof value) ? String(value) : "";
}

function saying<T>(name: TemplateName, pieces: readonly Piece[], work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!LiquidError.is(error)) throw error;
    throw TemplateError.of([liquidProblem(name, error, pieces)]);
  }
}
