import type { Recognised } from "../receiving/recognise.ts";
import type { ReceivingParts } from "../receiving/parts.ts";
import { replay } from "../receiving/replay.ts";
import type { NotificationRow } from "../store/notifications.ts";

/** What judging one mail again led to, or would lead to. */
export interface Outcome {
  readonly account: string;
  /** Folder and UID, or the name of a file. */
  readonly place: string;
  readonly messageId: string | null;
  readonly notification: string | null;
  /** State and reason; null where the notification is new. */
  readonly before: string | null;
  readonly after: string | null;
  readonly hasChanged: boolean;
  readonly because: string | null;
}

export type ReplayedMail = Pick<Outcome, "account" | "place" | "messageId"> & {
  /** What the mail led to so far. */
  readonly notificationId: string | null;
};

/** Judges again what was recognised in one mail. */
export async function outcomeOf(
  mail: ReplayedMail,
  recognised: Recognised,
  parts: ReceivingParts,
  how: { readonly apply: boolean },
): Promise<Outcome> {
  if (recognised.kind === "nothing") {
    const was = mail.notificationId === null ? "" : "no longer a share notification, what stands stays: ";
    return unchanged(mail, `${was}${recognised.verdict}`);
  }
  const { before, after, hasChanged, isNewTarget } = await replay(recognised.finding, parts, how);
  const { account, place, messageId } = mail;
  return {
    account,
    place,
    messageId,
    // What was only tried out has no name yet.
    notification: before === null && !how.apply ? null : after.id,
    before: before === null ? null : stateText(before),
    after: stateText(after),
    hasChanged,
    because: after.detail ?? (isNewTarget && before !== null ? "the mail names something new" : null),
  };
}

/** A mail about which nothing changes, and why. */
export function unchanged(mail: ReplayedMail, because: string): Outcome {
  const { notificationId, ...shown } = mail;
  return { ...shown, notification: notificationId, before: null, after: null, hasChanged: false, because };
}

function stateText({ state, reason }: NotificationRow): string {
  return reason === null ? state : `${state} (${reason})`;
}
