import { Parser } from "htmlparser2";
import { writeExample } from "../../../src/cli/template-example.ts";
import { exampleOf } from "../../../src/mail/templates/examples.ts";
import type { TemplateName } from "../../../src/mail/templates/names.ts";
import { createTemplates, type Templates } from "../../../src/mail/templates/templates.ts";
import { isOfShare, type Said } from "../../../src/mail/templates/values.ts";

const shipped = createTemplates();

/** The whole mail as the daemon writes it. */
export async function rawOf(said: Said, locale: string, templates: Templates = shipped): Promise<Buffer> {
  const from = { name: "Example Cloud", address: "share@example.org" };
  return writeExample(templates, said, { smtp: { from, dkim: null }, locale });
}

export interface Texts {
  readonly name: string;
  readonly title: string;
  readonly message: string;
}

/** An example in which people wrote other texts. */
export function saying(template: TemplateName, { name, title, message }: Texts): Said {
  const said = exampleOf(template, "Example Cloud");
  if (isOfShare(said)) {
    const share = { ...said.facts.share, title, sharer: { ...said.facts.share.sharer, name } };
    return { ...said, facts: { ...said.facts, share, detail: message } };
  }
  if (said.template === "notice-summary") {
    const shares = said.facts.shares.map((share) => ({ ...share, title, sharer: { ...share.sharer, name } }));
    return { ...said, facts: { ...said.facts, shares } };
  }
  if (said.template === "notice-undelivered") return { ...said, facts: { ...said.facts, title } };
  const sharer = { ...said.facts.sharer, name };
  return { ...said, facts: { ...said.facts, sharer, title, message } };
}

/** Elements, where they lead, and what is read. */
export interface Page {
  readonly tags: readonly string[];
  readonly links: readonly string[];
  readonly text: string;
}

export function readHtml(html: string): Page {
  const page = { tags: new Array<string>(), links: new Array<string>(), text: "" };
  let silent = 0;
  const parser = new Parser({
    onopentag(name, attributes) {
      page.tags.push(`${name} ${Object.keys(attributes).join(" ")}`.trim());
      if (attributes["href"] !== undefined) page.links.push(attributes["href"]);
      if (name === "style" || name === "title") silent += 1;
    },
    ontext: (text) => (page.text += silent > 0 ? "" : text),
    onclosetag(name) {
      if (name === "style" || name === "title") silent -= 1;
    },
  });
  parser.end(html);
  return page;
}
