import { Parser } from "htmlparser2";
import { limits } from "../../domain/limits.ts";
import type { Brand } from "./brand.ts";
import { brandInForce } from "./brand-in-force.ts";
import { compileAll } from "./compiler.ts";
import { fillTemplate, type ParsedTemplate, parseTemplate, type RenderedMail } from "./fill.ts";
import { localesOf, type SearchOrder, type TemplateFolder } from "./folders.ts";
import { orError } from "./load.ts";
import { type TemplateName, templateNames } from "./names.ts";
import { fileProblem, TemplateError, type TemplateProblem } from "./problem.ts";
import { readSource, type TemplateSource } from "./source.ts";
import { type Said, valuesOf } from "./values.ts";
import { markupTwins, worstCases } from "./worst-cases.ts";

/** One template in one language, or the brand, and what is wrong with it. */
export interface CheckedTemplate {
  readonly template: TemplateName | "brand";
  /** Null for the brand, which has none. */
  readonly locale: string | null;
  /** Where its `.mjml` or `brand.yaml` comes from; null where it could not be read. */
  readonly folder: TemplateFolder["kind"] | null;
  readonly file: string | null;
  readonly problems: readonly TemplateProblem[];
}

/**
 * Reads the brand, compiles every template in every language and fills it with the worst that can come.
 * @throws TemplateError when the compiler did not end well or in time.
 */
export async function checkTemplates(search: SearchOrder): Promise<readonly CheckedTemplate[]> {
  const { brand, fault } = await brandInForce(search);
  const read = await Promise.all(
    templateNames.map(async (template) =>
      Promise.all(
        (await localesOf(search, template)).map(async (locale) => ({
          template,
          locale,
          source: await orError(async () => readSource(search, template, locale, brand)),
        })),
      ),
    ),
  );
  const sources = read.flat().flatMap(({ source }) => (source instanceof TemplateError ? [] : [source]));
  const htmls = await compileAll(sources);
  const templates = read.flat().map(({ template, locale, source }) =>
    source instanceof TemplateError
      ? { template, locale, folder: null, file: null, problems: source.problems }
      : {
          template,
          locale,
          folder: source.folder,
          file: source.file,
          problems: problemsOf(source, htmls[sources.indexOf(source)]),
        },
  );
  return [checkedBrand(brand, fault), ...templates];
}

function checkedBrand(brand: Brand, fault: TemplateError | null): CheckedTemplate {
  const about = { template: "brand", locale: null } as const;
  if (fault !== null) return { ...about, folder: null, file: null, problems: fault.problems };
  return { ...about, folder: brand.folder, file: brand.file, problems: [] };
}

function problemsOf(source: TemplateSource, html: string | TemplateError = ""): readonly TemplateProblem[] {
  if (html instanceof TemplateError) return html.problems;
  const parsed = found(() => parseTemplate(source, html));
  if (parsed instanceof TemplateError) return parsed.problems;
  const problems = worstCases(source.name, "Example").flatMap(({ what, said }) =>
    problemsWith(source, parsed, what, said),
  );
  return onlyOnce(problems.length === 0 ? escapeProblems(source, parsed) : problems);
}

function problemsWith(
  source: TemplateSource,
  parsed: ParsedTemplate,
  what: string,
  said: Said,
): readonly TemplateProblem[] {
  const mail = fill(parsed, said);
  if (mail instanceof TemplateError) return mail.problems;
  const { file, line, column } = source.subject;
  const subject = { file, line, column };
  return [
    ...lengthProblems({ ...subject, what: "subject" }, mail.subject, limits.sentSubjectChars, what),
    ...lengthProblems({ ...subject, what: "from" }, mail.from, limits.displayNameChars, what),
    ...(mail.text.trim() === ""
      ? [fileProblem(source.text.file, `is empty with ${what}.`, "Write what somebody without HTML reads.")]
      : []),
  ];
}

function lengthProblems(
  { what: field, ...place }: Pick<TemplateProblem, "file" | "line" | "column"> & { readonly what: string },
  text: string,
  maxChars: number,
  what: string,
): readonly TemplateProblem[] {
  if (text === "") {
    return [
      { ...place, message: `${field} is empty with ${what}.`, remedy: "Add words that always stand there." },
    ];
  }
  if (text.length <= maxChars) return [];
  const message = `${field} has ${text.length} characters with ${what}; at most ${maxChars} can be sent.`;
  return [{ ...place, message, remedy: "Use less of what people write, or cut it: | truncate: 100" }];
}

/** Elements must be the same whatever people write: a value in an attribute without quotes would make others. */
function escapeProblems(source: TemplateSource, parsed: ParsedTemplate): readonly TemplateProblem[] {
  const [plain, markup] = markupTwins(source.name, "Example").map((said) => fill(parsed, said));
  if (plain === undefined || markup === undefined) return [];
  if (plain instanceof TemplateError || markup instanceof TemplateError) return [];
  if (shapeOf(plain.html) === shapeOf(markup.html)) return [];
  const remedy =
    "Put values of attributes into double quotes, and none into comments or the names of elements.";
  return [fileProblem(source.file, "text of people can become HTML.", remedy)];
}

/** Names of elements and their attributes, in order. */
function shapeOf(html: string): string {
  const shape: string[] = [];
  const parser = new Parser({
    onopentag: (name, attributes) => void shape.push(`${name} ${Object.keys(attributes).join(" ")}`),
  });
  parser.end(html);
  return shape.join("\n");
}

function fill(parsed: ParsedTemplate, said: Said): RenderedMail | TemplateError {
  return found(() => fillTemplate(parsed, valuesOf(said, parsed.locale, parsed.brand.values)));
}

function found<T>(work: () => T): T | TemplateError {
  try {
    return work();
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
}

/** Most mistakes show with every value. */
function onlyOnce(problems: readonly TemplateProblem[]): readonly TemplateProblem[] {
  const keys = problems.map(({ file, line, column, remedy }) => JSON.stringify([file, line, column, remedy]));
  return problems.filter((_, index) => keys.indexOf(keys[index] ?? "") === index);
}
