import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { Parser } from "htmlparser2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasControl } from "../../../src/domain/display-text.ts";
import type { InvitationFacts } from "../../../src/domain/invitation.ts";
import { localeOf } from "../../../src/domain/locale.ts";
import { TemplateError } from "../../../src/mail/templates/files.ts";
import { invitationValues } from "../../../src/mail/templates/values.ts";
import { createTemplates } from "../../../src/mail/templates/templates.ts";

const templates = createTemplates(null);
const locales = ["en", "de", "fr"];

const facts: InvitationFacts = {
  siteName: "Example Cloud",
  sharer: { name: "Alice", address: "alice@example.org" },
  recipient: { name: "Bob", address: "bob@example.net" },
  title: "Quarterly report",
  link: "https://cloud.example.org/s/0a1b2c?x=1&y=2",
  message: "first line\n\nsecond line",
  expiresAtMs: null,
  page: null,
  code: null,
};

interface Page {
  readonly tags: readonly string[];
  readonly links: readonly string[];
  readonly text: string;
}

function readHtml(html: string): Page {
  const page = { tags: [] as string[], links: [] as string[], text: "" };
  let silent = 0;
  const parser = new Parser({
    onopentag(name, attributes) {
      page.tags.push(name);
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

describe.each(locales)("the invitation in %s", (locale) => {
  it("tells phones their width and programs its letters: no comment swallows its head", async () => {
    const { html } = await templates.render("invitation", locale, invitationValues(facts));
    const named: (string | undefined)[] = [];
    const parser = new Parser({
      onopentag: (name, attributes) => {
        if (name === "meta") named.push(attributes["name"] ?? attributes["http-equiv"]);
      },
    });
    parser.end(html);
    expect(named).toEqual(expect.arrayContaining(["viewport", "Content-Type", "color-scheme"]));
    expect(readHtml(html).tags.filter((tag) => tag === "style").length).toBeGreaterThan(1);
  });

  it("says who shares what with whom, where it is, and what he wrote, in both parts", async () => {
    const mail = await templates.render("invitation", locale, invitationValues(facts));
    const page = readHtml(mail.html);
    expect(mail.subject).toContain("Quarterly report");
    expect(mail.from).toMatch(/^Alice (via|über) Example Cloud$/);
    expect(page.links).toEqual([facts.link, facts.link]);
    for (const part of [page.text, mail.text]) {
      for (const said of [
        "Alice",
        "alice@example.org",
        "Bob",
        "bob@example.net",
        "Quarterly report",
        "Example Cloud",
      ]) {
        expect(part).toContain(said);
      }
      expect(part).toContain(facts.link);
      expect(part).toContain("second line");
    }
    expect(mail.text).toContain("\n> first line\n>");
  });

  it("is in this language and leaves nothing unfilled", async () => {
    const mail = await templates.render("invitation", locale, invitationValues({ ...facts, message: "" }));
    const opening = { en: "Open the share", de: "Freigabe öffnen", fr: "Ouvrir le partage" }[locale];
    expect(mail.html).toContain(`lang="${locale}"`);
    expect(mail.html).toContain(opening);
    for (const part of [mail.html, mail.text, mail.subject, mail.from])
      expect(part).not.toMatch(/\{[{%]|[%}]\}/);
    expect(mail.text).not.toMatch(/^>/m);
    expect(mail.text).not.toContain("\n\n\n");
  });

  it("loads nothing from anywhere and runs nothing", async () => {
    const { html } = await templates.render("invitation", locale, invitationValues(facts));
    const { tags } = readHtml(html);
    expect(tags.filter((tag) => ["img", "script", "link", "iframe", "form", "object"].includes(tag))).toEqual(
      [],
    );
    const urls = html.match(/https?:\/\/[^\s"'<>)]+/g) ?? [];
    const foreign = urls.filter(
      (url) => !url.startsWith("https://cloud.example.org/") && !url.includes("w3.org"),
    );
    expect(foreign).toEqual([]);
    expect(html).not.toMatch(/@import|url\(/);
    expect(html).toContain("prefers-color-scheme: dark");
  });

  it("keeps its elements and links, whatever people write", async () => {
    const usual = readHtml(
      (await templates.render("invitation", locale, invitationValues({ ...facts, message: "x" }))).html,
    );
    const piece = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 40 }),
      fc.constantFrom(
        "</div></body>",
        "<script>",
        "{{ share.link }}",
        "{% raw %}",
        "<!--",
        "-->",
        '" onload="x',
        "&lt;",
      ),
    );
    const text = fc
      .array(piece, { maxLength: 5 })
      .map((pieces) => pieces.join(""))
      .filter((value) => !hasControl(value));
    await fc.assert(
      fc.asyncProperty(text, text, text, async (name, title, message) => {
        const said = { ...facts, title, message: `m${message}`, sharer: { ...facts.sharer, name } };
        const page = readHtml((await templates.render("invitation", locale, invitationValues(said))).html);
        expect(page.tags).toEqual(usual.tags);
        expect(page.links).toEqual(usual.links);
      }),
      { numRuns: 60 },
    );
  });
});

describe("the language", () => {
  it.each([
    ["de-AT", "de"],
    ["FR_ca", "fr"],
    ["en-US", "en"],
    ["pt-BR", "en"],
    ["", "en"],
  ])("of somebody who reads %s is %s", (tag, locale) => {
    expect(localeOf(tag)).toBe(locale);
  });
});

describe("texts that deceive", () => {
  it("lose the characters that turn writing around", async () => {
    const mail = await templates.render(
      "invitation",
      "en",
      invitationValues({ ...facts, title: "report\u202Efdp.exe" }),
    );
    expect(mail.subject).toContain("reportfdp.exe");
    expect(mail.html).not.toContain("\u202E");
  });

  it("cannot become a link that is not https", () => {
    const link = "javascript:alert(1)";
    expect(() => invitationValues({ ...facts, link })).toThrow("must be https");
  });
});

describe("templates of the operator", () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "usher-templates-"));
    await cp(new URL("../../../templates", import.meta.url), directory, { recursive: true });
  });

  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  async function renderWith(change: (mjml: string) => string): Promise<string> {
    const file = join(directory, "invitation/en.mjml");
    const before = await readFile(file, "utf8");
    await writeFile(file, change(before));
    try {
      return (await createTemplates(directory).render("invitation", "en", invitationValues(facts))).html;
    } finally {
      await writeFile(file, before);
    }
  }

  it("are used in place of Usher's own", async () => {
    expect(await renderWith((mjml) => mjml.replace("Open the share", "Have a look"))).toContain(
      "Have a look",
    );
  });

  it.each<[string, (mjml: string) => string, RegExp]>([
    ["an element is not closed", (mjml) => mjml.replace("</mj-text>", ""), /mj-text is not closed/],
    [
      "text stands outside of elements",
      (mjml) => mjml.replace("<mj-column>", "<mj-column>{{ site.name | upcase }}"),
      /got lost/,
    ],
    ["an element is not known", (mjml) => mjml.replace("<mj-divider", "<mj-dividre"), /mj-dividre/],
    [
      "an image is loaded",
      (mjml) => mjml.replace("<mj-divider", '<mj-image src="https://example.com/a.png" /><mj-divider'),
      /loaded when the mail is read/,
    ],
    ["a variable is not known", (mjml) => mjml.replace("sharer.name", "sharer.nmae"), /nmae/],
    ["a filter is not known", (mjml) => mjml.replace("sharer.name", "sharer.name | shout"), /shout/],
    [
      "a loop never ends",
      (mjml) => mjml.replace("{{ sharer.name }}", "{% for a in (1..100000000) %}{{ a }}{% endfor %}"),
      /limit/,
    ],
    [
      "a file is asked for",
      (mjml) => mjml.replace("{{ sharer.name }}", "{% render '/etc/passwd' %}"),
      /passwd/,
    ],
    [
      "an include leads out",
      (mjml) => mjml.replace("../shared/brand.mjml", "../../../../../../etc/passwd"),
      /names no file inside/,
    ],
    [
      "the front matter lacks the subject",
      (mjml) => mjml.replace("subject:", "subjekt:"),
      /"subject" and "from"/,
    ],
    ["there is no front matter", (mjml) => mjml.replaceAll("---\n", ""), /front matter/],
    ["it is huge", (mjml) => mjml + " ".repeat(300_000), /bytes/],
  ])("are refused with a reason when %s", async (_, change, reason) => {
    const fault = await renderWith(change).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(TemplateError);
    expect(String(fault)).toMatch(reason);
    expect(String(fault)).toContain("invitation/en.mjml");
  });

  it("are read again after they were repaired", async () => {
    const file = join(directory, "invitation/en.mjml");
    const before = await readFile(file, "utf8");
    const repaired = createTemplates(directory);
    await writeFile(file, "broken");
    await expect(repaired.render("invitation", "en", invitationValues(facts))).rejects.toThrow(TemplateError);
    await writeFile(file, before);
    expect((await repaired.render("invitation", "en", invitationValues(facts))).html).toContain(
      "Quarterly report",
    );
  });

  it("are not read through a link that leads out of their folder", async () => {
    const linked = await mkdtemp(join(tmpdir(), "usher-templates-"));
    await symlink(join(directory, "invitation"), join(linked, "invitation"));
    try {
      await expect(
        createTemplates(linked).render("invitation", "en", invitationValues(facts)),
      ).rejects.toThrow(/symbolic link/);
    } finally {
      await rm(linked, { recursive: true });
    }
  });
});
