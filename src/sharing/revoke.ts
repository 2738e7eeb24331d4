import { recipientAfter } from "../domain/recipient.ts";
import type { RecipientMails } from "../store/invited.ts";
import { withdrawInvitesOf } from "../store/ocm-invites.ts";
import { addRecord, addRecords } from "../store/records.ts";
import {
  insertInvitations,
  type InvitationRow,
  setRecipientStates,
  updateSharing,
} from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import { type Acted, type Chosen, findChosen, type FoundSharing, whyEnded, whyOfCozys } from "./chosen.ts";
import { endSharesOf } from "./end-sent-shares.ts";
import type { PlanningParts } from "./parts.ts";
import { newMail, planMails, sendNow, siteDomain } from "./plan-mails.ts";

/** Takes a sharing back, from one recipient or from all. */
export async function revoke(parts: PlanningParts, chosen: Chosen): Promise<Acted> {
  return parts.store.transaction(async (db) => {
    const looked = await findChosen(db, chosen);
    if (looked.kind === "refused") return looked;
    const { sharing } = looked.found;
    const ended = whyEnded(sharing) ?? (await whyOfCozys(db, sharing));
    if (ended !== null) return ended;
    const isWhole = chosen.recipient === null;
    return endSharing(db, looked.found, { by: chosen.by, because: "revoked", isWhole }, parts);
  });
}

export interface SharingEnd {
  readonly by: string;
  readonly because: "revoked" | "expired";
  /** The sharing itself ends, and invites nobody any more. */
  readonly isWhole: boolean;
}

type EndParts = Pick<PlanningParts, "queue" | "newId" | "sender">;

/**
 * Ends a sharing for these recipients, in the caller's transaction. What was not sent yet is not sent any more. Of a
 * revocation only those are told whose invitation may have arrived, and who want it; until when it is shared, the
 * invitation said itself.
 */
export async function endSharing(
  db: Db,
  { sharing, about, recipients }: FoundSharing,
  { by, because, isWhole }: SharingEnd,
  parts: EndParts,
): Promise<Acted> {
  if (isWhole) await updateSharing(db, sharing.id, { revoked_at: Date.now() });
  await addRecord(db, about, "decision", { action: because, by, isWhole, recipients: recipients.length });
  const open = recipients.filter(({ recipient: { state } }) => recipientAfter(state, "revoked") !== state);
  const ids = open.map(({ recipient }) => recipient.id);
  await withdrawInvitesOf(db, ids);
  await endSharesOf(db, ids, parts.queue);
  await setRecipientStates(db, ids, { state: "revoked", reason: because === "expired" ? because : null });
  for (const { id } of open.flatMap(({ mails }) => mails.filter(isOpen))) {
    // It closes itself, because its recipient no longer waits for it.
    await sendNow(db, about.accountId, id, parts.queue);
  }
  const subjects = open.map(({ recipient }) => ({ ...about, recipientId: recipient.id }));
  await addRecords(db, subjects, "outcome", { what: because, by });
  if (because === "revoked") await tellOf(db, about, open.filter(mayHaveIt), parts);
  return {
    kind: "done",
    done: open.map(({ recipient }) => recipient.address),
    left: recipients
      .filter((each) => !open.includes(each))
      .map(({ recipient }) => ({ address: recipient.address, because: "is revoked already" })),
  };
}

function isOpen({ state }: InvitationRow): boolean {
  return state === "planned" || state === "unknown";
}

/** Whoever declined does not hear of it again. */
function mayHaveIt({ recipient, mails }: RecipientMails): boolean {
  const [first] = mails;
  if (first === undefined || recipient.state === "refused") return false;
  const isOut = first.state === "sent" || first.state === "attempting" || first.state === "unknown";
  return isOut && first.fate !== "bounced";
}

/** Plans the mails that tell of the end; none while no mail can be sent. */
async function tellOf(
  db: Db,
  about: FoundSharing["about"],
  told: readonly RecipientMails[],
  parts: EndParts,
): Promise<void> {
  const domain = siteDomain(parts);
  if (domain === null) return;
  const mails = told.map(({ recipient, mails: [first] }) =>
    newMail(
      { recipientId: recipient.id, purpose: "revoked", inReplyTo: first?.message_id ?? null, domain },
      parts.newId,
    ),
  );
  await insertInvitations(db, mails);
  await planMails(db, about, mails, parts.queue);
}
