import { readFile } from "node:fs/promises";
import { Parser } from "htmlparser2";
import { beforeAll, describe, expect, test } from "vitest";
import { type Locale, locales } from "../../../src/domain/locale.ts";
import type { RenderedMail } from "../../../src/mail/templates/fill.ts";
import { type TemplateName, templateNames } from "../../../src/mail/templates/names.ts";
import { createTemplates } from "../../../src/mail/templates/templates.ts";
import type { Said } from "../../../src/mail/templates/values.ts";
import { languagesOf, wrongSigns } from "./languages.ts";
import {
  allSaidIn,
  code,
  inviteString,
  manyFailures,
  manyShares,
  offered,
  offers,
  saidIn,
  shareNotices,
  sharer,
  title,
  told,
} from "./shipped-letters.ts";

const templates = createTemplates();
const every = templateNames.flatMap((name) => locales.map((locale) => [name, locale] as const));

async function render(said: Said, locale: string): Promise<RenderedMail> {
  return templates.render({ ...said, locale });
}

interface Read {
  /** What is seen, in one line. */
  readonly seen: string;
  readonly links: readonly { readonly href: string; readonly text: string }[];
  readonly tags: readonly string[];
  readonly html: Readonly<Record<string, string>>;
  readonly title: string;
}

function read(html: string): Read {
  const links: { href: string; text: string }[] = [];
  const tags: string[] = [];
  const page = { seen: "", title: "", html: {} };
  let within = "";
  const parser = new Parser({
    onopentag(name, attributes) {
      tags.push(name);
      if (name === "html") page.html = attributes;
      if (name === "a") links.push({ href: attributes["href"] ?? "", text: "" });
      if (/^(style|title|a)$/.test(name)) within = name;
      if (/^(div|td|h1|br|p)$/.test(name)) page.seen += " ";
    },
    ontext(text) {
      if (within === "title") page.title += text;
      else if (within !== "style") page.seen += text;
      const link = links.at(-1);
      if (within === "a" && link !== undefined) link.text += text;
    },
    onclosetag: (name) => void (name === within && (within = "")),
  });
  parser.end(html);
  return { ...page, seen: page.seen.replaceAll(/[^\S\u00A0]+/g, " ").trim(), links, tags };
}

beforeAll(async () => {
  await Promise.all(templateNames.map(async (name) => render(saidIn(name), "en")));
});

describe.each(offers)("the %s", (template) => {
  test.each(locales)("says in %s who shares what, where the link leads and until when", async (locale) => {
    const { subject, from, html, text } = await render(saidIn(template), locale);
    const until = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" });
    expect(from).toMatch(/^Alice .+ Zyx$/);
    expect(subject).toContain("Alice");
    expect(subject).toContain(title);
    const facts = ["Alice", sharer.address, title, "cloud.example.org", until.format(Date.UTC(2026, 11, 24))];
    for (const part of [read(html).seen, text.replaceAll("\n", " ")]) {
      for (const fact of [...facts, "Bob", "Xyzzy"]) expect(part).toContain(fact);
    }
  });

  test.each(locales)("gives in %s the link, and the way to decline, each alone on a line", async (locale) => {
    const said = saidIn(template);
    const { html, text } = await render(said, locale);
    const lines = text.split("\n");
    expect(lines).toEqual(expect.arrayContaining([offered.link, offered.page]));
    if (template === "invite") expect(lines).toEqual(expect.arrayContaining([code, inviteString]));
    const { links } = read(html);
    expect(links.map(({ href }) => href)).toEqual([offered.link, offered.link, offered.page]);
    expect(links[1]?.text).toBe(offered.link);
  });

  test.each(locales)(
    "says in %s that it can be ignored where there is no page to decline on",
    async (locale) => {
      const bare = { ...offered, page: null };
      const { text, html } = await render({ template, facts: bare }, locale);
      const ignore = { en: "ignore", de: "ignorieren", fr: "ignorer", es: "ignorar" }[locale];
      expect(text).toContain(ignore);
      expect(read(html).seen).toContain(ignore);
      expect(text).not.toContain("usher.example.net");
    },
  );
});

describe("a mail to somebody whose name nobody knows", () => {
  test.each([
    ["en", "Hello,"],
    ["de", "Guten Tag,"],
    ["fr", "Bonjour,"],
    ["es", "Hola:"],
  ])(
    "greets in %s without one, and names a sharer without a name by his address",
    async (locale, greeting) => {
      const facts = {
        ...offered,
        sharer: { ...sharer, name: "" },
        recipient: { name: "", address: "bob@example.net" },
      };
      const { text, subject } = await render({ template: "invitation", facts }, locale);
      expect(text.startsWith(`${greeting}\n\nalice@example.org `)).toBe(true);
      expect(subject).toMatch(/^alice@example\.org /);
      expect(text).not.toContain("()");
    },
  );
});

test.each(locales)(
  "what was taken back is no link any more in %s; his page is, where he can ask for no more",
  async (locale) => {
    const said = saidIn("revoked");
    if (said.template !== "revoked") throw new Error();
    for (const page of [offered.page, null]) {
      const { subject, text, html } = await render({ ...said, facts: { ...said.facts, page } }, locale);
      for (const part of [subject, text, read(html).seen]) expect(part).toContain(title);
      expect(text).toContain(sharer.address);
      const links = page === null ? [] : [page];
      expect(read(html).links.map(({ href }) => href)).toEqual(links);
      expect(text.split("\n").filter((line) => line.includes("://"))).toEqual(links);
    }
  },
);

