import { limits } from "../../domain/limits.ts";
import { localeSteps } from "../../domain/locale.ts";
import { fillTemplate, type ParsedTemplate, type RenderedMail } from "./fill.ts";
import { localesOf, type SearchOrder, shippedFolder } from "./folders.ts";
import { type Loaded, loadAll, orError } from "./load.ts";
import type { TemplateName } from "./names.ts";
import { TemplateError } from "./problem.ts";
import type { Brand } from "./brand.ts";
import { type BrandInForce, brandInForce } from "./brand-in-force.ts";
import { readSource, type TemplateSource } from "./source.ts";
import { type Said, valuesOf } from "./values.ts";

/**
 * The mail templates of a site. Files are compiled at the first use and kept; changed files are taken as soon as they
 * can be used, and until then what was in force stays.
 */
export interface Templates {
  /** @throws TemplateError when no file of the template can be used. */
  render(letter: Said & { readonly locale: string }): Promise<RenderedMail>;
}

/** What became of files that changed. */
export interface TemplateChange {
  /** `kept`: they cannot be used. */
  readonly kind: "taken" | "kept";
  readonly template: TemplateName | "brand";
  /** Null for the brand, which has none. */
  readonly locale: string | null;
  /** The `.mjml` or `brand.yaml` that is in force; null where none is and another language stands in. */
  readonly file: string | null;
  /** What is wrong, where, and the way out; empty where they were taken. */
  readonly why: string;
}

interface TemplateOptions {
  readonly tell?: Tell;
  /** How often files are looked at while mails are written. */
  readonly lookMs?: number;
}

/** One language of a template. */
interface Held {
  /** Null where none of its files can be used. */
  readonly template: ParsedTemplate | null;
  /** Of the files as they stand, taken or not. */
  readonly fingerprint: string;
}

interface Shelf {
  held: ReadonlyMap<string, Held>;
  lookedAtMs: number;
  looking: Promise<void> | null;
}

/** Usher's own alone where no folders are given. */
export function createTemplates(
  search: SearchOrder = [shippedFolder],
  options: TemplateOptions = {},
): Templates {
  const { tell = () => undefined, lookMs = limits.templateLookMs } = options;
  const shelves = new Map<TemplateName, Shelf>();
  let held: BrandInForce | null = null;

  async function brandNow(): Promise<Brand> {
    const now = await brandInForce(search, held?.brand);
    const before = held;
    held = now;
    tellOfBrand(tell, before, now);
    return now.brand;
  }

  async function upToDate(name: TemplateName): Promise<ReadonlyMap<string, Held>> {
    const shelf = shelves.get(name) ?? { held: new Map(), lookedAtMs: -Infinity, looking: null };
    shelves.set(name, shelf);
    if (performance.now() - shelf.lookedAtMs >= lookMs) {
      shelf.looking ??= look({ search, name, tell, brandNow }, shelf).finally(() => (shelf.looking = null));
    }
    if (shelf.looking !== null) await shelf.looking;
    return shelf.held;
  }

  return {
    async render({ locale, ...said }) {
      const there = await upToDate(said.template);
      for (const step of localeSteps(locale)) {
        const template = there.get(step)?.template;
        if (template) return fillTemplate(template, valuesOf(said, template.locale, template.brand.values));
      }
      throw new TemplateError(`No file of the template ${said.template} can be used: usher template check`);
    },
  };
}

type Tell = (change: TemplateChange) => void;

function tellOfBrand(tell: Tell, before: BrandInForce | null, { brand, fault }: BrandInForce): void {
  const about = { template: "brand", locale: null, file: brand.file } as const;
  const told = before?.fault?.message;
  if (fault !== null && fault.message !== told) tell({ ...about, kind: "kept", why: fault.message });
  if (fault === null && told !== undefined) tell({ ...about, kind: "taken", why: "" });
}

interface Looking {
  readonly search: SearchOrder;
  readonly name: TemplateName;
  readonly tell: Tell;
  readonly brandNow: () => Promise<Brand>;
}

