import type { JobOutcome } from "../../jobs/queue.ts";
import type { Generation, InstanceParts, MemberStep } from "../parts.ts";
import { leaveStep, recipientActions } from "./recipient-end.ts";
import { exchangeStep } from "./recipient-exchange.ts";
import { recipientRoutes, recipientShared } from "./recipient-routes.ts";
import { createV1Way } from "./recipient-way.ts";
import { sharerActions } from "./sharer-actions.ts";
import { sharerRoutes, sharerShared } from "./sharer-routes.ts";
import { sharerStep } from "./sharer-steps.ts";

/** Sharings of cozy-stack before March 2018 (reference/cozy.md, sections 5 and 6). */
export function createV1(parts: InstanceParts): Generation {
  const sharer = sharerActions(parts);
  const invited = recipientActions(parts);
  return {
    routes: [...sharerRoutes(parts), ...recipientRoutes(parts)],
    shared: { ...sharerShared(parts), ...recipientShared(parts) },
    way: createV1Way(parts),
    tellMember: async (step, signal) => tellMember(step, parts, signal),
    actions: { v1a: { ...sharer.v1a, ...invited }, v1b: { ...sharer.v1b, ...invited } },
  };
}

/** Steps of somebody invited have names of their own; documents go to the other side from either. */
async function tellMember(step: MemberStep, parts: InstanceParts, signal: AbortSignal): Promise<JobOutcome> {
  switch (step.step) {
    case "exchange":
      return exchangeStep(step, parts, signal);
    case "leave":
      return leaveStep(step, parts, signal);
    default:
      return sharerStep(step, parts, signal);
  }
}
