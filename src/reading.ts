import { createDkimCheck } from "./mail/dkim.ts";
import { createMailParser } from "./mail/mail-parser.ts";
import { isJunkFolder } from "./mailbox/junk.ts";
import type { WithSession } from "./mailbox/session.ts";
import type { SharingEvent } from "./sharing/parts.ts";
import { takeReport } from "./sharing/take-report.ts";
import { answering } from "./answering.ts";
import { mailReaders } from "./protocols/mail-readers.ts";
import { inspectMail } from "./receiving/inspect.ts";
import { createMarkMessage } from "./receiving/mark-message.ts";
import { planNotice } from "./receiving/notices.ts";
import { createReadAnswer } from "./receiving/read-answer.ts";
import { createReadMessage, type ReadingParts } from "./receiving/read-message.ts";
import { registrableDomain } from "./receiving/registrable-domain.ts";
import { createWeigh } from "./receiving/weigh.ts";
import { noticeParts } from "./receiving-parts.ts";
import type { CurrentConfig, Room } from "./room.ts";
import type { Site } from "./site.ts";

/** What reads mails and recognises what they say. No request follows from a mail: only name servers are asked for keys. */
export interface Reading extends AsyncDisposable {
  readonly parts: ReadingParts;
}

export function openReading(site: Site, current: CurrentConfig, withSession: WithSession): Reading {
  const stack = new AsyncDisposableStack();
  const parser = stack.use(createMailParser());
  const dkim = stack.use(createDkimCheck({ registrableDomain }));
  const parts = answering(site, current);
  return {
    parts: {
      ...parts,
      withSession,
      isJunkFolder,
      parse: async (raw, scope) => parser.parse(raw, scope),
      takeReport: async (db, mail) =>
        takeReport(db, mail, {
          ...site,
          newId: parts.newId,
          sender: () => current().smtp?.from ?? null,
          tell: (event: SharingEvent, fields) => site.log.info(event, fields),
        }),
      weigh: createWeigh({ ...parts, readers: mailReaders, verify: async (raw) => dkim.verify(raw) }),
      inspect: (mail, forAddresses) =>
        inspectMail(mail, mailReaders, {
          trustedAuthservIds: parts.settings().trustedAuthservIds,
          forAddresses,
        }),
    },
    [Symbol.asyncDispose]: async () => stack.disposeAsync(),
  };
}

/** What reads found mails and judges them, takes the answers given by moving mails, and shows states in mailboxes. */
export function createReading(site: Site, current: CurrentConfig, withSession: WithSession): Room {
  const reading = openReading(site, current, withSession);
  const { parts } = reading;
  const readMail = createReadMessage(parts);
  const markMail = createMarkMessage({ ...parts, keywords: () => current().mailbox.keywords });
  return {
    workers: {
      "read-message": readMail,
      "read-answer": createReadAnswer({
        ...parts,
        readMail,
        markMail,
        explain: async (db, { notificationId, why }) => {
          const wanted = { notificationId, kind: "failed", cause: `unanswered/${why}`, detail: why } as const;
          await planNotice(db, wanted, noticeParts(site, current));
        },
      }),
      "mark-message": markMail,
    },
    [Symbol.asyncDispose]: async () => reading[Symbol.asyncDispose](),
  };
}
