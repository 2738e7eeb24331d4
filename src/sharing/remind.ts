import { reminderNumber } from "../domain/purpose.ts";
import { noSender } from "../domain/sharing-request.ts";
import type { RecipientMails } from "../store/invited.ts";
import { mutedAddresses } from "../store/mutes.ts";
import { addRecords } from "../store/records.ts";
import { insertInvitations, type InvitationRow } from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import { type Acted, type Chosen, findChosen, refuse, whyEnded } from "./chosen.ts";
import type { PlanningParts } from "./parts.ts";
import { newMail, planMails, type Sharing, siteDomain } from "./plan-mails.ts";

/** Reminds those of a sharing's recipients who have the invitation and have not answered, once each. */
export async function remind(parts: PlanningParts, chosen: Chosen): Promise<Acted> {
  return parts.store.transaction(async (db) => {
    const looked = await findChosen(db, chosen);
    if (looked.kind === "refused") return looked;
    const { sharing, about, recipients } = looked.found;
    const ended = whyEnded(sharing);
    if (ended !== null) return ended;
    const bounds = { most: mostReminders(parts), muted: await mutedAddresses(db, sharing.account_id) };
    const judged = recipients.map((each) => ({ each, because: whyNotReminded(each, bounds) }));
    const due = judged.flatMap(({ each, because }) =>
      because === null ? [{ ...each, number: lastReminder(each.mails) + 1 }] : [],
    );
    if (!(await planReminders(db, { about, due, by: chosen.by }, parts)))
      return refuse(noSender.because, noSender.detail);
    return {
      kind: "done",
      done: due.map(({ recipient }) => recipient.address),
      left: judged.flatMap(({ each, because }) =>
        because === null ? [] : [{ address: each.recipient.address, because }],
      ),
    };
  });
}

/** A recipient and the number of the reminder that he gets. */
export type Due = RecipientMails & { readonly number: number };

/** Plans these reminders in the caller's transaction; false while no mail can be sent. */
export async function planReminders(
  db: Db,
  { about, due, by }: { readonly about: Sharing; readonly due: readonly Due[]; readonly by: string },
  parts: Pick<PlanningParts, "queue" | "newId" | "sender">,
): Promise<boolean> {
  const domain = siteDomain(parts);
  if (domain === null) return false;
  const mails = due.map(({ recipient, mails: earlier, number }) => {
    const inReplyTo = earlier[0]?.message_id ?? null;
    const purpose = `reminder-${number}` as const;
    return newMail({ recipientId: recipient.id, purpose, inReplyTo, domain }, parts.newId);
  });
  await insertInvitations(db, mails);
  const subjects = due.map(({ recipient }) => ({ ...about, recipientId: recipient.id }));
  await addRecords(db, subjects, "outcome", { what: "reminded", by });
  await planMails(db, about, mails, parts.queue);
  return true;
}

/** How many reminders one recipient of a sharing may get: those of the configuration, or one by hand where it has none. */
export function mostReminders({ settings }: Pick<PlanningParts, "settings">): number {
  return Math.max(1, settings().remindAfterMs.length);
}

/** The number of the last reminder; 0 before the first. */
export function lastReminder(mails: readonly InvitationRow[]): number {
  return Math.max(0, ...mails.map(({ template }) => reminderNumber(template) ?? 0));
}

export interface ReminderBounds {
  /** Reminders of one recipient. */
  readonly most: number;
  /** Addresses whose holders want no more invitations of the account. */
  readonly muted: ReadonlySet<string>;
}

/** Why somebody is not reminded, for a person; null where he may be. */
export function whyNotReminded(
  { recipient, mails }: RecipientMails,
  { most, muted }: ReminderBounds,
): string | null {
  if (recipient.state !== "pending") return `is ${recipient.state}`;
  if (muted.has(recipient.address_key)) return "wants no more invitations of this account";
  if (mails[0]?.state !== "sent") return "has not got the invitation yet";
  if (mails.some(({ state }) => state === "planned" || state === "attempting"))
    return "has a mail on its way already";
  const reminders = mails.filter(({ template }) => reminderNumber(template) !== null).length;
  if (Math.max(reminders, lastReminder(mails)) < most) return null;
  return `has got as many reminders as sharing.remindAfter allows (${most})`;
}
