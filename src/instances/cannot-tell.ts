import type { JobOutcome } from "../jobs/queue.ts";
import type { MemberStep } from "./parts.ts";

/** The end of a step that a generation does not have; visible to the administrator, who may run it again. */
export async function cannotTell({ sharing, step }: MemberStep): Promise<JobOutcome> {
  return { kind: "park", because: `Sharings of generation ${sharing.generation} have no step ${step}.` };
}
