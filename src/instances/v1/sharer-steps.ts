import type { JobOutcome } from "../../jobs/queue.ts";
import type { InstanceParts, MemberStep } from "../parts.ts";
import { cannotTell } from "../cannot-tell.ts";
import { pushDocument } from "./push-document.ts";
import { codeStep } from "./sharer-access.ts";
import { registerStep } from "./sharer-invite.ts";
import { revokeStep } from "./sharer-revoke.ts";

/** The steps of a sharing that the account owns, at one member's Cozy. */
export async function sharerStep(
  step: MemberStep,
  parts: InstanceParts,
  signal: AbortSignal,
): Promise<JobOutcome> {
  switch (step.step) {
    case "register":
      return registerStep(step, parts, signal);
    case "code":
      return codeStep(step, parts, signal);
    case "document":
      return pushDocument(step, parts, signal);
    case "revoke":
      return revokeStep(step, parts, signal);
    default:
      return cannotTell(step);
  }
}
