import type { Config } from "./config/config.ts";
import type { OutboundClient } from "./http/outbound.ts";
import type { JobQueue, Worker, Workers } from "./jobs/queue.ts";
import { rulesByPresence, type ScanRules } from "./mailbox/scan-rules.ts";
import type { MailParser } from "./mail/mail-parser.ts";
import { mailReaders } from "./protocols/mail-readers.ts";
import { createProtocols } from "./protocols/protocols.ts";
import { createCheck, createSweep } from "./receiving/check.ts";
import { createFollow } from "./receiving/follow.ts";
import { createLeave } from "./receiving/leave.ts";
import { inspectMail } from "./receiving/inspect.ts";
import type { ReceivingParts } from "./receiving/parts.ts";
import { createReadMessage, type ReadingParts } from "./receiving/read-message.ts";
import type { Site } from "./site.ts";
import { newId } from "./store/ids.ts";

/** Asked anew each time: a reload counts for the next mail and the next request. */
export type CurrentConfig = () => Config;

/** The guarded way out to origins, told to the log. Loaded with the first request: an idle daemon stays small. */
export function openWayOut(site: Site, current: CurrentConfig): OutboundClient & AsyncDisposable {
  let opened: Promise<OutboundClient & AsyncDisposable> | null = null;
  async function open(): Promise<OutboundClient & AsyncDisposable> {
    const { createGuardedClient } = await import("./http/guarded-client.ts");
    return createGuardedClient({
      settings: () => current().outbound,
      log: ({ kind, host, reason, code }) => site.log.info(`outbound-${kind}`, { host, reason, code }),
    });
  }
  return {
    request: async (ask) => (await (opened ??= open())).request(ask),
    [Symbol.asyncDispose]: async () => (await opened)?.[Symbol.asyncDispose](),
  };
}

/** What the receiving flow needs. */
export function receivingParts(site: Site, http: OutboundClient, current: CurrentConfig): ReceivingParts {
  return {
    ...site,
    protocols: createProtocols({
      http,
      userAgent: () => current().outbound.userAgent,
      addressRules: () => current().addresses,
    }),
    settings: () => {
      const { policy, trustedAuthservIds, subscriptions } = current();
      return { policy, trustedAuthservIds, ...subscriptions };
    },
    tell: (event, fields) => site.log.info(event, fields),
    newId,
    random: Math.random,
  };
}

/** What a scan looks for: header fields that some protocol knows a mail by. Found mails are read by a job each. */
export function scanRules(queue: JobQueue): ScanRules {
  const fields = mailReaders.flatMap(({ headers }) => headers);
  return rulesByPresence(fields, async (db, found) => {
    for (const { id, mailbox_id: mailboxId } of found) {
      const lane = `mailbox/${mailboxId}`;
      await queue.enqueue(db, { kind: "read-message", subject: id, lane, uniqueKey: `read/${id}` });
    }
  });
}

/** The worker that reads found mails over connections that `withSession` lends. */
export function readingWorkers(
  receiving: ReceivingParts,
  parser: MailParser,
  withSession: ReadingParts["withSession"],
): Workers {
  return {
    "read-message": createReadMessage({
      ...receiving,
      withSession,
      parse: async (prefix, scope) => parser.parse(prefix, scope),
      inspect: (mail, forAddresses) =>
        inspectMail(mail, mailReaders, {
          trustedAuthservIds: receiving.settings().trustedAuthservIds,
          forAddresses,
        }),
    }),
  };
}

/** Everything that is done at origins and home servers. */
export function originWorkers(parts: ReceivingParts): Workers {
  return {
    follow: createFollow(parts),
    "check-subscription": createCheck(parts),
    leave: createLeave(parts),
    "sweep-subscriptions": createSweep(parts),
  };
}

/** The worker that sends invitations. What it needs is loaded with the first one. */
export function sendingWorkers(site: Site, stack: AsyncDisposableStack, current: CurrentConfig): Workers {
  let loaded: Promise<Worker> | null = null;
  async function load(): Promise<Worker> {
    const { createSending } = await import("./sending.ts");
    const sending = createSending(site, current);
    stack.use(sending);
    return sending.worker;
  }
  return { "send-invitation": async (job, signal) => (await (loaded ??= load()))(job, signal) };
}

/** The origin workers for a command that does its work itself because no daemon serves. */
export function openOriginWorkers(site: Site): { readonly workers: Workers } & AsyncDisposable {
  const current = (): Config => site.config;
  const http = openWayOut(site, current);
  return {
    workers: originWorkers(receivingParts(site, http, current)),
    [Symbol.asyncDispose]: async () => http[Symbol.asyncDispose](),
  };
}
