import type { Worker } from "../jobs/queue.ts";
import { deleteOldAccessTokens } from "../store/ocm-sent-shares.ts";
import { sweepInvites } from "./invites/sweep.ts";
import type { FederationParts } from "./parts.ts";
import { sweepReceived } from "./received/sweep.ts";

/** The worker of `sweep-federation`: ends what is over, and forgets what could no longer be of use. */
export function createSweepFederation(parts: FederationParts): Worker {
  return async () => ({
    kind: "done",
    commit: async (db) => {
      const nowMs = Date.now();
      await sweepInvites(db, nowMs, parts);
      await sweepReceived(db, nowMs, parts);
      await deleteOldAccessTokens(db, nowMs);
    },
  });
}
