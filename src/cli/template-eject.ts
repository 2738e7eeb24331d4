import { constants } from "node:fs";
import { access, copyFile, mkdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { localeSteps } from "../domain/locale.ts";
import { readBrand } from "../mail/templates/brand.ts";
import { localesOf, placesOf, shippedFolder } from "../mail/templates/folders.ts";
import { type TemplateName, templateName } from "../mail/templates/names.ts";
import { readSource } from "../mail/templates/source.ts";
import { type Cli, CommandError, print } from "./command.ts";
import { openSite } from "./site.ts";

interface EjectOptions {
  readonly locale?: string;
  readonly to?: string;
  readonly force?: true;
  readonly json?: true;
}

/** `usher template eject`: copies what comes with Usher, so that the copy can be changed. */
export async function eject(cli: Cli, name: string, options: EjectOptions): Promise<void> {
  await using site = await openSite(cli);
  const to = options.to ?? site.config.templates.directory;
  if (to === null) {
    throw new CommandError("there is no folder of your own: name one with --to, and as templates.directory");
  }
  const { files, partials } =
    name === "brand"
      ? { files: ["brand.yaml"], partials: [] }
      : await filesOf(templateName(name), options.locale);
  const folder = resolve(to);
  const there = await present(folder, files);
  if (there.length > 0 && options.force !== true) {
    throw new CommandError(
      `${there.join(", ")} would be overwritten; nothing was copied. --force overwrites`,
    );
  }
  // Partials serve every template: one that was changed before stays.
  const kept = options.force === true ? [] : await present(folder, partials);
  const copied = [...files, ...partials].filter((path) => !kept.includes(join(folder, path)));
  for (const path of copied) await copy(path, folder, options.force === true);
  const written = copied.map((path) => join(folder, path));
  print(cli, options.json, { written, kept }, [
    ...written.map((file) => `Copied ${file}`),
    ...kept.map((file) => `Kept ${file}`),
    ...(site.config.templates.directory === null
      ? [`Now name the folder: templates.directory: ${folder}`]
      : []),
  ]);
}

async function filesOf(
  name: TemplateName,
  tag: string | undefined,
): Promise<{ readonly files: readonly string[]; readonly partials: readonly string[] }> {
  const search = [shippedFolder];
  const all = await localesOf(search, name);
  const wanted =
    tag === undefined
      ? all
      : localeSteps(tag)
          .filter((step) => all.includes(step))
          .slice(0, 1);
  const brand = await readBrand(search);
  const sources = await Promise.all(wanted.map(async (locale) => readSource(search, name, locale, brand)));
  const partials = new Set(sources.flatMap((source) => source.partials));
  const paths = wanted.flatMap((locale) => [`${name}/${locale}.mjml`, `${name}/${locale}.txt`]);
  const files = await Promise.all(
    paths.map(async (path) => ((await placesOf(search, path)).length > 0 ? [path] : [])),
  );
  return { files: files.flat(), partials: [...partials] };
}

async function present(folder: string, paths: readonly string[]): Promise<readonly string[]> {
  const files = paths.map((path) => join(folder, path));
  const there = await Promise.all(
    files.map(async (file) =>
      access(file).then(
        () => true,
        () => false,
      ),
    ),
  );
  return files.filter((_, at) => there[at]);
}

async function copy(path: string, folder: string, force: boolean): Promise<void> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await copyFile(join(shippedFolder.path, path), file, force ? 0 : constants.COPYFILE_EXCL);
}
