import type { BrowseReply, Call, OpenReply, WantedFile } from "../protocols/protocol.ts";
import { readNotification } from "../store/notifications.ts";
import { addRecord } from "../store/records.ts";
import { readSubscription, type SubscriptionRow } from "../store/subscriptions.ts";
import { askFor, type Asking, recordCalls } from "./asking.ts";
import type { ReceivingParts } from "./parts.ts";
import { planCheck } from "./plan.ts";

export type Looked<Reply> = Reply | { readonly kind: "cannot-browse"; readonly detail: string };

/** Live looks behind open subscriptions; nothing of what is seen is kept. */
export interface LookBehind {
  browse(subscriptionId: string, path: string, signal: AbortSignal): Promise<Looked<BrowseReply>>;
  /** Where it is `opened`, it must be disposed of. */
  open(subscriptionId: string, wanted: WantedFile, signal: AbortSignal): Promise<Looked<OpenReply>>;
}

/** Where a look is written down. */
export interface LookNotes {
  /** Called for each request as it was made. */
  readonly asked: (row: SubscriptionRow, call: Call) => void;
  /** Called at the end of a visit: with the answer, for a file when it is disposed of. */
  readonly visited: (visit: Visit) => Promise<void>;
}

interface Visit {
  readonly row: SubscriptionRow;
  readonly what: "browse" | "get";
  readonly path: string;
  readonly reply: BrowseReply | OpenReply;
  readonly calls: readonly Call[];
}

/** Looks behind subscriptions in the one way there is, whoever asks; `notes` says what is kept of it. */
export function lookBehind(
  parts: Pick<ReceivingParts, "store" | "sealer" | "protocols">,
  notes: LookNotes,
): LookBehind {
  return {
    browse: async (id, path, signal) => {
      const place = await placeOf(parts, id);
      if ("kind" in place) return place;
      const { asking, row } = place;
      const { calls, record } = listening(row, notes);
      const reply = await asking.way.browse?.(asking.share, asking.account.who, path, { signal, record });
      if (reply === undefined) return notByUsher;
      await notes.visited({ row, what: "browse", path, reply, calls });
      return reply;
    },
    open: async (id, wanted, signal) => {
      const place = await placeOf(parts, id);
      if ("kind" in place) return place;
      const { asking, row } = place;
      const { calls, record } = listening(row, notes);
      const reply = await asking.way.open?.(asking.share, asking.account.who, wanted, { signal, record });
      if (reply === undefined) return notByUsher;
      const { path } = wanted;
      return endingWith(reply, async () => notes.visited({ row, what: "get", path, reply, calls }));
    },
  };
}

const notByUsher: Extract<Looked<never>, { readonly kind: "cannot-browse" }> = {
  kind: "cannot-browse",
  detail: "What is behind shares of this kind cannot be listed by Usher; open the share itself instead.",
};

interface Place {
  readonly row: SubscriptionRow;
  readonly asking: Asking;
}

async function placeOf(
  parts: Pick<ReceivingParts, "store" | "sealer" | "protocols">,
  id: string,
): Promise<Place | typeof notByUsher> {
  const { db } = parts.store;
  const row = await readSubscription(db, id);
  if (row === undefined || row.ended_at !== null) {
    return { kind: "cannot-browse", detail: "The subscription has ended; accept its notification again." };
  }
  const notification = await readNotification(db, row.notification_id);
  const asking = notification === undefined ? undefined : await askFor(notification, parts);
  return asking === undefined ? notByUsher : { row, asking };
}

function listening(row: SubscriptionRow, { asked }: LookNotes) {
  const calls: Call[] = [];
  const record = (call: Call): void => {
    calls.push(call);
    asked(row, call);
  };
  return { calls, record };
}

/** Runs `after` once: at once where nothing was opened, else when the file is disposed of. */
async function endingWith(reply: OpenReply, after: () => Promise<void>): Promise<OpenReply> {
  if (reply.kind !== "opened") {
    await after();
    return reply;
  }
  let ending: Promise<void> | null = null;
  const end = async (): Promise<void> => {
    await reply[Symbol.asyncDispose]();
    await after();
  };
  return { ...reply, [Symbol.asyncDispose]: async () => (ending ??= end()) };
}

/**
 * Keeps looks in the decision record: one line for a visit that went well; the requests too where it did not. A final no
 * is for the check to judge: it is planned, and the subscription changes its state in one place only.
 */
export function notesInRecord(parts: Pick<ReceivingParts, "store" | "queue">): LookNotes {
  return {
    asked: () => {},
    visited: async ({ row, what, path, reply, calls }) => {
      const isAnswered = reply.kind !== "no" && reply.kind !== "try-later";
      const about = {
        accountId: row.account_id,
        notificationId: row.notification_id,
        subscriptionId: row.id,
      };
      await parts.store.transaction(async (db) => {
        if (!isAnswered) await recordCalls(db, about, calls);
        const why = isAnswered ? {} : { because: reply.because, detail: reply.detail };
        await addRecord(db, about, "outcome", {
          what,
          path,
          got: reply.kind,
          requests: calls.length,
          ...why,
        });
        const now = await readSubscription(db, row.id);
        if (reply.kind === "no" && now?.ended_at === null) await planCheck(db, now, parts.queue, "account");
      });
    },
  };
}

/**
 * Tells looks to the log alone, for a GET, which writes nothing into the store: a refusal is told to who asked, and the
 * next check settles what became of the share.
 */
export function notesInLog({ tell }: Pick<ReceivingParts, "tell">): LookNotes {
  return {
    asked: ({ id }, call) => tell("files-asked-for", { subscription: id, ...call }),
    visited: async () => {},
  };
}
