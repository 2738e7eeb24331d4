import { isSameAddress } from "./domain/address.ts";
import { mayBeReport, reportFields } from "./domain/bounce-address.ts";
import type { JobKind, JobQueue, Worker, Workers } from "./jobs/queue.ts";
import { rulesByPresence, rulesByText, rulesWithReports, type ScanRules } from "./mailbox/scan-rules.ts";
import type { WithSession } from "./mailbox/session.ts";
import type { Origins } from "./origins.ts";
import { mailReaders } from "./protocols/mail-readers.ts";
import type { CurrentConfig, Room } from "./room.ts";
import type { Site } from "./site.ts";
import { listAddresses } from "./store/accounts.ts";

/**
 * What a scan looks for: header fields that some protocol knows a mail by, and texts that may announce a share. Found
 * mails are read by a job each.
 */
function scanRules(queue: JobQueue): ScanRules {
  const fields = mailReaders.flatMap(({ headers }) => headers);
  const byFields = rulesByPresence(fields, async (db, found) => {
    for (const { id, mailbox_id: mailboxId } of found) {
      const lane = `mailbox/${mailboxId}`;
      await queue.enqueue(db, { kind: "read-message", subject: id, lane, uniqueKey: `read/${id}` });
    }
  });
  return rulesByText(byFields, (text) => mailReaders.some((reader) => reader.mayAnnounce(text)));
}

/** What a scan looks for in the mailboxes of an account: where mail comes back to one of its addresses, reports too. */
export function accountRules(site: Site, current: CurrentConfig): (accountId: string) => Promise<ScanRules> {
  const shares = scanRules(site.queue);
  const reports = rulesWithReports(shares, { fields: reportFields, isCandidate: mayBeReport });
  return async (accountId) => ((await receivesReports(site, current, accountId)) ? reports : shares);
}

/** Whether reports about invitations come back to one of the account's addresses. */
export async function receivesReports(
  { store }: Site,
  current: CurrentConfig,
  accountId: string,
): Promise<boolean> {
  const { smtp, addresses: rules } = current();
  if (smtp === null) return false;
  const own = await listAddresses(store.db, accountId);
  return own.some(({ address }) => isSameAddress(address, smtp.bounces ?? smtp.from.address, rules));
}

/** A part of the daemon that is loaded when it is first needed, so that an idle daemon is small and ready at once. */
export interface LazyRoom<Opened extends Room> {
  readonly workers: Workers;
  /** Loads it, unless it was loaded before. */
  open(): Promise<Opened>;
}

/** Reads found mails over connections that `withSession` lends, and does what mailboxes show and ask for. */
export function lazyReading(
  stack: AsyncDisposableStack,
  site: Site,
  current: CurrentConfig,
  withSession: WithSession,
): LazyRoom<Room> {
  return lazily(stack, ["read-message", "read-answer", "mark-message"], async () => {
    const { createReading } = await import("./reading.ts");
    return createReading(site, current, withSession);
  });
}

/** Does all that is done at origins, home servers and other Cozys. */
export function lazyOrigins(
  stack: AsyncDisposableStack,
  site: Site,
  current: CurrentConfig,
): LazyRoom<Origins> {
  const kinds = [
    "follow",
    "check-subscription",
    "leave",
    "refuse",
    "tell-member",
    "tell-peer",
    "sweep-federation",
  ] as const;
  return lazily(stack, kinds, async () => {
    const { createOrigins } = await import("./origins.ts");
    return createOrigins(site, current);
  });
}

/** Sends invitations and notices. */
export function lazySending(stack: AsyncDisposableStack, site: Site, current: CurrentConfig): LazyRoom<Room> {
  return lazily(stack, ["send-invitation", "send-notice", "send-sharer-notice"], async () => {
    const { createSending } = await import("./sending.ts");
    return createSending(site, current);
  });
}

function lazily<Opened extends Room>(
  stack: AsyncDisposableStack,
  kinds: readonly JobKind[],
  load: () => Promise<Opened>,
): LazyRoom<Opened> {
  let loading: Promise<Opened> | null = null;
  async function open(): Promise<Opened> {
    return (loading ??= load());
  }
  // Now and not when it is loaded: whatever asks it in between ends before it does.
  stack.defer(async () => {
    const room = await loading?.catch(() => null);
    await room?.[Symbol.asyncDispose]();
  });
  const workerOf =
    (kind: JobKind): Worker =>
    async (job, signal) => {
      const { workers } = await open();
      const worker = workers[kind];
      if (worker === undefined) throw new Error(`The room of ${kind} has no worker for it.`);
      return worker(job, signal);
    };
  return { workers: Object.fromEntries(kinds.map((kind) => [kind, workerOf(kind)])), open };
}
