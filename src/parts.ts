import type { Config } from "./config/config.ts";
import { createGuardedClient } from "./http/guarded-client.ts";
import type { OutboundClient } from "./http/outbound.ts";
import type { JobQueue, Workers } from "./jobs/queue.ts";
import { rulesByPresence, type ScanRules } from "./mailbox/scan-rules.ts";
import { createInvitationWriter } from "./mail/invitation-writer.ts";
import type { MailParser } from "./mail/mail-parser.ts";
import { createSmtpTransport } from "./mail/smtp-transport.ts";
import { createTemplates } from "./mail/templates.ts";
import { createProtocols, mailReaders } from "./protocols/protocols.ts";
import { createCheck, createSweep } from "./receiving/check.ts";
import { createFollow } from "./receiving/follow.ts";
import { createLeave } from "./receiving/leave.ts";
import { inspectMail } from "./receiving/inspect.ts";
import type { ReceivingParts } from "./receiving/parts.ts";
import { createReadMessage, type ReadingParts } from "./receiving/read-message.ts";
import type { SharingParts } from "./sharing/parts.ts";
import type { Site } from "./site.ts";
import { newId } from "./store/ids.ts";

/** Asked anew each time: a reload counts for the next mail and the next request. */
export type CurrentConfig = () => Config;

/** The guarded way out to origins, told to the log. */
export function openWayOut(site: Site, current: CurrentConfig): OutboundClient & AsyncDisposable {
  return createGuardedClient({
    settings: () => current().outbound,
    log: ({ kind, host, reason, code }) => site.log.info(`outbound-${kind}`, { host, reason, code }),
  });
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

/** What the sharing flow needs; the transport is disposed with the stack it is used in. */
export function sharingParts(site: Site, stack: AsyncDisposableStack, current: CurrentConfig): SharingParts {
  const transport = stack.use(createSmtpTransport(() => current().smtp));
  let templates = createTemplates(current().templates.directory);
  let directory = current().templates.directory;
  function currentTemplates(): typeof templates {
    if (directory !== current().templates.directory) {
      directory = current().templates.directory;
      templates = createTemplates(directory);
    }
    return templates;
  }
  return {
    ...site,
    transport,
    writeInvitation: createInvitationWriter(currentTemplates),
    sender: () => current().smtp?.from ?? null,
    newId,
    random: Math.random,
  };
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
