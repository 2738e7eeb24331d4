import { localeSteps } from "../../domain/locale.ts";
import { readBrand } from "./brand.ts";
import { fillTemplate, type ParsedTemplate } from "./fill.ts";
import { localesOf, type SearchOrder } from "./folders.ts";
import { loadAll } from "./load.ts";
import type { TemplateName } from "./names.ts";
import { TemplateError } from "./problem.ts";
import { readSource, type TemplateSource } from "./source.ts";
import type { Templates } from "./templates.ts";
import { valuesOf } from "./values.ts";

/**
 * The files that somebody who reads this language would get a mail from.
 * @throws TemplateError where they are not written as they must be.
 */
export async function readOne(search: SearchOrder, name: TemplateName, tag: string): Promise<TemplateSource> {
  const there = await localesOf(search, name);
  const locale = localeSteps(tag).find((step) => there.includes(step));
  if (locale === undefined) throw new TemplateError(`There is no file of the template ${name}.`);
  return readSource(search, name, locale, await readBrand(search));
}

/** One template, strictly: nothing stands in for a file that cannot be used. @throws TemplateError for such a file. */
export async function loadOne(source: TemplateSource): Promise<ParsedTemplate> {
  const [loaded] = await loadAll([source]);
  if (loaded === undefined) throw new TemplateError(`${source.file} was left out.`);
  if (loaded instanceof TemplateError) throw loaded;
  return loaded;
}

/** Templates of which there is that one. */
export function only(template: ParsedTemplate): Templates {
  const { locale, brand } = template;
  return {
    render: async (letter) => Promise.resolve(fillTemplate(template, valuesOf(letter, locale, brand.values))),
  };
}
