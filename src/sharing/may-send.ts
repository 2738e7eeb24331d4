import { addressDomain } from "../domain/address.ts";
import { endOfQuiet } from "../domain/quiet-hours.ts";
import { placeFor, type SendLimit, sendLimits } from "../domain/send-limits.ts";
import { unreachable } from "../domain/unreachable.ts";
import { isMuted } from "../store/mutes.ts";
import { beingSent, type CountedMails, sentAt, waitingBefore } from "../store/sent-mails.ts";
import type { PlannedInvitation } from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import { suppressionOf } from "../store/suppressions.ts";
import type { SharingSettings } from "./parts.ts";

/** Whether a mail may go out now. */
export type MaySend =
  | { readonly kind: "now" }
  /** `because` is for a person. */
  | { readonly kind: "later"; readonly atMs: number; readonly because: string }
  | {
      readonly kind: "never";
      readonly failure: "muted" | "suppressed";
      /** Enhanced status code of what came back from there (RFC 3463); null where nothing did. */
      readonly status: string | null;
    };

/** What is asked about: a mail, and the job that sends it, by which it stands in line. */
export interface Asked {
  readonly planned: PlannedInvitation;
  readonly jobId: number;
  readonly nowMs: number;
}

/** Nothing is counted in memory: whoever asks anew, also another process, gets the same answer. */
export async function maySend(db: Db, asked: Asked, settings: SharingSettings): Promise<MaySend> {
  const { planned, nowMs } = asked;
  const { account_id: accountId } = planned.sharing;
  const { address_key: addressKey } = planned.recipient;
  if (await isMuted(db, accountId, addressKey)) return { kind: "never", failure: "muted", status: null };
  const suppressed = await suppressionOf(db, addressKey, nowMs);
  if (suppressed !== null) return { kind: "never", failure: "suppressed", status: suppressed.status };
  const turn = await turnOf(db, asked, settings);
  const { quietHours } = settings;
  const atMs = quietHours === null ? turn.atMs : endOfQuiet(turn.atMs, quietHours);
  if (atMs <= nowMs) return { kind: "now" };
  return { kind: "later", atMs, because: turn.because ?? "quiet hours" };
}

interface Turn {
  readonly atMs: number;
  /** Null: no limit keeps the mail back. */
  readonly because: string | null;
}

/** When no limit keeps the mail back any more, and which one does longest. */
async function turnOf(db: Db, asked: Asked, settings: SharingSettings): Promise<Turn> {
  let turn: Turn = { atMs: asked.nowMs, because: null };
  for (const limit of sendLimits(settings.limits)) {
    const atMs = await freeAt(db, asked, limit);
    if (atMs !== null && atMs > turn.atMs) turn = { atMs, because: limit.because };
  }
  return turn;
}

/** When the limit has a place for the mail; null where it has one now. */
async function freeAt(
  db: Db,
  { planned: { sharing, recipient }, jobId, nowMs }: Asked,
  limit: SendLimit,
): Promise<number | null> {
  const counted = countedBy(limit, sharing.account_id, recipient.address_key);
  const sinceMs = nowMs - limit.withinMs;
  const room = limit.mails - (await beingSent(db, counted));
  if (room > 0 && (await sentAt(db, counted, { sinceMs, laterMails: room - 1 })) === null) return null;
  const waiting = await waitingBefore(db, sharing.account_id, { jobId, nowMs });
  const { laterMails, afterMs } = placeFor(limit, room, waiting);
  const placeSentAt = await sentAt(db, counted, { sinceMs, laterMails });
  return (placeSentAt ?? nowMs) + afterMs;
}

function countedBy({ scope }: SendLimit, accountId: string, addressKey: string): CountedMails {
  switch (scope) {
    case "account":
      return { scope, accountId };
    case "recipient":
      return { scope, accountId, addressKey };
    case "domain":
      return { scope, domain: addressDomain(addressKey) ?? "" };
    default:
      return unreachable(scope);
  }
}
