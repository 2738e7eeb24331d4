import { recipientAfter } from "../domain/recipient.ts";
import { readRecipient } from "../store/invited.ts";
import { mute as muteAddress } from "../store/mutes.ts";
import { addRecord, hasHappened } from "../store/records.ts";
import { type RecipientRow, readSharing, setRecipientState, type SharingRow } from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import { liftSuppression } from "../store/suppressions.ts";
import type { PlanningParts } from "./parts.ts";
import { linkOf } from "./write-invitation.ts";

/** What came of a recipient's answer; the same answer given twice counts once. */
export type RecipientAnswered =
  | { readonly kind: "done" }
  /** The sharing has ended for him. */
  | { readonly kind: "ended"; readonly because: "revoked" | "expired" }
  | { readonly kind: "not-found" };

interface Place {
  readonly recipient: RecipientRow;
  readonly sharing: SharingRow;
}

/** A recipient follows the sharing, or does not want it. In the caller's transaction. */
export async function recipientAnswered(
  db: Db,
  recipientId: string,
  { answer, by }: { readonly answer: "accepted" | "refused"; readonly by: string },
): Promise<RecipientAnswered> {
  const place = await placeOf(db, recipientId);
  if (place === undefined) return { kind: "not-found" };
  const { recipient } = place;
  if (recipient.state === "revoked") return endOf(recipient);
  const state = recipientAfter(recipient.state, answer);
  if (state === recipient.state) return { kind: "done" };
  await setRecipientState(db, recipientId, { state, reason: null });
  await addRecord(db, aboutOf(place), "outcome", { what: answer, by });
  // Whoever follows the sharing has read a mail there.
  if (answer === "accepted") await liftSuppression(db, recipient.address_key);
  return { kind: "done" };
}

export type Opened =
  /** `link` is a secret. */
  { readonly kind: "opened"; readonly link: string } | Exclude<RecipientAnswered, { kind: "done" }>;

/** A recipient wants to see what is shared. That he did is on record once; whether he stays, the share's own server knows. */
export async function openInvitation(
  db: Db,
  recipientId: string,
  parts: Pick<PlanningParts, "sealer">,
): Promise<Opened> {
  const place = await placeOf(db, recipientId);
  if (place === undefined) return { kind: "not-found" };
  if (place.recipient.state === "revoked") return endOf(place.recipient);
  if (!(await hasHappened(db, recipientId, "page-opened"))) {
    await addRecord(db, aboutOf(place), "outcome", { what: "page-opened" });
  }
  return { kind: "opened", link: linkOf(place, parts) };
}

/** A recipient wants no more invitations of the account that shares. What is shared with him stays. */
export async function muteSharer(db: Db, recipientId: string): Promise<RecipientAnswered> {
  const place = await placeOf(db, recipientId);
  if (place === undefined) return { kind: "not-found" };
  const { recipient, sharing } = place;
  if (await muteAddress(db, sharing.account_id, recipient.address_key)) {
    await addRecord(db, aboutOf(place), "outcome", { what: "muted", by: "recipient" });
  }
  return { kind: "done" };
}

async function placeOf(db: Db, recipientId: string): Promise<Place | undefined> {
  const recipient = await readRecipient(db, recipientId);
  const sharing = recipient && (await readSharing(db, recipient.sharing_id));
  return recipient === undefined || sharing === undefined ? undefined : { recipient, sharing };
}

function aboutOf({ recipient, sharing }: Place) {
  return { accountId: sharing.account_id, sharingId: sharing.id, recipientId: recipient.id };
}

function endOf({ reason }: RecipientRow): Extract<RecipientAnswered, { kind: "ended" }> {
  return { kind: "ended", because: reason === "expired" ? "expired" : "revoked" };
}
