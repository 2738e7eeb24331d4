import * as fc from "fast-check";
import { simpleParser } from "mailparser";
import { describe, expect, test } from "vitest";
import { hasControl } from "../../../src/domain/display-text.ts";
import { locales } from "../../../src/domain/locale.ts";
import { type TemplateName, templateNames } from "../../../src/mail/templates/names.ts";
import { createTemplates } from "../../../src/mail/templates/templates.ts";
import { rawOf, readHtml, saying } from "./letters.ts";

const templates = createTemplates();
const texts = { name: "Alice", title: "Quarterly report", message: "first line\n\nsecond line" };
const cases = templateNames.flatMap((template) => locales.map((locale) => [template, locale] as const));

/** Where the links of an example may lead. */
const known: Readonly<Partial<Record<TemplateName, readonly string[]>>> = {
  revoked: ["https://usher.example.net/invitation/example"],
  "notice-summary": [],
};
const offered = ["https://cloud.example.org/s/example", "https://usher.example.net/invitation/example"];
const answered = ["https://usher.example.net/answer/example"];

function knownLinks(template: TemplateName): readonly string[] {
  return known[template] ?? (template.startsWith("notice-") ? answered : offered);
}

describe.each(cases)("%s in %s", (template, locale) => {
  test("says what is shared in both parts, in this language, and leaves nothing unfilled", async () => {
    const mail = await templates.render({ ...saying(template, texts), locale });
    expect(mail).toMatchObject({ template, locale });
    expect(mail.html).toContain(`lang="${locale}"`);
    for (const part of [readHtml(mail.html).text, mail.text]) expect(part).toContain("Quarterly report");
    for (const part of [mail.html, mail.text, mail.subject, mail.from]) {
      expect(part).not.toMatch(/\{[{%]|[%}]\}|undefined|null|\[object/);
    }
    expect(mail.text).not.toMatch(/\n{4}|<\w/);
  });

  test("loads nothing, runs nothing, and leads nowhere else", async () => {
    const { html, text } = await templates.render({ ...saying(template, texts), locale });
    const { tags, links } = readHtml(html);
    const names = tags.map((tag) => tag.split(" ")[0]);
    expect(names.filter((name) => /^(img|script|link|iframe|form|object)$/.test(name ?? ""))).toEqual([]);
    expect(links.filter((link) => !knownLinks(template).includes(link))).toEqual([]);
    const written = text.match(/https?:\S+/g) ?? [];
    expect(written.filter((link) => !knownLinks(template).includes(link))).toEqual([]);
    expect(html).not.toMatch(/@import|url\(/);
    expect(html).toContain("prefers-color-scheme: dark");
  });

  test("keeps its elements, header fields and recipients, whatever people write", async () => {
    const plain = { ...texts, message: "four\nlines\n\nlike those below" };
    const usual = await simpleParser(await rawOf(saying(template, plain), locale));
    const { tags, links } = readHtml(String(usual.html));
    const fields = usual.headerLines.map(({ key }) => key);
    const piece = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 30 }),
      fc.constantFrom(
        "</div></body>",
        "<script>",
        "{{ share.link }}",
        "{% raw %}",
        "<!--",
        "-->",
        '" onload="x',
        "&lt;",
        "a@example.com, b@example.com",
        "=?utf-8?q?=0D=0ABcc:_x@example.com?=",
        "\u202E\u2066",
      ),
    );
    const text = fc
      .array(piece, { minLength: 1, maxLength: 4 })
      .map((pieces) => `a${pieces.join("")}`)
      .filter((value) => !hasControl(value));
    const message = text.map((value) => `${value}\r\nBcc: x@example.com\n\nx`);
    await fc.assert(
      fc.asyncProperty(text, text, message, async (name, title, said) => {
        const raw = await rawOf(saying(template, { name, title, message: said }), locale);
        const mail = await simpleParser(raw);
        expect(mail.headerLines.map(({ key }) => key)).toEqual(fields);
        expect([mail.to, mail.cc, mail.bcc]).toEqual([usual.to, undefined, undefined]);
        const page = readHtml(String(mail.html));
        expect(page.links).toEqual(links);
        expect(page.tags).toEqual(tags);
      }),
      { numRuns: 15 },
    );
  });
});

test("phones hear of their width and programs of the letters: no comment swallows the head", async () => {
  const { html } = await templates.render({ ...saying("invitation", texts), locale: "en" });
  expect(html).toMatch(/<meta name="viewport"/);
  expect(html).toMatch(/<meta name="color-scheme"/);
  expect(readHtml(html).tags.filter((tag) => tag.startsWith("style")).length).toBeGreaterThan(1);
});

test("a message stands quoted in the text, and none where there is none", async () => {
  const { text } = await templates.render({ ...saying("invitation", texts), locale: "en" });
  expect(text).toMatch(/\n> first line\n> ?\n> second line/);
  const without = await templates.render({
    ...saying("invitation", { ...texts, message: "" }),
    locale: "en",
  });
  expect(without.text).not.toMatch(/^>/m);
});

test("texts lose the characters that turn writing around", async () => {
  const title = "report\u202Efdp.exe";
  const mail = await templates.render({ ...saying("invitation", { ...texts, title }), locale: "en" });
  expect(mail.subject).toContain("reportfdp.exe");
  expect(mail.html).not.toContain("\u202E");
});

test("a link that is not https goes into no mail", async () => {
  const said = saying("invitation", texts);
  if (said.template !== "invitation") throw new Error("not an invitation");
  const facts = { ...said.facts, link: "javascript:alert(1)" };
  await expect(templates.render({ template: "invitation", facts, locale: "en" })).rejects.toThrow(
    "must be https",
  );
});

test.each([
  ["de-AT", "de"],
  ["FR_ca", "fr"],
  ["en-US", "en"],
  ["es-419", "es"],
  ["pt-BR", "en"],
  ["../../etc", "en"],
  ["", "en"],
])("somebody who reads %j gets a mail in %s", async (tag, locale) => {
  expect(await templates.render({ ...saying("revoked", texts), locale: tag })).toMatchObject({ locale });
});
