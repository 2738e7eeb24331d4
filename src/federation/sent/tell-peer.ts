import type { Worker } from "../../jobs/queue.ts";
import { sentShareById } from "../../store/ocm-sent-shares.ts";
import type { FederationParts } from "../parts.ts";
import { deliver } from "./deliver.ts";
import { unshare } from "./unshare.ts";

/** The worker of `tell-peer`: one step at the server of a share's recipient. Nothing is brought of a share that is gone. */
export function createTellPeer(parts: FederationParts): Worker {
  return async (job, signal) => {
    if (job.payload["step"] === "unshare") return unshare(parts, job, signal);
    const share = await sentShareById(parts.store.db, job.subject);
    return share === undefined ? { kind: "done" } : deliver(parts, share, job, signal);
  };
}
