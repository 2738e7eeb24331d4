import { compileAll } from "./compiler.ts";
import { fillTemplate, type ParsedTemplate, parseTemplate } from "./fill.ts";
import { TemplateError } from "./problem.ts";
import type { TemplateSource } from "./source.ts";
import { valuesOf } from "./values.ts";
import { worstCases } from "./worst-cases.ts";

/** A template that can be filled, or why it cannot: a mistake in one stops no other. */
export type Loaded = ParsedTemplate | TemplateError;

/**
 * Compiles, parses and tries templates, in the same order: what fails with some values must not fail with a mail.
 * @throws TemplateError when the compiler did not end well or in time.
 */
export async function loadAll(sources: readonly TemplateSource[]): Promise<readonly Loaded[]> {
  const htmls = await compileAll(sources);
  return Promise.all(
    sources.map(async (source, index) => {
      const html = htmls[index] ?? new TemplateError(`The template compiler left out ${source.file}.`);
      return html instanceof TemplateError ? html : orError(() => tried(parseTemplate(source, html)));
    }),
  );
}

function tried(template: ParsedTemplate): ParsedTemplate {
  const { name, locale, brand } = template;
  for (const { said } of worstCases(name, "Example"))
    fillTemplate(template, valuesOf(said, locale, brand.values));
  return template;
}

/** What is wrong with a template, as a value. */
export async function orError<T>(work: () => T | Promise<T>): Promise<T | TemplateError> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
}
