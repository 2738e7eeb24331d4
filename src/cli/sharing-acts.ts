import type { Command } from "commander";
import { addRecipients } from "../sharing/add-recipients.ts";
import type { Acted, Chosen } from "../sharing/chosen.ts";
import type { PlanningParts } from "../sharing/parts.ts";
import { remind } from "../sharing/remind.ts";
import { resend } from "../sharing/resend.ts";
import { revoke } from "../sharing/revoke.ts";
import { planningParts } from "../sharing-parts.ts";
import { readRecipients } from "../store/invited.ts";
import { sharingsByPrefix } from "../store/sharings.ts";
import { type Cli, CommandError, print } from "./command.ts";
import { theOne } from "./found.ts";
import { printable } from "./io.ts";
import { problemLines } from "./sharing-problems.ts";
import { openSite } from "./site.ts";

interface ActOptions {
  readonly recipient?: string;
  readonly json?: true;
}

interface AddOptions {
  readonly to: readonly string[];
  readonly locale?: string;
  readonly json?: true;
}

interface Act {
  readonly name: string;
  readonly description: string;
  readonly act: (parts: PlanningParts, chosen: Chosen) => Promise<Acted>;
  /** Said of each whom it concerned. */
  readonly done: string;
}

const acts: readonly Act[] = [
  {
    name: "remind",
    description: "remind whoever has the invitation and has not answered",
    act: remind,
    done: "gets a reminder",
  },
  {
    name: "revoke",
    description: "take a sharing back; whoever may have the invitation is told",
    act: revoke,
    done: "is revoked",
  },
  {
    name: "resend",
    description: "send the invitation once more to whoever is known not to have it",
    act: resend,
    done: "gets the invitation once more",
  },
];

const by = "command line";

/** What changes a sharing that is there. */
export function registerActs(group: Command, cli: Cli): void {
  group
    .command("add <id>")
    .description("invite more people to a sharing")
    .requiredOption("--to <address...>", "whom to invite; may be given several times")
    .option("--locale <tag>", "language of their invitations (default: the account's)")
    .option("--json", "as JSON")
    .action(async (id: string, options: AddOptions) => add(cli, id, options));
  for (const act of acts) {
    group
      .command(`${act.name} <id>`)
      .description(act.description)
      .option("--recipient <address>", "one recipient only")
      .option("--json", "as JSON")
      .action(async (id: string, options: ActOptions) => run(cli, id, act, options));
  }
}

async function add(cli: Cli, typed: string, { to, locale, json }: AddOptions): Promise<void> {
  await using site = await openSite(cli);
  const { id: sharingId } = theOne(await sharingsByPrefix(site.store.db, typed), typed, "sharing");
  const more = { sharingId, to, locale: locale ?? null, by };
  const added = await addRecipients(
    planningParts(site, () => site.config),
    more,
  );
  if (added.kind === "refused") {
    if (json === true) cli.io.out(JSON.stringify(added));
    throw new CommandError(["nobody is invited:", ...problemLines(added.problems)].join("\n"));
  }
  const recipients = await readRecipients(site.store.db, sharingId);
  print(cli, json, { id: sharingId, recipients }, [
    `${sharingId} invites ${added.recipients} more, ${recipients.length} in all.`,
  ]);
}

async function run(cli: Cli, typed: string, { act, done }: Act, options: ActOptions): Promise<void> {
  await using site = await openSite(cli);
  const { id: sharingId } = theOne(await sharingsByPrefix(site.store.db, typed), typed, "sharing");
  const chosen = { sharingId, recipient: options.recipient ?? null, by };
  const acted = await act(
    planningParts(site, () => site.config),
    chosen,
  );
  if (acted.kind === "refused") {
    if (options.json === true) cli.io.out(JSON.stringify(acted));
    throw new CommandError(`nothing was changed: ${acted.detail}`);
  }
  const lines = [
    ...acted.done.map((address) => `${address} ${done}.`),
    ...acted.left.map(({ address, because }) => `${address} ${because}; nothing is sent.`),
  ];
  print(cli, options.json, { done: acted.done, left: acted.left }, lines.map(printable));
}
