import { limits } from "../domain/limits.ts";
import { dueReminder } from "../domain/purpose.ts";
import type { Worker } from "../jobs/queue.ts";
import { overdueSharings, recipientsWithMails, unanswered } from "../store/invited.ts";
import { mutedAddresses } from "../store/mutes.ts";
import { readSharing } from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import { findChosen } from "./chosen.ts";
import type { PlanningParts } from "./parts.ts";
import { lastReminder, mostReminders, planReminders, whyNotReminded } from "./remind.ts";
import { endSharing } from "./revoke.ts";

/** Reminders and sharings that one sweep looks at, in one transaction; the rest is found by the next, a minute later. */
const sweepReminders = 500;
const sweepSharings = 5;

type SweepParts = Pick<PlanningParts, "queue" | "newId" | "sender" | "settings">;

/**
 * The worker behind the schedule: ends sharings whose time is over, and plans the reminders that are due. However long it
 * did not run, nobody gets more than one reminder for it.
 */
export function createSweepSharings(parts: SweepParts): Worker {
  return async () => ({
    kind: "done",
    commit: async (db) => {
      const nowMs = Date.now();
      for (const sharingId of await overdueSharings(db, nowMs, sweepSharings)) {
        const looked = await findChosen(db, { sharingId, recipient: null, by: schedule });
        if (looked.kind === "refused") continue;
        await endSharing(db, looked.found, { by: schedule, because: "expired", isWhole: true }, parts);
      }
      await remindAll(db, nowMs, parts);
    },
  });
}

const schedule = "schedule";

async function remindAll(db: Db, nowMs: number, parts: SweepParts): Promise<void> {
  const { remindAfterMs } = parts.settings();
  for (const [place, afterMs] of remindAfterMs.entries()) {
    const untilMs = nowMs - afterMs;
    const sent = { sinceMs: untilMs - limits.reminderLateMs, untilMs };
    const found = await unanswered(db, sent, { before: purposesFrom(place + 1), rows: sweepReminders });
    const bySharing = Map.groupBy(found, ({ sharingId }) => sharingId);
    for (const [sharingId, ofSharing] of bySharing) {
      const ids = new Set(ofSharing.map(({ recipientId }) => recipientId));
      await remindThese(db, { sharingId, ids, nowMs }, parts);
    }
  }
}

/** Whoever has got this reminder or a later one has got it. */
function purposesFrom(number: number): readonly string[] {
  return Array.from({ length: limits.reminders - number + 1 }, (_, more) => `reminder-${number + more}`);
}

interface Unanswered {
  readonly sharingId: string;
  /** Of recipients. */
  readonly ids: ReadonlySet<string>;
  readonly nowMs: number;
}

async function remindThese(db: Db, { sharingId, ids, nowMs }: Unanswered, parts: SweepParts): Promise<void> {
  const sharing = await readSharing(db, sharingId);
  if (sharing === undefined) return;
  const { remindAfterMs } = parts.settings();
  const bounds = { most: mostReminders(parts), muted: await mutedAddresses(db, sharing.account_id) };
  const recipients = await recipientsWithMails(db, sharingId);
  const due = recipients.flatMap((each) => {
    const sentAtMs = each.mails[0]?.sent_at ?? null;
    if (!ids.has(each.recipient.id) || sentAtMs === null || whyNotReminded(each, bounds) !== null) return [];
    const number = dueReminder(remindAfterMs, { sentAtMs, last: lastReminder(each.mails), nowMs });
    return number === null ? [] : [{ ...each, number }];
  });
  const about = { accountId: sharing.account_id, sharingId };
  if (due.length > 0) await planReminders(db, { about, due, by: schedule }, parts);
}
