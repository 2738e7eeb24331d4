import { createHash } from "node:crypto";
import { deliver, type Mail, type Progress } from "../delivery/deliver.ts";
import { bounceAddress } from "../domain/bounce-address.ts";
import { limits } from "../domain/limits.ts";
import { failureOfReply } from "../domain/mail-failure.ts";
import type { JobOutcome, LeasedJob, Worker } from "../jobs/queue.ts";
import { addRecord, writtenAt } from "../store/records.ts";
import { type PlannedInvitation, readInvitation, updateInvitation } from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import { failMail } from "./fail-mail.ts";
import { maySend, type MaySend } from "./may-send.ts";
import type { SharingParts } from "./parts.ts";
import { bouncePurpose } from "./take-report.ts";
import { writeInvitation } from "./write-invitation.ts";

/** The worker that hands one mail to the mail server, unless its recipient no longer waits for it or it has to wait. */
export function createSendInvitation(parts: SharingParts): Worker {
  return async (job, signal) => {
    const planned = await readInvitation(parts.store.db, job.subject);
    if (planned === undefined) return { kind: "done" };
    const keptBack = await keepBack(parts.store.db, planned, job, parts);
    return keptBack ?? deliver(await mailOf(planned, job, parts), job, parts, signal);
  };
}

/**
 * What becomes of a mail that is not handed over now: it is withdrawn, never sent, or waits. Null where it may go, and where
 * an attempt whose end nobody knows has to be noted first.
 */
async function keepBack(
  db: Db,
  planned: PlannedInvitation,
  job: LeasedJob,
  parts: SharingParts,
): Promise<JobOutcome | null> {
  const { invitation, recipient } = planned;
  if (invitation.state === "sent" || invitation.state === "failed") return { kind: "done" };
  const isNoticeOfEnd = invitation.template === "revoked";
  if (
    isNoticeOfEnd !== (recipient.state === "revoked") ||
    (!isNoticeOfEnd && recipient.state !== "pending")
  ) {
    return closed(planned, withdrawn);
  }
  if (invitation.state === "attempting") return null;
  const nowMs = Date.now();
  const may = await maySend(db, { planned, jobId: job.id, nowMs }, parts.settings());
  if (may.kind === "now") return null;
  if (may.kind === "later") {
    return { kind: "retry", because: may.because, afterMs: may.atMs - nowMs, isUncounted: true };
  }
  return closed(planned, `Not sent: ${may.failure}.`, async (tx) => neverSent(tx, planned, may, parts));
}

/** The recipient goes without the sharing where he has not got the invitation; without a reminder he can do. */
async function neverSent(
  db: Db,
  { invitation, recipient, sharing }: PlannedInvitation,
  { failure, status }: Extract<MaySend, { kind: "never" }>,
  parts: SharingParts,
): Promise<void> {
  if (invitation.in_reply_to === null) {
    await failMail(db, { invitationId: invitation.id, failure, status }, parts);
    return;
  }
  const about = { accountId: sharing.account_id, sharingId: sharing.id, recipientId: recipient.id };
  await addRecord(db, about, "outcome", { what: failure, mail: invitation.template, status });
}

const withdrawn = "Withdrawn: the recipient no longer waits for it.";

/** Ends a mail without an attempt. One that may have arrived before stays one of which nobody knows. */
function closed(
  { invitation }: PlannedInvitation,
  reply: string,
  andThen: (db: Db) => Promise<void> = async () => undefined,
): JobOutcome {
  const mayHaveArrived = invitation.state === "attempting" || invitation.unknown_attempts > 0;
  const change = mayHaveArrived
    ? ({ state: "unknown", unknown_attempts: limits.sendUnknownRepeats + 1 } as const)
    : ({ state: "failed" } as const);
  return {
    kind: "done",
    commit: async (db) => {
      await updateInvitation(db, invitation.id, { ...change, reply, raw_sealed: null });
      if (!mayHaveArrived) await andThen(db);
    },
  };
}

async function mailOf(planned: PlannedInvitation, job: LeasedJob, parts: SharingParts): Promise<Mail> {
  const { invitation, recipient, sharing } = planned;
  const about = { accountId: sharing.account_id, sharingId: sharing.id, recipientId: recipient.id };
  const mail = invitation.template;
  return {
    row: invitation,
    to: recipient.address_key,
    envelopeSender: envelopeSender(invitation.id, parts),
    envelopeId: invitation.id,
    rawPlace: { table: "invitation", row: invitation.id, column: "raw_sealed" },
    readySince: await readySince(planned, parts),
    write: async (site) => writeInvitation(planned, site, parts),
    afterWritten: async (db, raw) =>
      addRecord(db, about, "outcome", {
        what: "rendered",
        mail,
        locale: recipient.locale,
        hash: createHash("sha256").update(raw).digest("hex"),
      }),
    keepBack: async (db) => {
      const now = await readInvitation(db, invitation.id);
      return now === undefined ? { kind: "done" } : keepBack(db, now, job, parts);
    },
    update: async (db, change) => updateInvitation(db, invitation.id, change),
    record: async (db, detail) => addRecord(db, about, "outcome", { what: "send", mail, ...detail }),
    onFailed: async (db, reply) =>
      failMail(db, { invitationId: invitation.id, ...failureOfReply(reply) }, parts),
    tell: (progress: Progress, attempt, reply) => {
      parts.tell(`invitation-${progress}`, { sharing: sharing.id, recipient: recipient.id, attempt, reply });
    },
  };
}

/** A mail that waited for days for its turn is tried as long as any other. */
async function readySince(
  { invitation, recipient }: PlannedInvitation,
  { store }: Pick<SharingParts, "store">,
): Promise<number> {
  if (invitation.raw_sealed === null) return Date.now();
  return (await writtenAt(store.db, recipient.id, invitation.template)) ?? invitation.created_at;
}

/** Where reports about this one mail come back to; null where all come to the site's own address. */
function envelopeSender(
  invitationId: string,
  { bounces, sealer }: Pick<SharingParts, "bounces" | "sealer">,
): string | null {
  const base = bounces();
  if (base === null) return null;
  return bounceAddress(base, { invitationId, mac: sealer.mac(bouncePurpose, invitationId) });
}
