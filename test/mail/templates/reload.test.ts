import { afterEach, beforeEach, expect, test } from "vitest";
import { exampleOf } from "../../../src/mail/templates/examples.ts";
import { searchOrder } from "../../../src/mail/templates/folders.ts";
import {
  createTemplates,
  type TemplateChange,
  type Templates,
} from "../../../src/mail/templates/templates.ts";
import { until } from "../../mailbox/store-world.ts";
import { type OwnFolder, ownFolder, smallMjml } from "./own-folder.ts";

let own: OwnFolder;
let changes: TemplateChange[];
beforeEach(async () => {
  own = await ownFolder();
  changes = [];
});
afterEach(async () => own[Symbol.asyncDispose]());

function running(): Templates {
  const search = searchOrder({ brand: null, directory: own.path });
  return createTemplates(search, { tell: (change) => changes.push(change), lookMs: 0 });
}

async function subjectOf(templates: Templates, locale = "en"): Promise<string> {
  return (await templates.render({ ...exampleOf("revoked", "Example"), locale })).subject;
}

test("a changed file is taken by itself", async () => {
  await own.write("revoked/en.mjml", smallMjml("before"));
  const templates = running();
  expect(await subjectOf(templates)).toContain("before");
  await own.write("revoked/en.mjml", smallMjml("after"));
  await until(async () => (await subjectOf(templates)).includes("after"));
  expect(changes).toMatchObject([{ kind: "taken", template: "revoked", locale: "en" }]);
});

test("a broken edit keeps the last good one, is told of once, and is taken when it is mended", async () => {
  await own.write("revoked/en.mjml", smallMjml("good"));
  const templates = running();
  expect(await subjectOf(templates)).toContain("good");
  await own.write("revoked/en.mjml", smallMjml("broken").replace("</mj-text>", ""));
  await until(async () => (await subjectOf(templates)) !== "" && changes.length > 0);
  for (let looks = 0; looks < 5; looks += 1) expect(await subjectOf(templates)).toContain("good");
  expect(changes).toMatchObject([
    {
      kind: "kept",
      locale: "en",
      file: `${own.path}/revoked/en.mjml`,
      why: expect.stringMatching(/en\.mjml:5:\d+: mj-text is not closed/),
    },
  ]);
  await own.write("revoked/en.mjml", smallMjml("mended"));
  await until(async () => (await subjectOf(templates)).includes("mended"));
});

test("a file that is broken from the start leaves its place to the folders behind, in its own language", async () => {
  await own.write("revoked/de.mjml", smallMjml("broken").replace("share.title", "share.titel"));
  const templates = running();
  expect(await subjectOf(templates, "de")).toContain("Alice");
  expect((await templates.render({ ...exampleOf("revoked", "Example"), locale: "de" })).locale).toBe("de");
  expect(changes.map(({ kind, locale }) => [kind, locale])).toEqual([["kept", "de"]]);
  await own.write("revoked/de.mjml", smallMjml("mended"));
  await until(async () => (await subjectOf(templates, "de")).includes("mended"));
});

test("a region that is nowhere else leaves its place to its language", async () => {
  await own.write("revoked/de-AT.mjml", "broken");
  const templates = running();
  expect(await subjectOf(templates, "de-AT")).toBe(await subjectOf(templates, "de"));
  await own.write("revoked/it.mjml", "broken");
  expect(await subjectOf(running(), "it")).toBe(await subjectOf(templates, "en"));
});

async function htmlIn(templates: Templates, template: "revoked" | "reminder"): Promise<string> {
  return (await templates.render({ ...exampleOf(template, "Example"), locale: "en" })).html;
}

test("a broken brand gives way alone: to the one behind at first, to the last good one later, and is told of once", async () => {
  await using brand = await ownFolder();
  await own.write("brand.yaml", "name: Harbour\n");
  await brand.write("brand.yaml", "colors: {page: blue}\n");
  await brand.write("revoked/en.mjml", smallMjml("Our words {{ brand.name }}"));
  const search = searchOrder({ brand: brand.path, directory: own.path });
  const templates = createTemplates(search, { tell: (change) => changes.push(change), lookMs: 0 });
  expect(await htmlIn(templates, "revoked")).toContain("Our words Harbour");
  expect(await htmlIn(templates, "reminder")).toContain("Harbour");
  expect(changes).toEqual([
    {
      kind: "kept",
      template: "brand",
      locale: null,
      file: `${own.path}/brand.yaml`,
      why: expect.stringContaining(`${brand.path}/brand.yaml:1:16: colors.page: not a colour.`),
    },
  ]);
  await brand.write("brand.yaml", "name: Lighthouse\n");
  await until(async () => (await htmlIn(templates, "revoked")).includes("Our words Lighthouse"));
  await brand.write("brand.yaml", "name: [\n");
  await brand.write("revoked/en.mjml", smallMjml("New words {{ brand.name }}"));
  await until(async () => (await htmlIn(templates, "revoked")).includes("New words Lighthouse"));
  const told = changes.filter(({ template }) => template === "brand").map(({ kind, file }) => [kind, file]);
  expect(told).toEqual([
    ["kept", `${own.path}/brand.yaml`],
    ["taken", `${brand.path}/brand.yaml`],
    ["kept", `${brand.path}/brand.yaml`],
  ]);
});

test("a folder in place of a file leaves its place too", async () => {
  await own.write("revoked/en.mjml/x", "");
  await own.write("brand.yaml/x", "");
  expect(await subjectOf(running())).toContain("Alice");
  expect(changes.map(({ template, why }) => [template, why])).toEqual([
    ["brand", expect.stringContaining("brand.yaml: is no file.")],
    ["revoked", expect.stringContaining("revoked/en.mjml: is no file.")],
  ]);
});

test("new files, partials and brands are taken too, and files that go away leave their place", async () => {
  const templates = running();
  const htmlOf = async (): Promise<string> =>
    (await templates.render({ ...exampleOf("revoked", "Example"), locale: "de-AT" })).html;
  await htmlOf();
  await own.write("brand.yaml", "name: Harbour\n");
  await until(async () => (await htmlOf()).includes("Harbour"));
  const partial = "<mj-section><mj-column><mj-text>Our head</mj-text></mj-column></mj-section>";
  await own.write("shared/brand.mjml", partial);
  await until(async () => (await htmlOf()).includes("Our head"));
  await own.write("revoked/de-AT.mjml", smallMjml("Servus"));
  await until(async () => (await htmlOf()).includes("Servus"));
  await own.remove("revoked/de-AT.mjml");
  await until(async () => (await htmlOf()).includes("Our head"));
});
