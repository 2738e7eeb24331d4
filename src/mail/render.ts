import { Liquid, LiquidError, type Template } from "liquidjs";
import { hasControl, messageLines, withoutBidi } from "../domain/display-text.ts";
import type { InvitationFacts } from "../domain/invitation.ts";
import { limits } from "../domain/limits.ts";
import type { MailAddress } from "../domain/mail.ts";
import { TemplateError, type TemplateSource } from "./template-files.ts";

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
export function fillTemplate(template: ParsedTemplate, facts: InvitationFacts): RenderedMail {
  const values = templateValues(facts);
  return inFile(template.file, () => ({
    from: oneLine(String(textEngine.renderSync(template.from, values))),
    subject: oneLine(String(textEngine.renderSync(template.subject, values))),
    html: String(htmlEngine.renderSync(template.html, values)),
    text: String(textEngine.renderSync(template.text, values)),
  }));
}

function templateValues(facts: InvitationFacts): object {
  const link = new URL(facts.link);
  // Escaping for HTML does not stop javascript: links, and whoever created the sharing was told the same.
  if (link.protocol !== "https:") throw new Error("The link of an invitation must be https.");
  return {
    site: { name: displayText(facts.siteName, limits.nameChars) },
    sharer: person(facts.sharer),
    recipient: person(facts.recipient),
    share: { title: displayText(facts.title, limits.titleChars), link: link.href, host: link.host },
    message: { lines: [...messageLines(facts.message.slice(0, limits.messageChars))] },
  };
}

function person(who: MailAddress): object {
  return {
    name: displayText(who.name, limits.nameChars),
    address: displayText(who.address, limits.addressChars),
  };
}

/** @throws Error when the text has control characters: they were refused before they were stored. */
function displayText(text: string, maxChars: number): string {
  if (hasControl(text)) throw new Error("A text of an invitation has control characters.");
  return withoutBidi(text.slice(0, maxChars));
}

function oneLine(text: string): string {
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
