import type { Command } from "commander";
import type { NewInvite } from "../federation/invites/give.ts";
import { giveInvites } from "../federation/invites/give.ts";
import { withdraw } from "../federation/invites/withdraw.ts";
import { planningGround } from "../serving-invites.ts";
import type { Site } from "../site.ts";
import { isServing } from "../store/instance-lock.ts";
import { type GivenInvite, invitesByPrefix, listInvites } from "../store/ocm-invites.ts";
import { inviteView } from "../store/views.ts";
import { accountNamed } from "./accounts-found.ts";
import { type Cli, CommandError, print, table } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { theOne, whenText } from "./found.ts";
import { printable } from "./io.ts";
import { problemLines } from "./sharing-problems.ts";
import { openSite } from "./site.ts";

interface Json {
  readonly json?: true;
}

interface InviteOptions extends Json {
  readonly name?: string;
  readonly title?: string;
  readonly message?: string;
  readonly locale?: string;
  readonly print?: true;
}

const by = "command line";

/** `usher sharing invite`, `invites` and `uninvite`: invitations from cloud to cloud (Open Cloud Mesh). */
export function registerInvite(group: Command, cli: Cli): void {
  group
    .command("invite <account> [address...]")
    .description(
      "invite people at Nextcloud, OpenCloud and other clouds to share with the account from cloud to cloud",
    )
    .option("--name <name>", "name of the one person invited")
    .option("--title <text>", "what is to be shared")
    .option("--message <text>", "some words for the people invited")
    .option("--locale <tag>", "language of the mails: en, de, es or fr (default: the account's)")
    .option("--print", "show link and code, to hand them over yourself; needed where no address is given")
    .option("--json", "as JSON")
    .action(async (account: string, to: readonly string[], options: InviteOptions) =>
      give(cli, { account, to }, options),
    );
  group
    .command("invites <account>")
    .description("invitations from cloud to cloud that an account gave, newest first")
    .option("--json", "as JSON")
    .action(async (account: string, options: Json) => list(cli, account, options));
  group
    .command("uninvite <id>")
    .description("take an invitation from cloud to cloud back before it is accepted")
    .option("--json", "as JSON")
    .action(async (id: string, options: Json) => takeBack(cli, id, options));
}

async function give(
  cli: Cli,
  { account, to }: { readonly account: string; readonly to: readonly string[] },
  options: InviteOptions,
): Promise<void> {
  const isShown = options.print === true;
  if (to.length === 0 && !isShown) {
    throw new CommandError(
      "name whom to invite, or add --print to hand the invitation over yourself",
      exitCodes.usage,
    );
  }
  await using site = await openSite(cli);
  const { name = null, title = null, message = null, locale = null } = options;
  const asked = { account, to, name, title, message, locale, by };
  const ground = planningGround(site, () => site.config);
  const given = await site.store.transaction(async (db) => giveInvites(db, asked, ground));
  if (given.kind === "refused") {
    if (options.json === true) cli.io.out(JSON.stringify(given));
    throw new CommandError(["nobody is invited:", ...problemLines(given.problems)].join("\n"));
  }
  const { sharingId, invites } = given;
  const shown = invites.map(({ link, code, inviteString, ...invite }) =>
    isShown ? { ...invite, link, code, inviteString } : invite,
  );
  print(cli, options.json, { sharingId, invites: shown }, [
    ...(sharingId === null ? [] : await mailedLines(site, sharingId, invites.length)),
    ...(isShown ? invites.flatMap(secretLines) : []),
    `See what becomes of it: usher sharing invites ${account}`,
  ]);
}

async function mailedLines({ config }: Site, sharingId: string, count: number): Promise<readonly string[]> {
  const later = (await isServing(config.store.file)) ? [] : ["The mails go out as soon as usher serve runs."];
  return [`${sharingId} invites ${count} ${count === 1 ? "person" : "people"}.`, ...later];
}

function secretLines({ id, address, expiresAtMs, link, code, inviteString }: NewInvite): readonly string[] {
  return [
    `${id}${address === null ? "" : ` for ${printable(address)}`}, until ${whenText(expiresAtMs)}, for one person, shown once:`,
    `  link           ${link}`,
    `  code           ${code}`,
    `  invite string  ${inviteString}`,
  ];
}

async function list(cli: Cli, name: string, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const account = await accountNamed(site.store.db, name);
  const rows = await listInvites(site.store.db, account.id);
  const nowMs = Date.now();
  const views = rows.map((row) => inviteView(row, nowMs));
  const lines = table(
    ["id", "for", "state", "until", "accepted by", "sharing"],
    views.map(({ id, address, state, expires_at, accepted_by: who, sharing_id }) => [
      id,
      address ?? "handed over",
      state,
      whenText(expires_at),
      who === null ? "" : `${who.user_id}@${who.host}`,
      sharing_id ?? "",
    ]),
  );
  print(cli, options.json, views, rows.length === 0 ? [`${name} has given no invitations.`] : lines);
}

async function takeBack(cli: Cli, typed: string, options: Json): Promise<void> {
  await using site = await openSite(cli);
  const invite = oneInvite(await invitesByPrefix(site.store.db, typed), typed);
  const ground = planningGround(site, () => site.config);
  const done = await site.store.transaction(async (db) => withdraw(db, { invite, by }, ground));
  if (done.kind === "unchanged") throw new CommandError(`nothing was changed: ${done.why}`);
  print(cli, options.json, { id: invite.id, state: "withdrawn" }, [
    `${invite.id} is withdrawn; its link and code open nothing any more.`,
  ]);
}

function oneInvite(rows: readonly GivenInvite[], typed: string): GivenInvite {
  if (rows.length > 0) return theOne(rows, typed, "invitation");
  throw new CommandError(`there is no invitation ${typed}; usher sharing invites ACCOUNT shows them`);
}
