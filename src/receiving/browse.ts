import type { BrowseReply, Call, OpenReply, WantedFile } from "../protocols/protocol.ts";
import { readNotification } from "../store/notifications.ts";
import { addRecord } from "../store/records.ts";
import { readSubscription, type SubscriptionRow } from "../store/subscriptions.ts";
import { askFor, type Asking, recordCalls } from "./asking.ts";
import type { ReceivingParts } from "./parts.ts";
import { planCheck } from "./plan.ts";

export type Looked<Reply> = Reply | { readonly kind: "cannot-browse"; readonly detail: string };

type BrowseParts = Pick<ReceivingParts, "store" | "sealer" | "queue" | "protocols">;

/** Lists one folder behind an open subscription, live, and keeps nothing but a line of the record. */
export async function browseSubscription(
  parts: BrowseParts,
  id: string,
  path: string,
  signal: AbortSignal,
): Promise<Looked<BrowseReply>> {
  const place = await lookBehind(parts, id);
  if ("kind" in place) return place;
  const { row, asking } = place;
  const calls: Call[] = [];
  const record = (call: Call): number => calls.push(call);
  const reply = await asking.way.browse?.(asking.share, asking.account.who, path, { signal, record });
  if (reply === undefined) return notByUsher;
  await keepVisit(parts, row, { what: "browse", path, reply, calls });
  return reply;
}

/** Opens one file behind an open subscription, live; must be disposed of, which also writes the line of the record. */
export async function openSubscriptionFile(
  parts: BrowseParts,
  id: string,
  wanted: WantedFile,
  signal: AbortSignal,
): Promise<Looked<OpenReply>> {
  const place = await lookBehind(parts, id);
  if ("kind" in place) return place;
  const { row, asking } = place;
  const calls: Call[] = [];
  const record = (call: Call): number => calls.push(call);
  const reply = await asking.way.open?.(asking.share, asking.account.who, wanted, { signal, record });
  if (reply === undefined) return notByUsher;
  const keep = async (): Promise<void> =>
    keepVisit(parts, row, { what: "get", path: wanted.path, reply, calls });
  if (reply.kind !== "opened") {
    await keep();
    return reply;
  }
  let ending: Promise<void> | null = null;
  const end = async (): Promise<void> => {
    await reply[Symbol.asyncDispose]();
    await keep();
  };
  return { ...reply, [Symbol.asyncDispose]: async () => (ending ??= end()) };
}

const notByUsher: Extract<Looked<never>, { readonly kind: "cannot-browse" }> = {
  kind: "cannot-browse",
  detail: "What is behind shares of this kind cannot be listed by Usher; open the share itself instead.",
};

interface Place {
  readonly row: SubscriptionRow;
  readonly asking: Asking;
}

async function lookBehind(parts: BrowseParts, id: string): Promise<Place | typeof notByUsher> {
  const { db } = parts.store;
  const row = await readSubscription(db, id);
  if (row === undefined || row.ended_at !== null) {
    return { kind: "cannot-browse", detail: "The subscription has ended; accept its notification again." };
  }
  const notification = await readNotification(db, row.notification_id);
  const asking = notification === undefined ? undefined : await askFor(notification, parts);
  return asking === undefined ? notByUsher : { row, asking };
}

interface Visited {
  readonly what: "browse" | "get";
  readonly path: string;
  readonly reply: BrowseReply | OpenReply;
  readonly calls: readonly Call[];
}

/**
 * One line for a visit that went well; the requests too where it did not. A final no is for the check to judge: it is
 * planned, and the subscription changes its state in one place only.
 */
async function keepVisit(parts: BrowseParts, row: SubscriptionRow, visited: Visited): Promise<void> {
  const { what, path, reply, calls } = visited;
  const isAnswered = reply.kind !== "no" && reply.kind !== "try-later";
  const about = { accountId: row.account_id, notificationId: row.notification_id, subscriptionId: row.id };
  await parts.store.transaction(async (db) => {
    if (!isAnswered) await recordCalls(db, about, calls);
    const why = isAnswered ? {} : { because: reply.because, detail: reply.detail };
    await addRecord(db, about, "outcome", { what, path, got: reply.kind, requests: calls.length, ...why });
    const now = await readSubscription(db, row.id);
    if (reply.kind === "no" && now?.ended_at === null) await planCheck(db, now, parts.queue, "account");
  });
}
