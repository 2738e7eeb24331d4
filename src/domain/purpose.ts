import type { InvitationTemplate } from "./invitation.ts";

/** What one mail to a recipient is for; each is sent once, under a Message-ID of its own. Reminders are numbered from 1. */
export type Purpose = Exclude<InvitationTemplate, "reminder"> | `reminder-${number}`;

/** The template of a purpose as it stands in the store. */
export function templateOf(purpose: string): InvitationTemplate {
  if (isTemplate(purpose)) return purpose;
  if (reminderNumber(purpose) !== null) return "reminder";
  throw new Error(`There is no mail for ${purpose}.`);
}

/** Which reminder it is; null for other mails. */
export function reminderNumber(purpose: string): number | null {
  const [, number] = /^reminder-([1-9]\d?)$/.exec(purpose) ?? [];
  return number === undefined ? null : Number(number);
}

function isTemplate(purpose: string): purpose is Exclude<InvitationTemplate, "reminder"> {
  return ["invitation", "discovery", "invite", "revoked"].includes(purpose);
}

/**
 * The number of the reminder that is due to somebody who has not answered; null for none. Those that a standstill kept back
 * are made up for by one. `sentAtMs` is when the invitation was sent, `last` the number of the last reminder, 0 before the first.
 */
export function dueReminder(
  afterMs: readonly number[],
  { sentAtMs, last, nowMs }: { readonly sentAtMs: number; readonly last: number; readonly nowMs: number },
): number | null {
  const due = afterMs.filter((wait) => sentAtMs + wait <= nowMs).length;
  return due > last ? due : null;
}
