import { simpleParser } from "mailparser";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exampleOf } from "../../../src/mail/templates/examples.ts";
import { searchOrder } from "../../../src/mail/templates/folders.ts";
import { readBrand } from "../../../src/mail/templates/brand.ts";
import { TemplateError } from "../../../src/mail/templates/problem.ts";
import { createTemplates, type Templates } from "../../../src/mail/templates/templates.ts";
import { rawOf } from "./letters.ts";
import { type OwnFolder, ownFolder } from "./own-folder.ts";

const pixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const said = exampleOf("invitation", "Example Cloud");

let own: OwnFolder;
beforeEach(async () => {
  own = await ownFolder();
});
afterEach(async () => own[Symbol.asyncDispose]());

function templates(): Templates {
  return createTemplates(searchOrder({ brand: own.path, directory: null }));
}

test("name, colours, footer and links of the brand are in every mail", async () => {
  await own.write(
    "brand.yaml",
    `name: "Harbour & Sons' \\" onload=\\"x <b>"
colors: {accent: "#123456"}
dark: {accent: "#654321"}
footer: |
  1 Harbour Road
  Exampleton
links: [{text: Help, url: "https://help.example.org/?a=1&b=2"}]
`,
  );
  const { html, text } = await templates().render({ ...said, locale: "fr" });
  for (const part of [
    "Harbour &amp; Sons&#39; &#34; onload=&#34;x &lt;b&gt;",
    "1 Harbour Road",
    "https://help.example.org/?a=1&amp;b=2",
  ]) {
    expect(html).toContain(part);
  }
  expect(html).toContain("#123456");
  expect(html).toContain("#654321");
  expect(html).not.toContain("{{");
  expect(text).toContain("Exampleton");
});

test("colours that the brand does not name are Usher's own, and so is everything where there is none", async () => {
  const usual = await readBrand(searchOrder({ brand: null, directory: null }));
  await own.write("brand.yaml", 'colors: {page: "#000001"}\n');
  const { values } = await readBrand(searchOrder({ brand: own.path, directory: null }));
  expect(values).toEqual({ ...usual.values, colors: { ...usual.values.colors, page: "#000001" } });
});

describe("the logo", () => {
  test("travels with the mail, from a file or written into it, and nothing is loaded", async () => {
    await own.write("logo.png", Buffer.from(pixel, "base64"));
    for (const image of ["logo.png", `data:image/png;base64,${pixel}`]) {
      await own.write("brand.yaml", `logo: {image: "${image}", width: 120}\n`);
      const mail = await simpleParser(await rawOf(said, "en", templates()));
      const [logo] = mail.attachments;
      expect(logo).toMatchObject({ contentType: "image/png", contentDisposition: "inline", related: true });
      expect(logo?.content.toString("base64")).toBe(pixel);
      // The parser puts parts that are named by cid: in their places.
      expect(mail.html).toContain(`src="data:image/png;base64,${pixel}"`);
      expect(mail.html).toContain('width="120"');
      // Read where pictures are not shown.
      expect(mail.html).toContain('alt="Example Cloud"');
    }
  });

  test("is in no mail whose template does not show it", async () => {
    await own.write("brand.yaml", `logo: {image: "data:image/png;base64,${pixel}"}\n`);
    await own.write("shared/brand.mjml", "<mj-section></mj-section>");
    const mail = await simpleParser(await rawOf(said, "en", templates()));
    expect(mail.attachments).toEqual([]);
  });
});

test.each([
  ["colors: {page: blue}", 1, 16, "colors.page: not a colour"],
  ["name: x\ncolours: {}", 2, 1, "Did you mean colors?"],
  ['name: "{{ site.name }}"', 1, 7, "holds a placeholder"],
  ["name: [", 1, 8, "YAML does not allow"],
  ["footer: {a: b}", 1, 9, "footer: not a text"],
  ["links: [{text: x, url: javascript:alert(1)}]", 1, 24, "https:// or mailto:"],
  ["links: [{text: x}]", 1, 9, "links[0].url: missing"],
  ["logo: {image: ../../secret.png}", null, null, "no such file"],
  ["logo: {image: brand.yaml}", null, null, "no picture"],
  ["logo: {image: logo.png, width: 9999}", 1, 32, "logo.width: not a width"],
])("%s is refused with its place and the way out", async (yaml, line, column, words) => {
  await own.write("brand.yaml", yaml);
  const fault = await readBrand(searchOrder({ brand: own.path, directory: null })).catch(
    (error: unknown) => error,
  );
  if (!(fault instanceof TemplateError)) throw new Error("It was taken.");
  expect(fault.problems[0]).toMatchObject({ line, column });
  expect(fault.message).toContain("brand.yaml");
  expect(fault.message).toContain(words);
});
