import { limits } from "./limits.ts";

/** What one mail counts for: its account, its account and recipient, or the domain of its recipient. */
export type SendScope = "account" | "recipient" | "domain";

/** So many mails of a scope within a time that moves along. */
export interface SendLimit {
  readonly scope: SendScope;
  readonly mails: number;
  readonly withinMs: number;
  /** What people are told while a mail waits for it. */
  readonly because: string;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** The limits of a site; they count mails of every purpose. */
export function sendLimits(site: {
  readonly perMinute: number;
  readonly perDay: number;
  readonly perRecipientPerDay: number;
  readonly perDomainPerHour: number;
}): readonly SendLimit[] {
  return [
    limit("account", site.perMinute, minuteMs, "of this account within a minute"),
    limit("account", site.perDay, dayMs, "of this account within a day"),
    limit("recipient", site.perRecipientPerDay, dayMs, "of this account to this recipient within a day"),
    limit("domain", site.perDomainPerHour, hourMs, "to this recipient's domain within an hour"),
  ];
}

function limit(scope: SendScope, mails: number, withinMs: number, counted: string): SendLimit {
  return { scope, mails, withinMs, because: `at most ${mails} mails ${counted}` };
}

/** Which place in a limit becomes free for a mail that has to wait. */
export interface Place {
  /** It is the one of the mail with so many later ones in the same time. */
  readonly laterMails: number;
  /** When it is free again, counted from when that mail was sent. */
  readonly afterMs: number;
}

/**
 * The place for a mail before which `waiting` others wait already: each gets one of its own, so that a large sending does
 * not wake at once and wait again but for a few. `room` are the mails of the limit but for those being handed over now.
 */
export function placeFor({ withinMs }: SendLimit, room: number, waiting: number): Place {
  const places = Math.max(1, room);
  return {
    laterMails: places - 1 - (waiting % places),
    afterMs: (withinMs + limits.sendTurnSlackMs) * (1 + Math.floor(waiting / places)),
  };
}
