import type { Site } from "../site.ts";
import { isServing } from "../store/instance-lock.ts";
import { listMailboxes } from "../store/mailboxes.ts";
import { listRefusals, type PeerRefusal } from "../store/ocm-refusals.ts";
import { problemText, type TemplateProblem } from "../mail/templates/problem.ts";
import type { JobView } from "../jobs/queue.ts";
import { type Cli, CommandError, print, type Register, table } from "./command.ts";
import { registerDoctorKeys, strayHere, strayLines } from "./doctor-keys.ts";
import { registerDoctorPeer } from "./doctor-peer.ts";
import { exitCodes } from "./exit-codes.ts";
import { whenText } from "./found.ts";
import { openSite } from "./site.ts";

interface DoctorOptions {
  readonly runAgain?: string;
  readonly json?: true;
}

/** `usher doctor`: what does not go well, and the way out. */
export const registerDoctor: Register = (program, cli) => {
  const command = program
    .command("doctor")
    .description(
      "show what does not go well: mailboxes, parked work, subscriptions that cannot be checked, reports nobody reads, servers that do not verify",
    )
    .option("--run-again <job>", "make parked work due again: a job number, or all")
    .option("--json", "as JSON")
    .action(async (options: DoctorOptions) => doctor(cli, options));
  registerDoctorPeer(command, cli);
  registerDoctorKeys(command, cli);
};

async function doctor(cli: Cli, options: DoctorOptions): Promise<void> {
  await using site = await openSite(cli);
  const { runAgain } = options;
  if (runAgain !== undefined) {
    // Awaited here, or the site would be closed under it.
    await makeDueAgain(cli, site, { ...options, runAgain });
    return;
  }
  const found = {
    serving: await isServing(site.store.file),
    jobs: await site.queue.counts(),
    parked: await site.queue.parked(),
    mailboxes: await troubledMailboxes(site),
    subscriptions: await troubledSubscriptions(site),
    unreadReports: await unreadReports(site),
    templates: await brokenTemplates(site),
    peers: await listRefusals(site.store.db),
    strayKeys: await strayHere(site),
  };
  print(cli, options.json, found, [
    found.serving
      ? "The daemon serves this store."
      : "No daemon serves this store; start it: systemctl start usher",
    `Jobs: ${found.jobs.ready} waiting, ${found.jobs.leased} under way, ${found.jobs.parked} parked.`,
    ...parkedLines(found.parked),
    ...mailboxLines(found.mailboxes),
    ...subscriptionLines(found.subscriptions),
    ...reportLines(found.unreadReports),
    ...templateLines(found.templates),
    ...peerLines(found.peers),
    ...strayLines(found.strayKeys),
  ]);
}

async function brokenTemplates(site: Site): Promise<readonly TemplateProblem[]> {
  const { templateProblems } = await import("./template-check.ts");
  return templateProblems(site.config);
}

/** The address that reports about invitations come back to, where no watched mailbox receives for it; else null. */
async function unreadReports(site: Site): Promise<string | null> {
  const { smtp } = site.config;
  if (smtp === null) return null;
  const { receivesReports } = await import("../rooms.ts");
  for (const mailbox of await listMailboxes(site.store.db)) {
    if (await receivesReports(site, () => site.config, mailbox.account_id)) return null;
  }
  return smtp.bounces ?? smtp.from.address;
}

function reportLines(address: string | null): readonly string[] {
  if (address === null) return [];
  return [
    `Nobody reads what comes back to ${address}: whom invitations did not reach stays unknown.`,
    `  usher account add postmaster --address ${address}, then usher mailbox add postmaster`,
  ];
}

async function makeDueAgain(
  cli: Cli,
  site: Site,
  { runAgain: which, ...options }: DoctorOptions & { readonly runAgain: string },
): Promise<void> {
  if (which !== "all" && !/^\d{1,15}$/.test(which)) {
    throw new CommandError(`--run-again takes the number of a job or all, not ${which}`, exitCodes.usage);
  }
  const ids = which === "all" ? (await site.queue.parked()).map(({ id }) => id) : [Number(which)];
  for (const id of ids) {
    if (!(await site.queue.runAgain(id))) {
      throw new CommandError(`there is no parked job ${id}; usher doctor shows the parked ones`);
    }
  }
  const lines = ids.map((id) => `Job ${id} is due again.`);
  print(cli, options.json, { dueAgain: ids }, ids.length === 0 ? ["Nothing is parked."] : lines);
}

type Mailbox = Awaited<ReturnType<typeof troubledMailboxes>>[number];
type Subscription = Awaited<ReturnType<typeof troubledSubscriptions>>[number];

async function troubledMailboxes(site: Site) {
  return site.store.db
    .selectFrom("mailbox")
    .innerJoin("account", "account.id", "mailbox.account_id")
    .select(["account.name as account", "mailbox.state", "mailbox.state_reason as reason", "progress_at"])
    .where("mailbox.state", "!=", "active")
    .orderBy("account.name")
    .execute();
}

async function troubledSubscriptions(site: Site) {
  return site.store.db
    .selectFrom("subscription")
    .innerJoin("account", "account.id", "subscription.account_id")
    .select([
      "subscription.id",
      "account.name as account",
      "state",
      "detail",
      "failing_since",
      "next_check_at",
    ])
    .where("ended_at", "is", null)
    .where("state", "!=", "SUBSCRIBED")
    .orderBy("failing_since")
    .execute();
}

function parkedLines(parked: readonly JobView[]): string[] {
  if (parked.length === 0) return [];
  const rows = parked.map((job) => [
    String(job.id),
    job.kind,
    job.owner ?? "(site)",
    job.subject,
    String(job.attempts),
    job.lastError ?? "",
  ]);
  return [
    "",
    "Parked work waits for you. Mend the reason, then: usher doctor --run-again JOB (or all)",
    ...table(["job", "work", "account", "about", "tries", "reason"], rows),
  ];
}

function mailboxLines(mailboxes: readonly Mailbox[]): string[] {
  if (mailboxes.length === 0) return [];
  const rows = mailboxes.map((row) => [row.account, row.state, whenText(row.progress_at), row.reason ?? ""]);
  return [
    "",
    "Mailboxes that are not watched now:",
    ...table(["account", "state", "last seen", "reason"], rows),
  ];
}

function templateLines(problems: readonly TemplateProblem[]): string[] {
  if (problems.length === 0) return [];
  return [
    "",
    "Templates with mistakes; mail goes out with those that were used last, or with Usher's own:",
    ...problems.map(problemText),
  ];
}

function peerLines(refusals: readonly PeerRefusal[]): string[] {
  if (refusals.length === 0) return [];
  const rows = refusals.map(({ host, sinceMs, lastMs, because }) => [
    host,
    whenText(sinceMs),
    whenText(lastMs),
    because,
  ]);
  return [
    "",
    "Servers whose requests do not verify and are refused. The way out: usher doctor peer HOST",
    ...table(["host", "since", "last", "why"], rows),
  ];
}

function subscriptionLines(subscriptions: readonly Subscription[]): string[] {
  if (subscriptions.length === 0) return [];
  const rows = subscriptions.map((row) => [
    row.id,
    row.account,
    row.state,
    whenText(row.failing_since),
    whenText(row.next_check_at),
    row.detail ?? "",
  ]);
  return [
    "",
    "Subscriptions that do not stand well:",
    ...table(["id", "account", "state", "since", "next check", "why"], rows),
  ];
}
