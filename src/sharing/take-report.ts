import { timingSafeEqual } from "node:crypto";
import { type BounceSecret, bounceSecretsIn } from "../domain/bounce-address.ts";
import {
  type Attribution,
  type DeliveryReport,
  type Fate,
  fateIn,
  type NotAttributed,
  readReport,
} from "../domain/delivery-report.ts";
import { isDeliveryReport } from "../domain/delivery-status.ts";
import type { MailView } from "../domain/mail.ts";
import { failureOfStatus } from "../domain/mail-failure.ts";
import { invitationSentAs, setFate } from "../store/fates.ts";
import { addRecord } from "../store/records.ts";
import type { Sealer } from "../store/sealing.ts";
import { type PlannedInvitation, readInvitation } from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import { liftSuppression } from "../store/suppressions.ts";
import { afterCommit } from "../store/transaction-scope.ts";
import { failMail } from "./fail-mail.ts";
import type { SharingParts } from "./parts.ts";
import type { TellingParts } from "./sharer-notices.ts";

export interface ReportParts extends TellingParts, Pick<SharingParts, "tell"> {
  readonly sealer: Pick<Sealer, "mac">;
}

/** Purpose of the secrets in envelope senders (store/sealing.ts). */
export const bouncePurpose = "bounce";

/**
 * Takes what a mail says about the delivery of an invitation, in the caller's transaction; null where the mail is no report.
 * The secret in the address that it came to decides which invitation it is about; without such an address it is believed
 * where it returns the Message-ID of an invitation and speaks of its recipient, as only he and the servers on the way can.
 */
export async function takeReport(db: Db, mail: MailView, parts: ReportParts): Promise<Attribution | null> {
  const secrets = bounceSecretsIn(mail);
  const report = readReport(mail);
  if (report === null) return isDeliveryReport(mail) ? notAttributed("says-nothing") : null;
  if (secrets.length > 0) return takeProven(db, { report, secrets }, parts);
  if (!report.isStandard) return null;
  const id = await invitationSentAs(db, report.originalMessageId ?? "");
  const planned = id === undefined ? undefined : await readInvitation(db, id);
  if (planned === undefined) return notAttributed("unknown-message");
  const fate = fateIn(report, planned.recipient.address_key, { isProven: false });
  if (fate === null) return notAttributed("other-recipient");
  await applyFate(db, planned, fate, parts);
  return attributed;
}

const attributed: Attribution = { kind: "attributed" };

function notAttributed(because: NotAttributed): Attribution {
  return { kind: "not-attributed", because };
}

/** A report that came to addresses with secrets: each right one names one invitation. */
async function takeProven(
  db: Db,
  { report, secrets }: { readonly report: DeliveryReport; readonly secrets: readonly BounceSecret[] },
  parts: ReportParts,
): Promise<Attribution> {
  const right = secrets.filter((secret) => isRight(secret, parts.sealer));
  if (right.length === 0) return notAttributed("wrong-secret");
  let found: NotAttributed | null = "unknown-invitation";
  for (const { invitationId } of right) {
    const planned = await readInvitation(db, invitationId);
    if (planned === undefined) continue;
    const fate = fateIn(report, planned.recipient.address_key, { isProven: right.length === 1 });
    if (fate === null) found = found === null ? null : "other-recipient";
    else {
      await applyFate(db, planned, fate, parts);
      found = null;
    }
  }
  return found === null ? attributed : notAttributed(found);
}

function isRight({ invitationId, mac }: BounceSecret, sealer: ReportParts["sealer"]): boolean {
  return timingSafeEqual(Buffer.from(mac), Buffer.from(sealer.mac(bouncePurpose, invitationId)));
}

async function applyFate(
  db: Db,
  planned: PlannedInvitation,
  { action, status }: Fate,
  parts: ReportParts,
): Promise<void> {
  const { invitation, recipient, sharing } = planned;
  const fate = fates[action];
  // What is certain is not taken back by what is less: a late warning, a copy of the report.
  if (invitation.fate === fate || (invitation.fate !== null && rank[fate] < rank[invitation.fate])) return;
  if (fate === "bounced") {
    await failMail(db, { invitationId: invitation.id, failure: failureOfStatus(status), status }, parts);
  } else {
    await setFate(db, invitation, { fate, status });
    const about = { accountId: sharing.account_id, sharingId: sharing.id, recipientId: recipient.id };
    await addRecord(db, about, "outcome", { what: fate, status });
    if (action === "delivered") await liftSuppression(db, recipient.address_key);
  }
  afterCommit(() =>
    parts.tell(`invitation-${fate}`, { sharing: sharing.id, recipient: recipient.id, status }),
  );
}

const fates = {
  failed: "bounced",
  delayed: "delayed",
  delivered: "delivered",
  // Handed to a server that reports no further, or to a list.
  relayed: "delivered",
  expanded: "delivered",
} as const satisfies Readonly<Record<Fate["action"], string>>;

const rank = { delayed: 0, delivered: 1, bounced: 2 } as const;
