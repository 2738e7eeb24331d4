import * as fc from "fast-check";
import { Parser } from "htmlparser2";
import { simpleParser } from "mailparser";
import { describe, expect, test } from "vitest";
import { locales } from "../../../src/domain/locale.ts";
import type { NoticeLetter } from "../../../src/domain/notice.ts";
import { parseMail } from "../../../src/mail/parse.ts";
import { createNoticeWriter } from "../../../src/mail/notice-writer.ts";
import { createTemplates } from "../../../src/mail/templates/templates.ts";
import { mailReaders } from "../../../src/protocols/mail-readers.ts";
import { inspectMail } from "../../../src/receiving/inspect.ts";
import { answerPage as page, letterOf, noticeTemplates, share } from "../notice-letters.ts";

const templates = createTemplates();
const write = createNoticeWriter(() => templates);
const cases = noticeTemplates.flatMap((template) => locales.map((locale) => [template, locale] as const));

async function rawOf(letter: NoticeLetter): Promise<Buffer> {
  const written = await write(letter);
  if (written.kind !== "written") throw new Error(written.why);
  return written.raw;
}

interface Shape {
  readonly tags: readonly string[];
  readonly links: readonly string[];
}

function shapeOf(html: string): Shape {
  const shape = { tags: [] as string[], links: [] as string[] };
  const parser = new Parser({
    onopentag(name, attributes) {
      shape.tags.push(name);
      if (attributes["href"] !== undefined) shape.links.push(attributes["href"]);
    },
  });
  parser.end(html);
  return shape;
}

async function partsOf(letter: NoticeLetter) {
  const mail = await simpleParser(await rawOf(letter));
  return { subject: mail.subject ?? "", html: String(mail.html), text: mail.text ?? "", mail };
}

describe.each(cases)("%s in %s", (template, locale) => {
  test("says who shares what and where, in both parts, and leaves nothing unfilled", async () => {
    const { html, text } = await partsOf(letterOf(template, locale));
    expect(html).toContain(`lang="${locale}"`);
    for (const part of [html, text]) {
      for (const said of ["Alice", "Quarterly report", "xn--exmple-cua.org", "Example Cloud"])
        expect(part).toContain(said);
      expect(part).not.toMatch(/\{[{%]|[%}]\}|undefined|null|\[object/);
    }
    expect(text).not.toMatch(/\n{4}|<\w/);
  });

  test("loads nothing, runs nothing, and links to nothing but the answer page", async () => {
    const { html, text } = await partsOf(letterOf(template, locale));
    const { tags, links } = shapeOf(html);
    expect(tags.filter((tag) => /^(img|script|link|iframe|form|object)$/.test(tag))).toEqual([]);
    expect(links.filter((link) => link !== page)).toEqual([]);
    expect(text.match(/https?:\S+/g)?.filter((link) => link !== page) ?? []).toEqual([]);
    expect(html).not.toMatch(/@import|url\(/);
  });

  test("keeps its elements, links and header fields, whatever strangers write", async () => {
    const reason = "some-reason";
    const usual = await partsOf(letterOf(template, locale, share, { reason }));
    const usualShape = shapeOf(usual.html);
    const hostile = fc.array(
      fc.oneof(
        fc.string({ unit: "binary", maxLength: 30 }),
        fc.constantFrom(
          "\r\nBcc: x@example.com",
          "</div>",
          "<script>",
          "{{ answer.page }}",
          "{% raw %}",
          "-->",
        ),
      ),
      { minLength: 1, maxLength: 4 },
    );
    const text = hostile.map((pieces) => `a${pieces.join("")}`);
    await fc.assert(
      fc.asyncProperty(text, text, text, async (name, title, detail) => {
        const said = { ...share, title, sharer: { name, address: `${name}@example.com` } };
        const { html, mail } = await partsOf(letterOf(template, locale, said, { reason, detail }));
        expect(shapeOf(html)).toEqual(usualShape);
        expect([...mail.headers.keys()]).toEqual([...usual.mail.headers.keys()]);
        expect(mail.to).toEqual(usual.mail.to);
      }),
      { numRuns: 25 },
    );
  });

  test("is no share mail for whoever reads it, even where its title is a share link", async () => {
    const title =
      "https://cloud-a.example/ajax/share/0e8bc1640c82ee5ee8bc163c82ee4187b3288c7d4ac636db/1/8/Mzk";
    const view = await parseMail(await rawOf(letterOf(template, locale, { ...share, title })));
    const inspection = inspectMail(view, mailReaders, {
      trustedAuthservIds: [],
      forAddresses: ["bob@example.net"],
    });
    expect(inspection).toMatchObject({ verdict: "none", because: "usher-notice", notification: null });
  });
});

describe("a notice of a held share", () => {
  test("shows both forms of a deceptive host, and that nobody checked the sender", async () => {
    const { text } = await partsOf(letterOf("notice-held", "en"));
    expect(text).toContain("xn--exmple-cua.org (written");
    expect(text).toContain("exämple.org");
    expect(text).toContain("! Nobody could verify the sender");
    expect(text).not.toMatch(/^\+/m);
  });

  test("says what is shared where nothing has a name, and who shares by his address", async () => {
    const said = {
      ...share,
      title: null,
      module: "calendar",
      sharer: { name: "", address: "a@example.com" },
    };
    expect((await partsOf(letterOf("notice-held", "de", said))).subject).toBe(
      "Bitte antworten Sie: a@example.com teilt einen Kalender mit Ihnen",
    );
  });

  test("answers no Message-ID that could break the header", async () => {
    const letter = { ...letterOf("notice-held", "en"), inReplyTo: "<a@b>\r\nBcc: x@example.com" };
    const { mail } = await partsOf(letter);
    expect([mail.inReplyTo, mail.bcc]).toEqual([undefined, undefined]);
  });
});

test("a notice of an answer that changed nothing says why and asks for nothing", async () => {
  const ways = { page: null, folder: null, untilMs: null };
  const more = { isUnchanged: true, state: "followed", reason: null, detail: "It is followed.", ways };
  const { subject, text } = await partsOf(letterOf("notice-failed", "en", share, more));
  expect(subject).toContain("changed nothing");
  expect(text).toContain("> It is followed.");
  expect(text).not.toContain("ask the administrator");
});
