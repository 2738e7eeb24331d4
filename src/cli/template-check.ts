import type { Config } from "../config/config.ts";
import type { ConfigProblem } from "../config/load.ts";
import { checkTemplates as checkAll, type CheckedTemplate } from "../mail/templates/check.ts";
import { searchOrder } from "../mail/templates/folders.ts";
import { problemText, type TemplateProblem } from "../mail/templates/problem.ts";
import { type Cli, CommandError, print, table } from "./command.ts";
import { openSite } from "./site.ts";

/** `usher template check`: the brand, and every template in every language. */
export async function check(cli: Cli, options: { readonly json?: true }): Promise<void> {
  await using site = await openSite(cli);
  const checked = await checkAll(searchOrder(site.config.templates));
  const rows = checked.map(({ template, locale, folder, problems }) => [
    template,
    locale ?? "-",
    folder ?? "-",
    problems.length === 0 ? "good" : "cannot be used",
  ]);
  const problems = problemsOf(checked);
  print(cli, options.json, checked, [
    ...table(["template", "locale", "from", "state"], rows),
    ...(problems.length === 0 ? [] : ["", ...problems.map(problemText)]),
  ]);
  const wrong = checked.filter((one) => one.problems.length > 0).length;
  if (wrong > 0) {
    const mail = "mail goes out with those that were used last, or with Usher's own";
    throw new CommandError(`${wrong} of ${checked.length} cannot be used; ${mail}`);
  }
}

/** What is wrong with the operator's own templates, for `usher check` and `usher doctor`. */
export async function templateProblems({ templates }: Config): Promise<readonly TemplateProblem[]> {
  if (templates.directory === null && templates.brand === null) return [];
  return problemsOf(await checkAll(searchOrder(templates)));
}

/** As problems of the configuration that names the folders. */
export async function checkTemplates(config: Config): Promise<ConfigProblem[]> {
  const path = config.templates.directory === null ? "templates.brand" : "templates.directory";
  const found = await templateProblems(config);
  return found.map((problem) => ({
    path,
    value: null,
    line: null,
    column: null,
    message: problemText({ ...problem, remedy: "" }).trim(),
    remedy: problem.remedy,
  }));
}

/** A partial with a mistake is one problem, in however many templates it stands. */
function problemsOf(checked: readonly CheckedTemplate[]): readonly TemplateProblem[] {
  const all = checked.flatMap(({ problems }) => problems);
  const texts = all.map(problemText);
  return all.filter((_, at) => texts.indexOf(texts[at] ?? "") === at);
}
