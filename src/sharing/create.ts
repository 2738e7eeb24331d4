import { createHash } from "node:crypto";
import { addressDomain } from "../domain/address.ts";
import { invitationMessageId } from "../domain/invitation.ts";
import {
  type CheckedSharing,
  checkSharing,
  type SharingProblem,
  type SharingRequest,
} from "../domain/sharing-request.ts";
import { addRecord } from "../store/records.ts";
import {
  followedShareKeys,
  insertSharing,
  type InvitationRow,
  readSharer,
  type RecipientRow,
  type Sharer,
  type SharingRow,
} from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import type { SharingParts } from "./parts.ts";

export interface NewSharingRequest extends SharingRequest {
  /** Name of the account that shares. */
  readonly account: string;
  /** Language of the invitations; null takes the account's. */
  readonly locale: string | null;
}

export type Created =
  | { readonly kind: "created"; readonly id: string; readonly recipients: number }
  | { readonly kind: "refused"; readonly problems: readonly SharingProblem[] };

type CreateParts = Pick<SharingParts, "store" | "sealer" | "queue" | "sender" | "newId">;

/** Plans a sharing: its recipients, their invitations and the work of sending them, all or nothing. */
export async function createSharing(parts: CreateParts, request: NewSharingRequest): Promise<Created> {
  const checked = checkSharing(request);
  if (!checked.ok) return { kind: "refused", problems: checked.problems };
  const domain = addressDomain(parts.sender()?.address ?? "");
  if (domain === null) return refused(noSender);
  return parts.store.transaction(async (db) => {
    const sharer = await readSharer(db, { name: request.account });
    if (sharer === undefined) return refused(noAccount(request.account));
    if (await isFollowed(db, sharer, checked.sharing)) return refused(resharing);
    const locale = request.locale ?? sharer.locale;
    const rows = planRows(checked.sharing, { parts, sharer, locale, domain });
    await insertSharing(db, rows);
    await addRecord(db, { accountId: sharer.id, sharingId: rows.sharing.id }, "decision", {
      action: "share",
      recipients: rows.recipients.length,
      locale,
    });
    for (const invitation of rows.invitations) {
      await parts.queue.enqueue(db, {
        kind: "send-invitation",
        subject: invitation.id,
        lane: "smtp",
        uniqueKey: `send/${invitation.id}`,
      });
    }
    return { kind: "created", id: rows.sharing.id, recipients: rows.recipients.length };
  });
}

interface Plan {
  readonly parts: CreateParts;
  readonly sharer: Sharer;
  readonly locale: string;
  /** Domain of the site's own address. */
  readonly domain: string;
}

interface Rows {
  readonly sharing: SharingRow;
  readonly recipients: readonly RecipientRow[];
  readonly invitations: readonly InvitationRow[];
}

function planRows(checked: CheckedSharing, { parts, sharer, locale, domain }: Plan): Rows {
  const nowMs = Date.now();
  const id = parts.newId("h");
  const recipients = checked.recipients.map(({ address, key }, place) => ({
    id: parts.newId("r"),
    sharing_id: id,
    address_key: key,
    address,
    name: null,
    locale,
    state: "pending" as const,
    reason: null,
    // Keeps the order of the request.
    created_at: nowMs + place,
    updated_at: nowMs,
    told_by: null,
    link_sealed: null,
  }));
  const link = parts.sealer.seal(checked.link, { table: "sharing", row: id, column: "link_sealed" });
  return {
    sharing: {
      id,
      account_id: sharer.id,
      title: checked.title,
      link_sealed: link,
      message: checked.message,
      created_at: nowMs,
      expires_at: null,
      revoked_at: null,
    },
    recipients,
    invitations: recipients.map((recipient) => newInvitation(parts.newId("i"), recipient.id, domain, nowMs)),
  };
}

function newInvitation(id: string, recipientId: string, domain: string, nowMs: number): InvitationRow {
  return {
    id,
    recipient_id: recipientId,
    template: "invitation",
    message_id: invitationMessageId(id, domain),
    in_reply_to: null,
    fate: null,
    fate_status: null,
    fate_at: null,
    raw_sealed: null,
    state: "planned",
    attempts: 0,
    unknown_attempts: 0,
    reply: null,
    created_at: nowMs,
    sent_at: null,
  };
}

/** A link carries its share id as one piece of its path or query: what the account follows is known by that id's hash. */
async function isFollowed(db: Db, sharer: Sharer, { link, origin }: CheckedSharing): Promise<boolean> {
  const followed = await followedShareKeys(db, sharer.id, origin);
  if (followed.size === 0) return false;
  const { pathname, searchParams } = new URL(link);
  const pieces = [...pathname.split("/"), ...searchParams.values(), link];
  return pieces
    .flatMap((piece) => [piece, piece.toLowerCase()])
    .some((piece) => followed.has(createHash("sha256").update(piece).digest("hex")));
}

function refused(problem: SharingProblem): Created {
  return { kind: "refused", problems: [problem] };
}

function noAccount(name: string): SharingProblem {
  return {
    because: "no-account",
    detail: `There is no account ${JSON.stringify(name)} with a mail address; usher account list shows the accounts.`,
  };
}

const noSender: SharingProblem = {
  because: "no-smtp",
  detail: "No mail can be sent: set smtp.host and smtp.from in the configuration.",
};

const resharing: SharingProblem = {
  because: "re-sharing",
  detail:
    "The link is one the account follows as a guest, and guests cannot share further; ask its owner to invite these people.",
};
