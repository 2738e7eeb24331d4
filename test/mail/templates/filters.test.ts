import { afterEach, beforeEach, expect, test } from "vitest";
import { exampleOf } from "../../../src/mail/templates/examples.ts";
import { searchOrder } from "../../../src/mail/templates/folders.ts";
import { createTemplates } from "../../../src/mail/templates/templates.ts";
import { checkTemplates } from "../../../src/mail/templates/check.ts";
import { type OwnFolder, ownFolder } from "./own-folder.ts";

let own: OwnFolder;
beforeEach(async () => {
  own = await ownFolder();
});
afterEach(async () => own[Symbol.asyncDispose]());

async function textIn(
  template: "invitation" | "notice-summary",
  locale: string,
  liquid: string,
): Promise<string> {
  await own.write(`${template}/${locale}.txt`, liquid);
  await own.change(`${template}/${locale.slice(0, 2)}.mjml`, (mjml) => mjml);
  const templates = createTemplates(searchOrder({ brand: null, directory: own.path }));
  return (await templates.render({ ...exampleOf(template, "Example"), locale })).text;
}

test.each([
  ["en", "12/24/26 December 24, 2026"],
  ["de", "24.12.26 24. Dezember 2026"],
  ["de-AT", "24.12.26 24. Dezember 2026"],
  ["fr", "24/12/2026 24 décembre 2026"],
  ["es", "24/12/26 24 de diciembre de 2026"],
])("a date in %s", async (locale, dates) => {
  const liquid = '{{ share.expires_at | date: "short" }} {{ share.expires_at | date }}';
  expect(await textIn("invitation", locale, liquid)).toBe(dates);
});

test("numbers and plurals follow the language", async () => {
  const liquid =
    '{{ 12345.5 | number }} {{ count | plural: one: "mail", other: "mails" }} {{ 0 | plural: one: "a", other: "b" }}';
  expect(await textIn("notice-summary", "en", liquid)).toBe("12,345.5 mails b");
  expect(await textIn("notice-summary", "de", liquid)).toBe("12.345,5 mails b");
  expect(await textIn("notice-summary", "fr", liquid)).toMatch(/^12\s345,5 mails a$/u);
});

test.each([
  ["{{ share.title | date }}", "takes a point in time"],
  ['{{ share.expires_at | date: "%Y" }}', "takes full, long, medium, short"],
  ["{{ share.title | number }}", "takes a number"],
  ['{{ 2 | plural: one: "x" }}', "needs at least other"],
])("%s is refused", async (liquid, words) => {
  await own.write("invitation/en.txt", `text ${liquid}`);
  const checked = await checkTemplates(searchOrder({ brand: null, directory: own.path }));
  const found = checked.find(({ template, locale }) => template === "invitation" && locale === "en");
  expect(found?.problems[0]).toMatchObject({ line: 1, column: 6, message: expect.stringContaining(words) });
});
