import type { Command } from "commander";
import type { Cli } from "./command.ts";
import { check } from "./template-check.ts";
import { eject } from "./template-eject.ts";
import { list } from "./template-list.ts";
import { preview } from "./template-preview.ts";
import { send } from "./template-send.ts";

export function registerTemplate(program: Command, cli: Cli): void {
  const group = program.command("template").description("the mails that Usher writes");
  group
    .command("list")
    .description("which file is in force for each template and language, and what it hides")
    .option("--json", "as JSON")
    .action(async (options: Parameters<typeof list>[1]) => list(cli, options));
  group
    .command("eject <name>")
    .description("copy a template that comes with Usher, or brand, into your own folder, to change it there")
    .option("--locale <tag>", "this language only")
    .option("--to <folder>", "another folder than templates.directory")
    .option("--force", "overwrite files that are there")
    .option("--json", "as JSON")
    .action(async (name: string, options: Parameters<typeof eject>[2]) => eject(cli, name, options));
  group
    .command("check")
    .description("compile every template in every language and fill it with the worst that can come")
    .option("--json", "as JSON")
    .action(async (options: Parameters<typeof check>[1]) => check(cli, options));
  group
    .command("preview <template>")
    .description("write one template, filled with an example, as HTML, text, mail and pictures")
    .option("--locale <tag>", "language", "en")
    .option("--to <folder>", "where to write (default: a new temporary folder)")
    .option("--serve", "serve it on loopback instead, up to date while you edit, until Ctrl-C")
    .option("--port <number>", "with --serve: the port (default: a free one)")
    .option("--json", "as JSON")
    .action(async (name: string, options: Parameters<typeof preview>[2]) => preview(cli, name, options));
  group
    .command("send <template>")
    .description("send one template, filled with an example, through the configured SMTP server")
    .requiredOption("--to <address>", "whom to send it to")
    .option("--locale <tag>", "language", "en")
    .option("--json", "as JSON")
    .action(async (name: string, options: Parameters<typeof send>[2]) => send(cli, name, options));
}
