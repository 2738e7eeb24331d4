import type { Command } from "commander";
import type { InvitationFacts } from "../domain/invitation.ts";
import {
  TemplateError,
  templateLocale,
  templateLocales,
  templateName,
  templateNames,
} from "../mail/template-files.ts";
import { createTemplates, type Templates } from "../mail/templates.ts";
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

/** Long names, a message of several lines, and characters that HTML must escape. */
function exampleFacts(siteName: string): InvitationFacts {
  return {
    siteName,
    sharer: { name: "Alice", address: "alice@example.org" },
    recipient: { name: "Bob", address: "bob@example.net" },
    title: "Plans & pictures <2026>",
    link: "https://cloud.example.org/s/example",
    message: "Hello Bob,\n\nhere is what we talked about.\nAlice",
  };
}

async function openTemplates(cli: Cli): Promise<{ templates: Templates; facts: InvitationFacts }> {
  await using site = await openSite(cli);
  const { templates, smtp } = site.config;
  return { templates: createTemplates(templates.directory), facts: exampleFacts(smtp?.from.name ?? "Usher") };
}

async function check(cli: Cli, options: Json): Promise<void> {
  const { templates, facts } = await openTemplates(cli);
  const checked: { template: string; locale: string; problem: string | null }[] = [];
  for (const template of templateNames) {
    for (const locale of templateLocales) {
      const problem = await problemOf(async () => templates.render(template, locale, facts));
      checked.push({ template, locale, problem });
    }
  }
  const rows = checked.map(({ template, locale, problem }) => [template, locale, problem ?? "good"]);
  print(cli, options.json, checked, table(["template", "locale", "state"], rows));
  const wrong = checked.filter(({ problem }) => problem !== null).length;
  if (wrong > 0) throw new CommandError(`${wrong} of ${checked.length} templates cannot be used`);
}

async function preview(cli: Cli, typed: string, options: PreviewOptions): Promise<void> {
  const { templates, facts } = await openTemplates(cli);
  try {
    const mail = await templates.render(templateName(typed), templateLocale(options.locale), facts);
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
