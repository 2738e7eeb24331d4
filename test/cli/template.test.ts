import { randomBytes } from "node:crypto";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { locales } from "../../src/domain/locale.ts";
import { templateNames } from "../../src/mail/templates/files.ts";
import { type Ran, run } from "./in-process.ts";

let directory: string;
let config: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "usher-template-"));
  config = join(directory, "usher.yaml");
  await writeFile(join(directory, "key"), randomBytes(32).toString("base64"), { mode: 0o600 });
  await writeFile(config, `store: {file: ${join(directory, "usher.db")}}\nkey: {file: key}\n`);
});

afterEach(async () => rm(directory, { recursive: true, force: true }));

async function template(...args: readonly string[]): Promise<Ran> {
  return run(config, ["template", ...args]);
}

test("Usher's own templates are all good, and a preview shows the mail in the language asked for", async () => {
  const checked = await template("check");
  expect(checked).toMatchObject({ code: 0, err: "" });
  expect(checked.out.match(/good/g)).toHaveLength(templateNames.length * locales.length);
  const text = await template("preview", "invitation", "--locale", "de-AT");
  expect(text.out).toContain("Subject: Alice teilt „Plans & pictures <2026>“ mit Ihnen");
  const html = await template("preview", "invitation", "--html");
  expect(html.out).toContain("Plans &amp; pictures &lt;2026&gt;");
  expect(await template("preview", "reminder")).toMatchObject({
    code: 1,
    err: expect.stringContaining("the templates are invitation"),
  });
});

test("a template with a mistake is named with its file and the mistake", async () => {
  const own = join(directory, "templates");
  await cp(new URL("../../templates", import.meta.url), own, { recursive: true });
  const file = join(own, "invitation/fr.mjml");
  await writeFile(file, (await readFile(file, "utf8")).replace("</mj-button>", ""));
  await writeFile(config, `${await readFile(config, "utf8")}templates: {directory: ${own}}\n`);
  const checked = await template("check", "--json");
  expect(checked.code).toBe(1);
  expect(checked.err).toContain(`1 of ${templateNames.length * locales.length} templates`);
  const results: { locale: string; problem: string | null }[] = JSON.parse(checked.out);
  expect(results.slice(0, 3).map(({ locale, problem }) => [locale, problem === null])).toEqual([
    ["en", true],
    ["de", true],
    ["fr", false],
  ]);
  expect(results[2]?.problem).toMatch(/invitation\/fr\.mjml.*mj-button is not closed/s);
});
