import { randomUUID } from "node:crypto";
import { Secret } from "../../src/config/secret.ts";
import type { Smtp } from "../../src/config/config.ts";
import type { InvitationLetter } from "../../src/domain/invitation.ts";
import type { WrittenLetter } from "../../src/domain/letter.ts";
import type { JobQueue } from "../../src/jobs/queue.ts";
import type { MailTransport } from "../../src/mail/transport.ts";
import type { SharingParts } from "../../src/sharing/parts.ts";
import { newId } from "../../src/store/ids.ts";
import { createSealer } from "../../src/store/sealing.ts";
import type { Store } from "../../src/store/store.ts";
import { openSettings } from "./parts.ts";

/** What sending is given where the words of a mail do not matter; written twice, a mail is two different ones. */
export function sendingParts(given: {
  readonly store: Store;
  readonly queue: JobQueue;
  readonly key: string;
  readonly transport: MailTransport;
  readonly smtp: Smtp;
}): SharingParts {
  const { store, queue, key, transport, smtp } = given;
  return {
    store,
    queue,
    transport,
    newId,
    sealer: createSealer(new Secret(key)),
    writeInvitation: plainLetter,
    tell: () => undefined,
    sender: () => smtp.from,
    bounces: () => null,
    settings: () => openSettings,
    random: Math.random,
  };
}

async function plainLetter({ messageId, site, facts }: InvitationLetter): Promise<WrittenLetter> {
  const lines = [
    `From: ${site.address}`,
    `To: ${facts.recipient.address}`,
    `Message-ID: ${messageId}`,
    "",
    randomUUID(),
    "",
  ];
  return Promise.resolve({ kind: "written", raw: Buffer.from(lines.join("\r\n")) });
}
