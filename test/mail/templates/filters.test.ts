import { afterAll, beforeAll, expect, test } from "vitest";
import { type CheckedTemplate, checkTemplates } from "../../../src/mail/templates/check.ts";
import { exampleOf } from "../../../src/mail/templates/examples.ts";
import { type SearchOrder, searchOrder } from "../../../src/mail/templates/folders.ts";
import { createTemplates, type Templates } from "../../../src/mail/templates/templates.ts";
import { type OwnFolder, ownFolder } from "./own-folder.ts";

const dates = {
  en: "12/24/26 December 24, 2026",
  de: "24.12.26 24. Dezember 2026",
  "de-AT": "24.12.26 24. Dezember 2026",
  fr: "24/12/2026 24 décembre 2026",
  es: "24/12/26 24 de diciembre de 2026",
};

/** What is refused, in the text of a template each. */
const refused = {
  discovery: ["{{ share.title | date }}", "takes a point in time"],
  invite: ['{{ share.expires_at | date: "%Y" }}', "takes full, long, medium, short"],
  reminder: ["{{ share.title | number }}", "takes a number"],
  revoked: ['{{ 2 | plural: one: "x" }}', "needs at least other"],
} as const;

let own: OwnFolder;
let search: SearchOrder;
let templates: Templates;
beforeAll(async () => {
  own = await ownFolder();
  search = searchOrder({ brand: null, directory: own.path });
  for (const locale of Object.keys(dates)) {
    const date = 'Day: {{ share.expires_at | date: "short" }} {{ share.expires_at | date }}';
    await own.write(`invitation/${locale}.txt`, date);
    const counted =
      '{{ count | plural: one: "mail", other: "mails" }} {{ 0 | plural: one: "a", other: "b" }}';
    await own.write(`notice-summary/${locale}.txt`, `{{ 12345.5 | number }} ${counted}`);
  }
  templates = createTemplates(search);
});
afterAll(async () => own[Symbol.asyncDispose]());

test.each(Object.entries(dates))("a date in %s", async (locale, text) => {
  const mail = await templates.render({ ...exampleOf("invitation", "Example"), locale });
  expect(mail.text).toBe(`Day: ${text}`);
});

test.each([
  ["en", /^12,345\.5 mails b$/],
  ["de", /^12\.345,5 mails b$/],
  ["fr", /^12\s345,5 mails a$/u],
])("a number and the form that goes with it in %s", async (locale, words) => {
  const { text } = await templates.render({ ...exampleOf("notice-summary", "Example"), locale });
  expect(text).toMatch(words);
});

test("what is no date, no number or no form is refused where it stands", async () => {
  for (const [name, [liquid]] of Object.entries(refused)) await own.write(`${name}/en.txt`, `text ${liquid}`);
  const wrong = (await checkTemplates(search)).filter(({ problems }) => problems.length > 0);
  const found = (name: string): CheckedTemplate | undefined =>
    wrong.find(({ template }) => template === name);
  for (const [name, [, words]] of Object.entries(refused)) {
    const message = expect.stringContaining(words);
    expect(found(name)?.problems[0]).toMatchObject({ line: 1, column: 6, message });
  }
  expect(wrong.length).toBe(4);
});
