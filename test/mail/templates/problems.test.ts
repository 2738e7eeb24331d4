import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type CheckedTemplate, checkTemplates } from "../../../src/mail/templates/check.ts";
import { searchOrder } from "../../../src/mail/templates/folders.ts";
import { type OwnFolder, ownFolder, shippedText, smallMjml } from "./own-folder.ts";

async function check(folder: OwnFolder): Promise<readonly CheckedTemplate[]> {
  return checkTemplates(searchOrder({ brand: null, directory: folder.path }));
}

const body = smallMjml("words").split("\n").length - 1;

type Case = readonly [
  what: string,
  change: (mjml: string) => string,
  line: number | null,
  message: RegExp,
  remedy: RegExp,
];

const cases: readonly Case[] = [
  [
    "an element is not closed",
    (mjml) => mjml.replace("</mj-text>", ""),
    body,
    /mj-text is not closed/,
    /<\/mj-text>/,
  ],
  ["an element is not known", (mjml) => mjml.replaceAll("mj-text", "mj-txt"), body, /mj-txt/, /mjml/],
  [
    "a placeholder stands outside of elements",
    (mjml) => mjml.replace("<mj-column>", "<mj-column>{{ site.name }}"),
    body,
    /got lost/,
    /mj-raw/,
  ],
  [
    "an image is loaded",
    (mjml) => mjml.replace("words<", 'words<img src="https://example.com/a.png" /><'),
    body,
    /loaded when the mail is read/,
    /logo/,
  ],
  [
    "an image is loaded by an attribute without quotes",
    (mjml) => mjml.replace("words<", "words<img src=//example.com/a.png /><"),
    body,
    /loaded when the mail is read/,
    /logo/,
  ],
  [
    "a variable is not known",
    (mjml) => mjml.replace("words<", "{{ share.titel }}<"),
    body,
    /titel/,
    /Did you mean share.title/,
  ],
  [
    "the link is asked for",
    (mjml) => mjml.replace("words<", "{{ share.link }}<"),
    body,
    /share.link/,
    /share.title/,
  ],
  [
    "a variable of the subject is not known",
    (mjml) => mjml.replace("share.title }}", "titel }}"),
    2,
    /titel/,
    /share.title/,
  ],
  [
    "a filter is not known",
    (mjml) => mjml.replace("words<", "{{ site.name | shout }}<"),
    body,
    /shout/,
    /README/,
  ],
  [
    "escaping is switched off",
    (mjml) => mjml.replace("words<", "{{ share.title | raw }}<"),
    body,
    /undefined filter: raw/,
    /README/,
  ],
  [
    "a value stands in an attribute without quotes",
    (mjml) => mjml.replace("words<", "<b title={{ sharer.name }}>x</b><"),
    null,
    /text of people can become HTML/,
    /double quotes/,
  ],
  [
    "a loop never ends",
    (mjml) => mjml.replace("words<", "{% for a in (1..100000000) %}{{ a }}{% endfor %}<"),
    body,
    /limit/,
    /README/,
  ],
  [
    "a file is asked for",
    (mjml) => mjml.replace("words<", "{% render '/etc/passwd' %}<"),
    body,
    /passwd/,
    /README/,
  ],
  [
    "an include leads out",
    (mjml) => mjml.replace("<mj-section>", '<mj-include path="../../../etc/passwd.mjml" /><mj-section>'),
    body,
    /names no file inside/,
    /shared/,
  ],
  [
    "an include is in no folder",
    (mjml) => mjml.replace("<mj-section>", '<mj-include path="../shared/none.mjml" /><mj-section>'),
    body,
    /shared\/none.mjml is in no folder/,
    /Put the file there/,
  ],
  [
    "the subject is missing",
    (mjml) => mjml.replace("subject:", "subjekt:"),
    2,
    /front matter/,
    /"subject" and "from"/,
  ],
  ["the front matter is no YAML", (mjml) => mjml.replace('subject: "', "subject: ["), 2, /./, /./],
  ["there is no front matter", (mjml) => mjml.replaceAll("---\n", ""), null, /no front matter/, /subject/],
  ["it is huge", (mjml) => mjml + " ".repeat(300_000), null, /bytes/, /shorter/],
  [
    "a subject can get too long",
    (mjml) =>
      mjml.replace("words {{ share.title }}", "{{ share.title }} {{ share.title }} {{ share.title }}"),
    2,
    /subject has 6\d\d characters with/,
    /truncate/,
  ],
  [
    "a subject can be empty",
    (mjml) => mjml.replace("words {{ share.title }}", "{{ share.title }}"),
    2,
    /subject is empty/,
    /words/,
  ],
];

