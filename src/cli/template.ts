import type { Command } from "commander";
import { localeOf, locales } from "../domain/locale.ts";
import { exampleValues } from "../mail/templates/examples.ts";
import { TemplateError, templateName, templateNames } from "../mail/templates/files.ts";
import { createTemplates, type Templates } from "../mail/templates/templates.ts";
import { type Cli, CommandError, print, table } from "./command.ts";
import { openSite } from "./site.ts";

interface Json {
  readonly json?: true;
}

interface PreviewOptions extends Json {
  readonly locale: string;
  readonly html?: true;
}

export function registerTemplate(program: Command, cli: Cli): void {
  const group = program.command("template").description("the mails that Usher writes");
  group
    .command("check")
    .description("compile and fill every template in every language")
    .option("--json", "as JSON")
    .action(async (options: Json) => check(cli, options));
  group
    .command("preview <template>")
    .description("one template, filled with an example")
    .option("--locale <tag>", "language", "en")
    .option("--html", "the HTML part")
    .option("--json", "as JSON")
    .action(async (name: string, options: PreviewOptions) => preview(cli, name, options));
}

async function openTemplates(cli: Cli): Promise<{ templates: Templates; siteName: string }> {
  await using site = await openSite(cli);
  const { templates, smtp } = site.config;
  return { templates: createTemplates(templates.directory), siteName: smtp?.from.name ?? "Usher" };
}

async function check(cli: Cli, options: Json): Promise<void> {
  const { templates, siteName } = await openTemplates(cli);
  const checked: { template: string; locale: string; problem: string | null }[] = [];
  for (const template of templateNames) {
    for (const locale of locales) {
      const values = exampleValues(template, siteName, locale);
      const problem = await problemOf(async () => templates.render(template, locale, values));
      checked.push({ template, locale, problem });
    }
  }
  const rows = checked.map(({ template, locale, problem }) => [template, locale, problem ?? "good"]);
  print(cli, options.json, checked, table(["template", "locale", "state"], rows));
  const wrong = checked.filter(({ problem }) => problem !== null).length;
  if (wrong > 0) throw new CommandError(`${wrong} of ${checked.length} templates cannot be used`);
}

async function preview(cli: Cli, typed: string, options: PreviewOptions): Promise<void> {
  const { templates, siteName } = await openTemplates(cli);
  try {
    const name = templateName(typed);
    const locale = localeOf(options.locale);
    const mail = await templates.render(name, locale, exampleValues(name, siteName, locale));
    const lines = [`From: ${mail.from}`, `Subject: ${mail.subject}`, "", ...mail.text.split("\n")];
    print(cli, options.json, mail, options.html === true ? mail.html.split("\n") : lines);
  } catch (error) {
    if (error instanceof TemplateError) throw new CommandError(error.message);
    throw error;
  }
}

async function problemOf(work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (error instanceof TemplateError) return error.message;
    throw error;
  }
}
