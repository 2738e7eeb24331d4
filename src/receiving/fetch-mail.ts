import { limits } from "../domain/limits.ts";
import { MailboxError, type MailboxSession, type SlimMail, type WithSession } from "../mailbox/session.ts";
import type { MessageRow } from "../store/messages.ts";

export interface FetchingParts {
  readonly withSession: WithSession;
  /** Whether the server puts junk there (RFC 6154). */
  readonly isJunkFolder: (session: MailboxSession, folder: string) => Promise<boolean>;
}

export type FetchedMail =
  | {
      readonly kind: "read";
      readonly slim: SlimMail;
      readonly flags: readonly string[];
      readonly isJunkFolder: boolean;
    }
  | { readonly kind: "gone"; readonly because: string }
  | NotNow;

/** The mailbox could not be asked. */
export interface NotNow {
  readonly kind: "not-now";
  readonly because: string;
  /** The server refused this mail, and may do so for ever; anything else says nothing about the mail. */
  readonly isRefusal: boolean;
}

type Place = Pick<MessageRow, "mailbox_id" | "folder" | "uid_validity" | "uid">;

/** Reads of one mail what decides about it, from where a scan found it. */
export async function fetchMail(place: Place, parts: FetchingParts): Promise<FetchedMail> {
  try {
    return await parts.withSession(place.mailbox_id, async (session) => {
      const status = await session.open(place.folder);
      if (status.uidValidity !== place.uid_validity) return { kind: "gone", because: "uidvalidity-changed" };
      const slim = await session.slim(place.uid);
      const flags = slim === null ? null : await session.flags(place.uid);
      if (slim === null || flags === null) return { kind: "gone", because: "mail-moved-or-deleted" };
      return { kind: "read", slim, flags, isJunkFolder: await parts.isJunkFolder(session, place.folder) };
    });
  } catch (error) {
    if (!(error instanceof MailboxError)) throw error;
    if (error.reason === "no-such-folder") return { kind: "gone", because: "no-such-folder" };
    return notNow(error);
  }
}

/** What an error of the mailbox means for the mail that was to be read. */
export function notNow({ reason }: MailboxError): NotNow {
  return { kind: "not-now", because: `mailbox: ${reason}`, isRefusal: reason === "refused" };
}

/** The whole mail, for its signature; null where it is too large or gone. Throws MailboxError. */
export async function fetchWhole(place: Place, slim: SlimMail, parts: FetchingParts): Promise<Buffer | null> {
  if (slim.isWhole) return slim.raw;
  if (slim.sizeBytes > limits.dkimMailBytes) return null;
  return parts.withSession(place.mailbox_id, async (session) => {
    const status = await session.open(place.folder);
    if (status.uidValidity !== place.uid_validity) return null;
    return session.prefix(place.uid, limits.dkimMailBytes);
  });
}
