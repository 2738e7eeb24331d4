import { sql } from "kysely";
import { z } from "zod";
import type { Api } from "./api.ts";
import type { ServerParts } from "./parts.ts";
import { problems } from "./problem.ts";
import { given } from "./schemas.ts";

const health = z.object({ status: z.enum(["alive", "ready"]) }).meta({ id: "Health" });

/** For monitors and load balancers, which ask without a token and often by address. */
export function healthRoutes(api: Api, { store }: ServerParts): void {
  const live = {
    operationId: "isAlive",
    summary: "The process answers",
    tags: ["health"],
    response: { 200: given("It does.", health), ...problems },
  };
  api.get("/health/live", { schema: live }, () => ({ status: "alive" as const }));
  const ready = { ...live, operationId: "isReady", summary: "The store answers too" };
  api.get("/health/ready", { schema: ready }, async () => {
    await sql`select 1`.execute(store.db);
    return { status: "ready" as const };
  });
}
