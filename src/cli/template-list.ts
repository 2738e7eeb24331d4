import {
  localesOf,
  partialsOf,
  type Place,
  placesOf,
  type SearchOrder,
  searchOrder,
} from "../mail/templates/folders.ts";
import { templateNames } from "../mail/templates/names.ts";
import { type Cli, print, table } from "./command.ts";
import { openSite } from "./site.ts";

/** A file of the templates and the places it could come from. */
interface Listed {
  /** Path in a folder: `invitation/de.mjml`. */
  readonly path: string;
  readonly folder: Place["folder"];
  readonly file: string;
  /** Files that it hides. */
  readonly hides: readonly string[];
}

/** `usher template list` */
export async function list(cli: Cli, options: { readonly json?: true }): Promise<void> {
  await using site = await openSite(cli);
  const search = searchOrder(site.config.templates);
  const listed = (
    await Promise.all((await pathsIn(search)).map(async (path) => whereIs(search, path)))
  ).flat();
  const rows = listed.map(({ path, folder, file, hides }) => [path, folder, file, hides.join(", ")]);
  print(cli, options.json, listed, table(["file", "from", "in force", "hides"], rows));
}

async function pathsIn(search: SearchOrder): Promise<readonly string[]> {
  const files = templateNames.map(async (name) =>
    (await localesOf(search, name)).flatMap((locale) => [`${name}/${locale}.mjml`, `${name}/${locale}.txt`]),
  );
  return [...(await Promise.all(files)).flat(), ...(await partialsOf(search)), "brand.yaml"];
}

async function whereIs(search: SearchOrder, path: string): Promise<readonly Listed[]> {
  const [first, ...hidden] = await placesOf(search, path);
  if (first === undefined) return [];
  return [{ path, ...first, hides: hidden.map(({ file }) => file) }];
}
