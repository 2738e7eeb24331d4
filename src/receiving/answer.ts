import {
  readNotification,
  type NotificationRow,
  setNotificationPassword,
  setNotificationState,
} from "../store/notifications.ts";
import { addRecord } from "../store/records.ts";
import type { NotificationState } from "../store/schema.ts";
import { readSubscription, type SubscriptionRow, updateSubscription } from "../store/subscriptions.ts";
import type { ReceivingParts } from "./parts.ts";
import { planCheck, planFollow, planLeave } from "./plan.ts";

export type Answered =
  | { readonly kind: "planned"; readonly row: NotificationRow }
  | { readonly kind: "unchanged"; readonly why: string }
  | { readonly kind: "not-found" };

type AnswerParts = Pick<ReceivingParts, "store" | "sealer" | "queue">;

/** What an account's yes means in each state; a text says why nothing is done. */
const acceptIn: Readonly<Record<NotificationState, true | string>> = {
  held: true,
  failed: true,
  "needs-password": true,
  ignored: true,
  refused: "it was refused at the origin; ask the sharer for a new invitation",
  accepted: "it is accepted already, and the work at the origin goes on",
  followed: "it is followed already",
};

/** The account says yes, with the guest password where the share has one: plans the work at the origin. */
export async function accept(
  parts: AnswerParts,
  id: string,
  answer: { readonly by: string; readonly password: string | null },
): Promise<Answered> {
  return parts.store.transaction(async (db) => {
    const row = await readNotification(db, id);
    if (row === undefined) return { kind: "not-found" };
    const allowed = acceptIn[row.state];
    if (allowed !== true) return { kind: "unchanged", why: allowed };
    if (answer.password !== null) {
      const place = { table: "notification", row: id, column: "password_sealed" };
      await setNotificationPassword(db, id, parts.sealer.seal(answer.password, place));
    }
    await addRecord(db, { accountId: row.account_id, notificationId: id }, "decision", {
      by: answer.by,
      action: "accept",
      withPassword: answer.password !== null,
    });
    await setNotificationState(db, id, { state: "accepted", reason: null, detail: null });
    await planFollow(db, row, parts.queue);
    return { kind: "planned", row };
  });
}

/** The account does not want it: nothing is asked of the origin. */
export async function ignore(parts: AnswerParts, id: string, by: string): Promise<Answered> {
  return parts.store.transaction(async (db) => {
    const row = await readNotification(db, id);
    if (row === undefined) return { kind: "not-found" };
    if (row.state === "followed") {
      return { kind: "unchanged", why: "it is followed; end it with: usher subscription remove" };
    }
    if (row.state === "ignored") return { kind: "unchanged", why: "it is ignored already" };
    await addRecord(db, { accountId: row.account_id, notificationId: id }, "decision", {
      by,
      action: "ignore",
    });
    await setNotificationState(db, id, { state: "ignored", reason: "answered", detail: null });
    return { kind: "planned", row };
  });
}

/** Plans a look at a subscription now, first keeping a new guest password where one is given; undefined where it is none. */
export async function checkNow(
  parts: AnswerParts,
  id: string,
  password: string | null,
): Promise<SubscriptionRow | undefined> {
  return parts.store.transaction(async (db) => {
    const row = await readSubscription(db, id);
    if (row === undefined) return undefined;
    if (password !== null) {
      const place = { table: "notification", row: row.notification_id, column: "password_sealed" };
      await setNotificationPassword(db, row.notification_id, parts.sealer.seal(password, place));
    }
    const cause = password === null ? "account" : "new-password";
    if (row.ended_at === null) await planCheck(db, row, parts.queue, cause);
    return row;
  });
}

/** Plans the end of a subscription; undefined where it is none. */
export async function leave(
  parts: AnswerParts,
  id: string,
  by: string,
): Promise<SubscriptionRow | undefined> {
  return parts.store.transaction(async (db) => {
    const row = await readSubscription(db, id);
    if (row === undefined || row.ended_at !== null) return row;
    const about = { accountId: row.account_id, notificationId: row.notification_id, subscriptionId: id };
    await addRecord(db, about, "decision", { by, action: "leave" });
    await updateSubscription(db, id, { next_check_at: null });
    await planLeave(db, row, parts.queue);
    return row;
  });
}