describe.each(shareNotices)("the %s", (template) => {
  test.each(locales)("says in %s who shares what and where, in both forms of its name", async (locale) => {
    const { subject, html, text } = await render(saidIn(template), locale);
    expect(subject).toContain(title);
    for (const part of [read(html).seen, text]) {
      for (const fact of ["Alice", sharer.address, title, "xn--exmple-cua.org", "exämple.org"]) {
        expect(part).toContain(fact);
      }
    }
    const page = told.ways.page ?? "";
    if (template !== "notice-answered") expect(text.split("\n")).toContain(page);
    const expected = template === "notice-answered" ? [] : [page, page];
    expect(read(html).links.map(({ href }) => href)).toEqual(expected);
  });
});

describe("how many there are", () => {
  const summary: Readonly<Record<Locale, readonly [one: string, many: string]>> = {
    en: ["1 more share waits for your answer", "1,200 more shares wait for your answer"],
    de: ["Noch 1 Freigabe wartet auf Ihre Antwort", "Noch 1.200 Freigaben warten auf Ihre Antwort"],
    fr: ["1 autre partage attend votre réponse", "1\u202F200 autres partages attendent votre réponse"],
    es: ["1 contenido más espera su respuesta", "1200 contenidos más esperan su respuesta"],
  };
  const undelivered: Readonly<Record<Locale, readonly [one: string, many: string]>> = {
    en: ["“Quux 7”: 1 invitation did not arrive", "“Quux 7”: 1,200 invitations did not arrive"],
    de: ["„Quux 7“: 1 Einladung kam nicht an", "„Quux 7“: 1.200 Einladungen kamen nicht an"],
    fr: [
      "«\u00A0Quux 7\u00A0»\u00A0: 1 invitation n’est pas arrivée",
      "«\u00A0Quux 7\u00A0»\u00A0: 1\u202F200 invitations ne sont pas arrivées",
    ],
    es: ["«Quux 7»: 1 invitación no ha llegado", "«Quux 7»: 1200 invitaciones no han llegado"],
  };

  test.each(locales)("is written in %s as people write it", async (locale) => {
    const shared = saidIn("notice-summary");
    const failed = saidIn("notice-undelivered");
    if (shared.template !== "notice-summary" || failed.template !== "notice-undelivered") throw new Error();
    for (const [at, count] of [1, 1200].entries()) {
      const shares = { ...shared, facts: { ...shared.facts, shares: manyShares(count) } };
      const failures = { ...failed, facts: { ...failed.facts, failures: manyFailures(count) } };
      expect((await render(shares, locale)).subject).toBe(summary[locale][at]);
      expect((await render(failures, locale)).subject).toBe(undelivered[locale][at]);
    }
  });
});

test.each(locales)("a sharer is told in %s whom his mail did not reach, and why", async (locale) => {
  const { html, text } = await render(saidIn("notice-undelivered"), locale);
  for (const part of [read(html).seen, text]) {
    for (const fact of ["bob0@example.net", "bob1@example.net", "5.1.1", title]) expect(part).toContain(fact);
  }
});

describe.each(every)("the %s in %s", (template, locale) => {
  test("is in this language alone", async () => {
    for (const said of allSaidIn(template)) {
      const { subject, html, text } = await render(said, locale);
      const parts = [read(html).seen, text];
      for (const part of parts) expect(languagesOf(part)).toEqual([locale]);
      expect([[], [locale]]).toContainEqual(languagesOf(subject));
    }
  });

  test("has the signs of this language", async () => {
    for (const said of allSaidIn(template)) {
      const { subject, html, text } = await render(said, locale);
      for (const part of [subject, read(html).seen, text]) {
        const written = part.replaceAll(/https:\S+/g, "");
        expect(written).not.toMatch(/["']|\.\.\.|\{[{%]|[%}]\}|undefined|\[object/);
        expect(written).not.toMatch(wrongSigns[locale]);
      }
    }
  });

  test("has a text part of plain lines", async () => {
    for (const said of allSaidIn(template)) {
      const { text } = await render(said, locale);
      expect(text).not.toMatch(/\n\n\n|\t|\r/);
      expect(text).not.toMatch(/^(?!-- $|> ?$).* $/m);
      expect(text.split("\n-- \n")).toHaveLength(2);
      for (const line of text.split("\n")) if (line.includes("://")) expect(line).toMatch(/^\S+$/);
    }
  });

  test("can be read aloud: language, direction, one heading, links that say where they lead", async () => {
    const { subject, html } = await render(saidIn(template), locale);
    const page = read(html);
    expect(page.html).toMatchObject({ lang: locale, dir: "ltr" });
    expect(page.title).not.toBe("");
    expect(subject).not.toBe("");
    expect(page.tags.filter((tag) => /^h\d$/.test(tag))).toEqual(["h1"]);
    expect(page.tags).not.toContain("img");
    for (const { text } of page.links) expect(text.trim().length).toBeGreaterThan(7);
    for (const table of html.match(/<table\b[^>]*>/g) ?? []) expect(table).toContain('role="presentation"');
  });
});

/** Values, tags and partials, without the words between them. */
async function saidBy(name: TemplateName, locale: Locale, type: string): Promise<readonly string[]> {
  const file = new URL(`../../../templates/${name}/${locale}.${type}`, import.meta.url);
  const found = (await readFile(file, "utf8")).match(/\{\{[^}]*\}\}|\{%[^%]*%\}|<mj-include[^>]*>/g) ?? [];
  const plain = found.map((part) =>
    part.replace(/ \|.*\}\}/s, " }}").replace(`/shared/${locale}/`, "/shared/…/"),
  );
  return [...new Set(plain)].toSorted();
}

test.each(templateNames)("the %s tells the same in every language", async (name) => {
  for (const type of ["mjml", "txt"]) {
    const english = await saidBy(name, "en", type);
    for (const locale of locales) expect(await saidBy(name, locale, type), locale).toEqual(english);
  }
});
