import { accept, type Answered, ignore, refuse } from "../receiving/answer.ts";
import type { ReceivingParts } from "../receiving/parts.ts";
import type { Site } from "../site.ts";
import { notificationsByPrefix, readNotification } from "../store/notifications.ts";
import { notificationView } from "../store/views.ts";
import { type Cli, CommandError, print } from "./command.ts";
import { theOne } from "./found.ts";
import { type PasswordSource, readPassword } from "./password.ts";
import { settle } from "./settle.ts";
import { openSite } from "./site.ts";

interface AnswerOptions {
  readonly notify?: true;
  readonly json?: true;
}

export type AcceptOptions = AnswerOptions & PasswordSource & { readonly wait?: true; readonly trust?: true };

type Planned = Extract<Answered, { readonly kind: "planned" }>;

const by = "command line";

/** `usher notification accept`. A refused `--trust` is told, and changes nothing about the acceptance. */
export async function acceptOne(cli: Cli, typed: string, options: AcceptOptions): Promise<void> {
  await using site = await openSite(cli);
  const id = await idOf(site, typed);
  const password = await readPassword(cli, options);
  const answer = { by, notify: options.notify === true, password, trust: options.trust === true };
  const { trust } = planned(await accept(await partsOf(site), id, answer), id);
  if (trust?.kind === "trusted") cli.io.err(`usher: note: ${trust.address} is trusted from now on.`);
  if (trust?.kind === "not-trusted") cli.io.err(`usher: not trusted: ${trust.because}.`);
  if (options.wait !== true) {
    const next = "It is carried out as soon as the daemon runs; usher notification show tells the outcome.";
    print(cli, options.json, { id, state: "accepted", trust }, [`${id} is accepted. ${next}`]);
    return;
  }
  await settle(cli, site, { kinds: ["follow"], subject: id });
  await tellOutcome(cli, site, id, options);
}

async function tellOutcome(cli: Cli, site: Site, id: string, options: AnswerOptions): Promise<void> {
  const after = await readNotification(site.store.db, id);
  if (after === undefined) throw new CommandError(`the notification ${id} is gone: its account was removed`);
  const why = after.detail ?? after.reason ?? "";
  print(cli, options.json, notificationView(after), [
    `${id} is ${after.state}${why === "" ? "." : `: ${why}`}`,
  ]);
  if (after.state === "followed") return;
  const wayOut =
    after.state === "needs-password" ? `; usher notification accept ${id} --password-file FILE gives it` : "";
  throw new CommandError(`${id} is not followed${wayOut}`);
}

/** `usher notification ignore` */
export async function ignoreOne(cli: Cli, typed: string, options: AnswerOptions): Promise<void> {
  await using site = await openSite(cli);
  const id = await idOf(site, typed);
  const answer = { by, notify: options.notify === true };
  const { state } = planned(await ignore(await partsOf(site), id, answer), id);
  print(cli, options.json, { id, state }, [`${id} is ignored. Its origin hears nothing.`]);
}

/** `usher notification refuse` */
export async function refuseOne(cli: Cli, typed: string, options: AnswerOptions): Promise<void> {
  await using site = await openSite(cli);
  const id = await idOf(site, typed);
  const answer = { by, notify: options.notify === true };
  const { state, note } = planned(await refuse(await partsOf(site), id, answer), id);
  const line = `${id} is refused; its origin is told as soon as the daemon runs.`;
  print(cli, options.json, { id, state, note }, [note === null ? line : `${id} is ${state}. ${note}`]);
}

async function idOf(site: Site, typed: string): Promise<string> {
  return theOne(await notificationsByPrefix(site.store.db, typed), typed, "notification").id;
}

async function partsOf(site: Site): Promise<ReceivingParts> {
  const { answering } = await import("../answering.ts");
  return answering(site, () => site.config);
}

function planned(answered: Answered, id: string): Planned {
  if (answered.kind === "planned") return answered;
  if (answered.kind === "not-found") throw new CommandError(`there is no notification ${id}`);
  throw new CommandError(`nothing was changed about ${id}: ${answered.why}`);
}
