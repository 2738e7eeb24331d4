import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exampleOf } from "../../../src/mail/templates/examples.ts";
import type { RenderedMail } from "../../../src/mail/templates/fill.ts";
import { searchOrder } from "../../../src/mail/templates/folders.ts";
import { loadOne, readOne } from "../../../src/mail/templates/load-one.ts";
import { createTemplates } from "../../../src/mail/templates/templates.ts";
import { type OwnFolder, ownFolder, smallMjml } from "./own-folder.ts";

let brand: OwnFolder;
let site: OwnFolder;
beforeEach(async () => {
  brand = await ownFolder();
  site = await ownFolder();
});
afterEach(async () => {
  await brand[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

async function revokedFor(locale: string): Promise<RenderedMail> {
  const templates = createTemplates(searchOrder({ brand: brand.path, directory: site.path }));
  return templates.render({ ...exampleOf("revoked", "Example Cloud"), locale });
}

test("a file is taken from the brand, then from the site, then from Usher", async () => {
  expect((await revokedFor("de")).subject).toContain("Alice");
  await site.write("revoked/de.mjml", smallMjml("site"));
  expect((await revokedFor("de")).subject).toContain("site");
  await brand.write("revoked/de.mjml", smallMjml("brand"));
  expect((await revokedFor("de")).subject).toContain("brand");
});

test("the language comes before the folder: a brand's English never hides the site's German", async () => {
  await brand.write("revoked/en.mjml", smallMjml("brand in English"));
  await site.write("revoked/de.mjml", smallMjml("site in German"));
  expect((await revokedFor("de-AT")).subject).toContain("site in German");
  expect((await revokedFor("pl")).subject).toContain("brand in English");
  expect((await revokedFor("fr")).locale).toBe("fr");
});

test("the full locale comes first, and takes from its language what it has not", async () => {
  await site.write("revoked/de-AT.mjml", smallMjml("Servus"));
  const mail = await revokedFor("de_at");
  expect(mail).toMatchObject({ locale: "de-AT", subject: expect.stringContaining("Servus") });
  expect(mail.text).toBe((await revokedFor("de")).text);
});

test("a language that Usher has not needs both files, and has dates of its own", async () => {
  await site.write(
    "invitation/it.mjml",
    smallMjml("Fino al {{ share.expires }}").replace("<mjml>", '<mjml lang="it">'),
  );
  const templates = createTemplates(searchOrder({ brand: null, directory: site.path }));
  const letter = { ...exampleOf("invitation", "Example Cloud"), locale: "it-CH" };
  expect((await templates.render(letter)).locale).toBe("en");
  await site.write("invitation/it.txt", "Fino al {{ share.expires }}");
  const again = createTemplates(searchOrder({ brand: null, directory: site.path }));
  expect(await again.render(letter)).toMatchObject({ locale: "it", text: "Fino al 24 dicembre 2026" });
});

test("one partial is replaced in all mails, and nothing else", async () => {
  const section = "<mj-section><mj-column><mj-text>Our own head</mj-text></mj-column></mj-section>";
  await site.write("shared/brand.mjml", section);
  const { html, subject } = await revokedFor("es");
  expect(html).toContain("Our own head");
  expect(subject).toContain("Alice");
});

test("files are not read through a link that leads out of their folder", async () => {
  const linked = await mkdtemp(join(tmpdir(), "usher-templates-"));
  try {
    await site.write("revoked/en.mjml", smallMjml("elsewhere"));
    await symlink(join(site.path, "revoked"), join(linked, "revoked"));
    const search = searchOrder({ brand: null, directory: linked });
    await expect(readOne(search, "revoked", "en")).rejects.toThrow(/symbolic link/);
  } finally {
    await rm(linked, { recursive: true });
  }
});

test("a folder that is not there is passed over", async () => {
  const search = searchOrder({ brand: join(site.path, "nowhere"), directory: null });
  expect(await loadOne(await readOne(search, "revoked", "en"))).toMatchObject({ locale: "en" });
});
