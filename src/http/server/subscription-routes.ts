import { z } from "zod";
import type { Db } from "../../store/store.ts";
import {
  listSubscriptions,
  readFolders,
  readSubscription,
  type SubscriptionRow,
} from "../../store/subscriptions.ts";
import { subscriptionView } from "../../store/views.ts";
import { type Api, byScope } from "./api.ts";
import { accountFilter, type Caller, callerOf, own } from "./caller.ts";
import { listQuery, pagesText, pageStart, thisPage } from "./list.ts";
import type { ServerParts } from "./parts.ts";
import { Problem, problems } from "./problem.ts";
import {
  given,
  operation,
  password,
  rowParams,
  subscriptionSchema,
  subscriptionWithFoldersSchema,
} from "./schemas.ts";

export function subscriptionRoutes(api: Api, parts: ServerParts): void {
  listRoute(api, parts);
  readRoute(api, parts);
  checkRoute(api, parts);
  leaveRoute(api, parts);
}

function listRoute(api: Api, { store: { db } }: ServerParts): void {
  const schema = {
    ...operation("listSubscriptions", "Subscriptions, newest first", "subscriptions:read"),
    description: pagesText,
    querystring: z.object({
      ...listQuery,
      ended: z
        .enum(["true", "false"])
        .default("false")
        .meta({ description: "true: with those that have ended." }),
    }),
    response: { 200: given("One page of them.", z.array(subscriptionSchema)), ...problems },
  };
  api.get("/subscriptions", { ...byScope("subscriptions:read"), schema }, async (request, reply) => {
    const { account, cursor, limit, ended } = request.query;
    const accountId = await accountFilter(db, callerOf(request), account);
    const page = { after: pageStart(cursor), rows: limit + 1 };
    const rows = await listSubscriptions(db, { accountId, withEnded: ended === "true" }, page);
    return thisPage(request, reply, rows, limit).map(subscriptionView);
  });
}

function readRoute(api: Api, { store: { db } }: ServerParts): void {
  const schema = {
    ...operation(
      "readSubscription",
      "One subscription and the folders behind it, as last seen",
      "subscriptions:read",
    ),
    params: rowParams,
    response: { 200: given("The subscription.", subscriptionWithFoldersSchema), ...problems },
  };
  api.get("/subscriptions/:id", { ...byScope("subscriptions:read"), schema }, async (request) => {
    const row = await ownSubscription(db, callerOf(request), request.params.id);
    return { ...subscriptionView(row), folders: [...(await readFolders(db, row.id))] };
  });
}

function checkRoute(api: Api, { store, answers: load }: ServerParts): void {
  const schema = {
    ...operation(
      "checkSubscription",
      "Look at the origin now; the outcome is told by the subscription",
      "subscriptions:write",
    ),
    params: rowParams,
    body: z
      .strictObject({ password: password.optional().meta({ description: "A new guest password." }) })
      .nullish(),
    response: { 202: given("Planned; the subscription as it is now.", subscriptionSchema), ...problems },
  };
  api.post(
    "/subscriptions/:id/check",
    { ...byScope("subscriptions:write"), schema },
    async (request, reply) => {
      const answers = await load();
      const row = await store.transaction(async (db) => {
        const found = openOne(await ownSubscription(db, callerOf(request), request.params.id));
        await answers.check(db, found.id, request.body?.password ?? null);
        return found;
      });
      return reply.code(202).send(subscriptionView(row));
    },
  );
}

function leaveRoute(api: Api, { store, answers: load }: ServerParts): void {
  const schema = {
    ...operation(
      "leaveSubscription",
      "Leave the share; the outcome is told by the subscription",
      "subscriptions:write",
    ),
    params: rowParams,
    response: { 202: given("Planned; the subscription as it is now.", subscriptionSchema), ...problems },
  };
  api.delete("/subscriptions/:id", { ...byScope("subscriptions:write"), schema }, async (request, reply) => {
    const caller = callerOf(request);
    const answers = await load();
    const row = await store.transaction(async (db) => {
      const found = openOne(await ownSubscription(db, caller, request.params.id));
      await answers.leave(db, found.id, caller.by);
      return (await readSubscription(db, found.id)) ?? found;
    });
    return reply.code(202).send(subscriptionView(row));
  });
}

/** The subscription, where it is one of the caller's; else throws the Problem that it is not there. */
export async function ownSubscription(db: Db, caller: Caller, id: string): Promise<SubscriptionRow> {
  return own(caller, await readSubscription(db, id), "subscription");
}

/** The subscription, unless it has ended. */
export function openOne(row: SubscriptionRow): SubscriptionRow {
  if (row.ended_at === null) return row;
  throw new Problem({
    status: 409,
    reason: "subscription-ended",
    detail: `The subscription has ended (${row.state}); accept its notification again to follow the share anew.`,
  });
}