/** Takes what changed. @throws TemplateError where the compiler failed and nothing is in force yet. */
async function look({ search, name, tell, brandNow }: Looking, shelf: Shelf): Promise<void> {
  const wanted = { name, brand: await brandNow() };
  const found = await readAll(search, wanted, await localesOf(search, name));
  const changed = found.filter(({ locale, read }) => hasChanged(read, shelf.held.get(locale)));
  const held = new Map(found.flatMap(({ locale }) => entryOf(shelf.held, locale)));
  const loaded = await orError(async () => load(changed));
  if (loaded instanceof TemplateError) {
    if (held.size === 0) throw loaded;
    // Not the fault of the files: the next look tries them again.
    for (const { locale } of changed) tellOfKept(tell, name, locale, held.get(locale)?.template, loaded);
  } else {
    for (const { locale, read, now } of loaded) {
      const before = held.get(locale)?.template ?? null;
      const template = now instanceof TemplateError ? (before ?? (await below(search, wanted, locale))) : now;
      held.set(locale, { template, fingerprint: fingerprintOf(read) });
      if (now instanceof TemplateError) tellOfKept(tell, name, locale, template, now);
      else if (before !== null) tell({ kind: "taken", template: name, locale, file: now.file, why: "" });
    }
  }
  shelf.held = held;
  shelf.lookedAtMs = performance.now();
}

function tellOfKept(
  tell: Tell,
  name: TemplateName,
  locale: string,
  inForce: ParsedTemplate | null | undefined,
  { message }: TemplateError,
): void {
  tell({ kind: "kept", template: name, locale, file: inForce?.file ?? null, why: message });
}

interface Found {
  readonly locale: string;
  readonly read: TemplateSource | TemplateError;
}

interface Wanted {
  readonly name: TemplateName;
  readonly brand: Brand;
}

async function readAll(
  search: SearchOrder,
  { name, brand }: Wanted,
  locales: readonly string[],
): Promise<readonly Found[]> {
  return Promise.all(
    locales.map(async (locale) => ({
      locale,
      read: await orError(async () => readSource(search, name, locale, brand)),
    })),
  );
}

/** A file that was written just now may lack its end; where nothing is in force there is nothing to wait with. */
function hasChanged(read: TemplateSource | TemplateError, held: Held | undefined): boolean {
  if (held === undefined) return true;
  if (held.fingerprint === fingerprintOf(read)) return false;
  if (read instanceof TemplateError) return true;
  const ageMs = Date.now() - read.changedAtMs;
  return ageMs < 0 || ageMs >= limits.templateSettleMs;
}

function fingerprintOf(read: TemplateSource | TemplateError): string {
  return read instanceof TemplateError ? read.message : read.fingerprint;
}

function entryOf(held: ReadonlyMap<string, Held>, locale: string): readonly (readonly [string, Held])[] {
  const entry = held.get(locale);
  return entry === undefined ? [] : [[locale, entry]];
}

async function load(found: readonly Found[]): Promise<readonly (Found & { readonly now: Loaded })[]> {
  const sources = found.flatMap(({ read }) => (read instanceof TemplateError ? [] : [read]));
  const loaded = new Map((await loadAll(sources)).map((now, index) => [sources[index], now]));
  return found.map((one) => {
    const left = new TemplateError("The template compiler left it out.");
    return { ...one, now: one.read instanceof TemplateError ? one.read : (loaded.get(one.read) ?? left) };
  });
}

/** Where nothing was in force yet: what the folders behind the first one have. Mail goes out, if in other words. */
async function below(search: SearchOrder, wanted: Wanted, locale: string): Promise<ParsedTemplate | null> {
  const [, ...rest] = search;
  if (rest.length === 0) return null;
  const [found] = await load(await readAll(rest, wanted, [locale]));
  return found === undefined || found.now instanceof TemplateError ? below(rest, wanted, locale) : found.now;
}
