import { readFileSync } from "node:fs";
import { Liquid, type Template } from "liquidjs";
import { limits } from "../../domain/limits.ts";
import { type Locale, localeOf, locales } from "../../domain/locale.ts";
import { stylesheet } from "./stylesheet.ts";

const pageNames = [
  "answer",
  "answered",
  "discovery",
  "explained",
  "invitation",
  "invitation-answered",
  "invite",
  "invite-accept",
  "invite-home",
  "invite-noted",
  "no-longer-valid",
] as const;
export type PageName = (typeof pageNames)[number];

function readPage(path: string): string {
  return readFileSync(new URL(`../../../templates/pages/${path}.html`, import.meta.url), "utf8");
}

// `templates` keeps the layout in memory: filling a page reads no file.
const engine = new Liquid({
  strictVariables: true,
  strictFilters: true,
  ownPropertyOnly: true,
  outputEscape: "escape",
  templates: { layout: readPage("layout") },
  renderLimit: limits.templateRenderMs,
  memoryLimit: limits.templateMemory,
});

const parsed = new Map<PageName, ReadonlyMap<Locale, Template[]>>(
  pageNames.map((name) => [
    name,
    new Map(locales.map((locale) => [locale, engine.parse(readPage(`${name}/${locale}`))])),
  ]),
);

/**
 * A whole HTML document in the language of the account; `tag` is a BCP 47 tag. Every value is escaped; throws where the
 * page asks for one that is not there.
 */
export function renderPage(name: PageName, tag: string, values: Readonly<Record<string, unknown>>): string {
  const locale = localeOf(tag);
  const page = parsed.get(name)?.get(locale);
  if (page === undefined) throw new Error(`There is no page ${name} in ${locale}.`);
  return String(engine.renderSync(page, { ...values, locale, stylesheet: stylesheet.path }));
}
