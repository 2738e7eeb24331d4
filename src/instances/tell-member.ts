import type { Worker } from "../jobs/queue.ts";
import { cozyMemberById, cozySharingById } from "../store/cozy-sharings.ts";
import type { CozyGeneration } from "../store/instance-tables.ts";
import type { Generation, InstanceParts } from "./parts.ts";

/** The worker of `tell-member`: one step at a member's Cozy, by the sharing's generation. Nothing is left to tell of what is gone. */
export function createTellMember(
  { store }: Pick<InstanceParts, "store">,
  generations: Readonly<Record<CozyGeneration, Generation>>,
): Worker {
  return async (job, signal) => {
    const member = await cozyMemberById(store.db, job.subject);
    if (member === undefined) return { kind: "done" };
    const sharing = await cozySharingById(store.db, member.cozy_sharing_id);
    if (sharing === undefined) return { kind: "done" };
    const step = String(job.payload["step"] ?? "");
    return generations[sharing.generation].tellMember({ sharing, member, step, job }, signal);
  };
}
