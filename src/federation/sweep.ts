import type { Worker } from "../jobs/queue.ts";
import type { FederationParts } from "./parts.ts";

/** The worker of `sweep-federation`: ends what is over, and forgets what could no longer be of use. */
export function createSweepFederation(_parts: FederationParts): Worker {
  return async () => ({ kind: "done" });
}
