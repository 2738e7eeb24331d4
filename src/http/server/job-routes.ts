import { z } from "zod";
import { type Api, byScope } from "./api.ts";
import { callerOf } from "./caller.ts";
import type { ServerParts } from "./parts.ts";
import { notThere, problems } from "./problem.ts";
import { given, jobSchema, operation } from "./schemas.ts";

const dueAgain = z.object({ dueAgain: z.array(z.int()) }).meta({ id: "DueAgain" });

/** Work of the whole site: for the administrator's tokens only, which alone are given these scopes. */
export function jobRoutes(api: Api, { queue }: ServerParts): void {
  const parked = {
    ...operation("listParkedJobs", "Parked work, each with its reason", "jobs:read"),
    response: { 200: given("All of it.", z.array(jobSchema)), ...problems },
  };
  api.get("/jobs/parked", { ...byScope("jobs:read"), schema: parked }, async (request) => {
    requireAdministrator(callerOf(request).accountId);
    return [...(await queue.parked())];
  });
  const runAgain = {
    ...operation("runJobAgain", "Make parked work due again", "jobs:write"),
    params: z.object({ id: z.coerce.number().int().min(1) }),
    response: { 202: given("Due again.", dueAgain), ...problems },
  };
  api.post("/jobs/:id/run-again", { ...byScope("jobs:write"), schema: runAgain }, async (request, reply) => {
    requireAdministrator(callerOf(request).accountId);
    const { id } = request.params;
    if (!(await queue.runAgain(id))) throw notThere("parked-job");
    return reply.code(202).send({ dueAgain: [id] });
  });
}

/** An account's token is never given the scope; one that was written into the store otherwise sees nothing. */
function requireAdministrator(accountId: string | null): void {
  if (accountId !== null) throw notThere("parked-job");
}
