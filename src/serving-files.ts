import type { Looked, SharedFiles } from "./http/server/parts.ts";
import type { Log } from "./observe/log.ts";
import type { Call } from "./protocols/protocol.ts";
import { type Asking, askFor } from "./receiving/asking.ts";
import type { ReceivingParts } from "./receiving/parts.ts";
import { readNotification } from "./store/notifications.ts";
import { readSubscription } from "./store/subscriptions.ts";

/**
 * Looks behind subscriptions for the server. A GET writes nothing into the store, so the requests made stand in the log
 * and not in the decision record, and a refusal is told to who asked; the next check settles what became of the share.
 */
export function servingFiles(receiving: () => Promise<ReceivingParts>, log: Log): SharedFiles {
  return {
    browse: async (id, path, signal) => {
      const { asking, record } = await askAbout(id, await receiving(), log);
      return (await asking?.way.browse?.(asking.share, asking.account.who, path, { signal, record })) ?? none;
    },
    open: async (id, wanted, signal) => {
      const { asking, record } = await askAbout(id, await receiving(), log);
      return (await asking?.way.open?.(asking.share, asking.account.who, wanted, { signal, record })) ?? none;
    },
  };
}

const none: Extract<Looked<never>, { readonly kind: "cannot-browse" }> = {
  kind: "cannot-browse",
  detail: "What is behind shares of this kind cannot be listed by Usher; open the share itself instead.",
};

interface Visit {
  readonly asking: Asking | undefined;
  readonly record: (call: Call) => void;
}

async function askAbout(subscriptionId: string, parts: ReceivingParts, log: Log): Promise<Visit> {
  const { db } = parts.store;
  const row = await readSubscription(db, subscriptionId);
  const notification = row && (await readNotification(db, row.notification_id));
  return {
    asking: notification && (await askFor(notification, parts)),
    record: (call) => log.info("files-asked-for", { subscription: subscriptionId, ...call }),
  };
}
