import type { OutboundClient } from "./http/outbound.ts";
import { createMailParser } from "./mail/mail-parser.ts";
import { mailReaders } from "./protocols/mail-readers.ts";
import { createProtocols } from "./protocols/protocols.ts";
import { inspectMail } from "./receiving/inspect.ts";
import { createReadMessage, type ReadingParts } from "./receiving/read-message.ts";
import { receivingParts } from "./receiving-parts.ts";
import type { CurrentConfig, Room } from "./room.ts";
import type { Site } from "./site.ts";

/** What reads mail has no way out: no request follows from a mail (law 3). */
const noWayOut: OutboundClient = {
  request: async () => {
    throw new Error("A mail that is only read must not cause a request.");
  },
};

/** What reads found mails and judges them. */
export function createReading(
  site: Site,
  current: CurrentConfig,
  withSession: ReadingParts["withSession"],
): Room {
  const parser = createMailParser();
  const parts = receivingParts(site, createProtocols({ http: noWayOut }), current);
  return {
    workers: {
      "read-message": createReadMessage({
        ...parts,
        withSession,
        parse: async (prefix, scope) => parser.parse(prefix, scope),
        inspect: (mail, forAddresses) =>
          inspectMail(mail, mailReaders, {
            trustedAuthservIds: parts.settings().trustedAuthservIds,
            forAddresses,
          }),
      }),
    },
    [Symbol.asyncDispose]: async () => parser[Symbol.asyncDispose](),
  };
}
