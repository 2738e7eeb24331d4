import type { MailServer } from "../config/config.ts";
import { Secret } from "../config/secret.ts";
import type { MailboxRow } from "../store/mailboxes.ts";
import { SealError, type Sealer, type SealPlace } from "../store/sealing.ts";
import type { ImapTarget } from "./imap-target.ts";
import { MailboxError } from "./session.ts";

/** Where the password of a mailbox is sealed. */
export function mailboxPasswordPlace(id: string): SealPlace {
  return { table: "mailbox", row: id, column: "password_sealed" };
}

/** How to reach the mailbox of a row. Throws MailboxError `unusable` where configuration or key do not fit the row. */
export function targetOf(
  row: MailboxRow,
  mailServers: Readonly<Record<string, MailServer>>,
  sealer: Sealer,
): ImapTarget {
  const server = Object.hasOwn(mailServers, row.server) ? mailServers[row.server] : undefined;
  if (server === undefined) {
    throw new MailboxError(
      "unusable",
      `Mail server ${row.server} is not in the configuration; add it under mailServers, or remove the mailbox.`,
    );
  }
  return { server, login: row.login, password: passwordOf(row, sealer) };
}

function passwordOf(row: MailboxRow, sealer: Sealer): Secret | null {
  if (row.auth === "master" || row.password_sealed === null) return null;
  try {
    return new Secret(sealer.open(row.password_sealed, mailboxPasswordPlace(row.id)));
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    throw new MailboxError("unusable", error.message, { cause: error });
  }
}
