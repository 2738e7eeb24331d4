import { addressKey } from "../domain/address.ts";
import { recipientsWithMails, type RecipientMails } from "../store/invited.ts";
import { cozySharingOfMails } from "../store/cozy-sharings.ts";
import { readSharing, type SharingRow } from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import type { Sharing } from "./plan-mails.ts";

/** Whom something is done about. */
export interface Chosen {
  readonly sharingId: string;
  /** One of its recipients, by id or address; null for all. */
  readonly recipient: string | null;
  /** Who asks, for the record. */
  readonly by: string;
}

/** What came of something that was asked for about recipients of a sharing. */
export type Acted =
  | {
      readonly kind: "done";
      /** Addresses whom it concerned. */
      readonly done: readonly string[];
      /** Those whom it did not, and why, for a person. */
      readonly left: readonly { readonly address: string; readonly because: string }[];
    }
  | { readonly kind: "refused"; readonly because: string; readonly detail: string };

export interface FoundSharing {
  readonly sharing: SharingRow;
  readonly about: Sharing;
  readonly recipients: readonly RecipientMails[];
}

export type Found =
  | { readonly kind: "found"; readonly found: FoundSharing }
  | Extract<Acted, { kind: "refused" }>;

/** The sharing and those of its recipients who are meant; refused where there are none. */
export async function findChosen(db: Db, { sharingId, recipient }: Chosen): Promise<Found> {
  const sharing = await readSharing(db, sharingId);
  if (sharing === undefined) return refuse("no-such-sharing", "There is no such sharing.");
  const recipients = await recipientsOf(db, sharingId, recipient);
  if (recipients.length === 0) {
    return refuse("no-such-recipient", "The sharing invites nobody of this address; look who it invites.");
  }
  const about = { accountId: sharing.account_id, sharingId };
  return { kind: "found", found: { sharing, about, recipients } };
}

async function recipientsOf(
  db: Db,
  sharingId: string,
  recipient: string | null,
): Promise<readonly RecipientMails[]> {
  if (recipient === null) return recipientsWithMails(db, sharingId);
  // Addresses at clouds may have forms that mail addresses have not.
  const key = addressKey(recipient) ?? (recipient.includes("@") ? recipient : null);
  return recipientsWithMails(db, sharingId, key === null ? { id: recipient } : { addressKey: key });
}

export function refuse(because: string, detail: string): Extract<Acted, { kind: "refused" }> {
  return { kind: "refused", because, detail };
}

/** Who is invited to a sharing between Cozys, and until when, its protocol decides. */
export async function whyOfCozys(
  db: Db,
  { id }: Pick<SharingRow, "id">,
): Promise<Extract<Acted, { kind: "refused" }> | null> {
  const cozy = await cozySharingOfMails(db, id);
  if (cozy === undefined) return null;
  return refuse(
    "cozy-sharing",
    `This is a sharing between Cozys, which have to be told; change it with usher sharing cozy, as ${cozy.id}.`,
  );
}

/** Nothing more is sent about a sharing that has ended. */
export function whyEnded({ revoked_at: revokedAt }: SharingRow): Extract<Acted, { kind: "refused" }> | null {
  if (revokedAt === null) return null;
  return refuse("sharing-ended", "The sharing was revoked or has ended; share anew.");
}
