import { describe, expect, test } from "vitest";
import { exampleOf } from "../../../src/mail/templates/examples.ts";
import { readBrand } from "../../../src/mail/templates/brand.ts";
import { brandFile } from "../../../src/mail/templates/brand-file.ts";
import { shippedFolder } from "../../../src/mail/templates/folders.ts";
import { templateNames } from "../../../src/mail/templates/names.ts";
import { valueSchemas } from "../../../src/mail/templates/value-schema.ts";
import { valuesOf } from "../../../src/mail/templates/values.ts";
import { worstCases } from "../../../src/mail/templates/worst-cases.ts";
import { inlineCode, readProject, section, table } from "../../docs/markdown.ts";
import { type Variable, variablesOf } from "./variables.ts";

const readme = await readProject("templates/README.md");
const always = /^(locale|site|brand|recipient)(\.|\[|$)/;
const headings = {
  invitation: "### In `invitation`, `discovery`, `invite` and `reminder`",
  discovery: "### In `invitation`, `discovery`, `invite` and `reminder`",
  invite: "### In `invitation`, `discovery`, `invite` and `reminder`",
  reminder: "### In `invitation`, `discovery`, `invite` and `reminder`",
  revoked: "### In `revoked`",
  "notice-held": "### In `notice-held`, `notice-answered` and `notice-failed`",
  "notice-answered": "### In `notice-held`, `notice-answered` and `notice-failed`",
  "notice-failed": "### In `notice-held`, `notice-answered` and `notice-failed`",
  "notice-summary": "### In `notice-summary`",
  "notice-undelivered": "### In `notice-undelivered`",
} as const;

function documented(heading: string): readonly Variable[] {
  return table(section(readme, heading), "variable").map(([name = "", type = "", example = ""]) => ({
    name: inlineCode(name)[0] ?? "",
    type,
    example: inlineCode(example)[0] ?? example,
  }));
}

/** Examples differ between the templates of one table; types do not. */
function withoutExample({ name, type }: Variable): object {
  return { name, type };
}

describe.each(templateNames)("%s", (name) => {
  test("has the variables that the guide tells, with these types, and no other", async () => {
    const told = [...documented("### In all templates"), ...documented(headings[name])];
    const given = await variablesOf(name);
    expect(told.map(withoutExample).toSorted(byName)).toEqual(given.map(withoutExample).toSorted(byName));
  });

  test("is given what its schema says, whatever the letter says", async () => {
    const { values } = await readBrand([shippedFolder]);
    for (const { said } of worstCases(name, "Example")) {
      valueSchemas[name].parse(valuesOf(said, "de", values));
    }
    valueSchemas[name].parse(valuesOf(exampleOf(name, "Example"), "es", values));
  });
});

function byName(one: object, other: object): number {
  return JSON.stringify(one).localeCompare(JSON.stringify(other));
}

test.each(["invite", "revoked", "notice-held", "notice-summary", "notice-undelivered"] as const)(
  "the examples of the table with %s are those that it is shown with",
  async (name) => {
    const given = await variablesOf(name);
    expect(documented(headings[name])).toEqual(given.filter((variable) => !always.test(variable.name)));
    expect(documented("### In all templates")).toEqual(
      (await variablesOf("revoked")).filter(({ name: path }) => always.test(path)),
    );
  },
);

test("the guide names every template and every key of brand.yaml", () => {
  expect(table(readme, "template").flatMap(([cell = ""]) => inlineCode(cell))).toEqual([...templateNames]);
  const keys = table(section(readme, "## `brand.yaml`"), "key").flatMap(([cell = ""]) => inlineCode(cell));
  const written = keys.map((key) => key.split(".")[0]);
  expect(new Set(written)).toEqual(new Set(Object.keys(brandFile().out.shape)));
});