/** Each case is a language of its own, so that one check shows them all. */
const languages = cases.map((_, index) => `q${String.fromCodePoint(97 + index)}`);

describe("a mistake is shown where it was made, with the way out", () => {
  let own: OwnFolder;
  let checked: readonly CheckedTemplate[];
  beforeAll(async () => {
    own = await ownFolder();
    for (const [index, [, change]] of cases.entries()) {
      await own.write(`revoked/${languages[index]}.mjml`, change(smallMjml("words")));
      await own.write(`revoked/${languages[index]}.txt`, "words {{ share.title }}");
    }
    checked = await check(own);
  });
  afterAll(async () => own[Symbol.asyncDispose]());

  test.each(cases)("where %s", (what, _change, line, message, remedy) => {
    const locale = languages[cases.findIndex(([name]) => name === what)];
    const [problem] = checked.find((one) => one.locale === locale)?.problems ?? [];
    expect(problem?.file).toBe(`${own.path}/revoked/${locale}.mjml`);
    expect(problem?.line).toBe(line);
    expect(problem?.message).toMatch(message);
    expect(problem?.remedy).toMatch(remedy);
  });

  test("and nothing else: everything that comes with Usher bears the worst", () => {
    const wrong = checked.filter(({ problems }) => problems.length > 0);
    expect(wrong.map(({ locale }) => locale)).toEqual(languages);
  });
});

describe("a mistake is shown in the file that has it", () => {
  let own: OwnFolder;
  beforeEach(async () => {
    own = await ownFolder();
  });
  afterEach(async () => own[Symbol.asyncDispose]());

  test("in the text part, with its column", async () => {
    await own.write("revoked/en.txt", "first\n  {{ share.titel }}\n");
    const found = (await check(own)).flatMap(({ problems }) => problems);
    expect(found).toMatchObject([{ file: `${own.path}/revoked/en.txt`, line: 2, column: 6 }]);
  });

  test("in a partial, for all who include it", async () => {
    const added = "<mj-section><mj-column><mj-text>{{ nothing }}</mj-text></mj-column></mj-section>";
    await own.change("shared/footer.mjml", (mjml) => `${mjml.trimEnd()}\n\n${added}`);
    const lines = (await shippedText("shared/footer.mjml")).trimEnd().split("\n").length;
    const checked = (await check(own)).filter(({ template }) => template !== "brand");
    const found = checked.flatMap(({ problems }) => problems);
    expect(found.length).toBe(checked.length);
    const place = { file: `${own.path}/shared/footer.mjml`, line: lines + 2, column: 36 };
    for (const problem of found) expect(problem).toMatchObject(place);
  });

  test("in the order of the file", async () => {
    await own.write("revoked/en.mjml", smallMjml("words").replaceAll(/<\/mj-(?:text|column|section)>/g, ""));
    const found = (await check(own)).flatMap(({ problems }) => problems);
    expect(found.length).toBeGreaterThan(2);
    const columns = found.map(({ column }) => column ?? 0);
    expect(columns).toEqual(columns.toSorted((one, other) => one - other));
  });

  test("where partials include each other without end", async () => {
    await own.write("shared/footer.mjml", '<mj-include path="../shared/footer.mjml" />');
    const [, first] = await check(own);
    expect(first?.problems[0]?.message).toMatch(/by itself/);
  });
});
