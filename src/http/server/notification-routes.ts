import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import { messagesOf } from "../../store/messages.ts";
import {
  listNotifications,
  notificationStates,
  readNotification,
  type NotificationRow,
  readTargets,
} from "../../store/notifications.ts";
import { readRecord } from "../../store/records.ts";
import type { Db } from "../../store/store.ts";
import { notificationView } from "../../store/views.ts";
import { type Api, byScope } from "./api.ts";
import { accountFilter, type Caller, callerOf, own } from "./caller.ts";
import { listQuery, pagesText, pageStart, thisPage } from "./list.ts";
import type { Answered, ServerParts } from "./parts.ts";
import { notThere, Problem, problems } from "./problem.ts";
import {
  acceptedSchema,
  explainedSchema,
  given,
  ignoredSchema,
  notificationSchema,
  notificationWithMailsSchema,
  operation,
  password,
  refusedSchema,
  rowParams,
} from "./schemas.ts";

export function notificationRoutes(api: Api, parts: ServerParts): void {
  listRoute(api, parts);
  readRoutes(api, parts);
  bringRoute(api, parts);
  acceptRoute(api, parts);
  ignoreRoute(api, parts);
  refuseRoute(api, parts);
}

function listRoute(api: Api, { store }: ServerParts): void {
  const schema = {
    ...operation("listNotifications", "Notifications, newest first", "notifications:read"),
    description: pagesText,
    querystring: z.object({ ...listQuery, state: z.enum(notificationStates).optional() }),
    response: { 200: given("One page of them.", z.array(notificationSchema)), ...problems },
  };
  api.get("/notifications", { ...byScope("notifications:read"), schema }, async (request, reply) => {
    const { account, cursor, limit, state } = request.query;
    const accountId = await accountFilter(store.db, callerOf(request), account);
    const page = { after: pageStart(cursor), rows: limit + 1 };
    const rows = await listNotifications(store.db, { accountId, state }, page);
    return thisPage(request, reply, rows, limit).map(notificationView);
  });
}

function readRoutes(api: Api, { store: { db } }: ServerParts): void {
  const one = {
    ...operation(
      "readNotification",
      "One notification, what it names and where its mails lie",
      "notifications:read",
    ),
    params: rowParams,
    response: { 200: given("The notification.", notificationWithMailsSchema), ...problems },
  };
  api.get("/notifications/:id", { ...byScope("notifications:read"), schema: one }, async (request) => {
    const row = await ownNotification(db, callerOf(request), request.params.id);
    const mails = await messagesOf(db, row.id);
    return {
      ...notificationView(row),
      targets: [...(await readTargets(db, row.id))],
      mails: mails.map(({ folder, uid }) => ({ folder, uid })),
    };
  });
  const whole = {
    ...operation("explainNotification", "The whole decision record of a notification", "notifications:read"),
    params: rowParams,
    response: { 200: given("The notification and its record.", explainedSchema), ...problems },
  };
  api.get(
    "/notifications/:id/explain",
    { ...byScope("notifications:read"), schema: whole },
    async (request) => {
      const row = await ownNotification(db, callerOf(request), request.params.id);
      const record = await readRecord(db, row.id);
      return {
        ...notificationView(row),
        record: record.map((line) => ({ ...line, detail: { ...line.detail } })),
      };
    },
  );
}

function bringRoute(api: Api, { store, invites: load }: ServerParts): void {
  const schema = {
    ...operation(
      "bringInvite",
      "Hold an invitation from another cloud that did not come by mail",
      "notifications:answer",
    ),
    description: "Its server hears nothing before the notification is accepted.",
    body: z.strictObject({
      account: z
        .string()
        .max(100)
        .optional()
        .meta({ description: "Who was invited; needed with a token of the administrator only." }),
      invite: z
        .string()
        .max(limits.urlChars)
        .meta({ description: "The link, the code (token@host) or the invite string. A secret." }),
    }),
    response: {
      201: given("It waits for an answer, or what became of it before.", notificationSchema),
      ...problems,
    },
  };
  api.post("/notifications", { ...byScope("notifications:answer"), schema }, async (request, reply) => {
    const caller = callerOf(request);
    const { account, invite: pasted } = request.body;
    const accountId = await accountFilter(store.db, caller, account);
    if (accountId === null) throw noAccountNamed();
    const invites = await load();
    const row = await store.transaction(async (db) => {
      const id = await invites.bring(db, { accountId, pasted });
      if (id === null) throw noInvite();
      return ownNotification(db, caller, id);
    });
    return reply.code(201).send(notificationView(row));
  });
}

function noAccountNamed(): Problem {
  const detail = "The token is the administrator's; name the account that was invited.";
  return new Problem({ status: 400, reason: "no-account", detail });
}

function noInvite(): Problem {
  const detail = "This is no invitation; send its whole link, its code (token@host) or its invite string.";
  return new Problem({ status: 400, reason: "no-invite", detail });
}

function acceptRoute(api: Api, { store, answers: load }: ServerParts): void {
  const schema = {
    ...operation(
      "acceptNotification",
      "Follow the share; the outcome is told by the notification",
      "notifications:answer",
    ),
    params: rowParams,
    body: z
      .strictObject({
        password: password.optional().meta({ description: "The guest password of the share." }),
        trust: z.boolean().optional().meta({ description: "Trust this sender from now on." }),
      })
      .nullish(),
    response: {
      202: given("Planned; the origin is asked as soon as it can be.", acceptedSchema),
      ...problems,
    },
  };
  api.post(
    "/notifications/:id/accept",
    { ...byScope("notifications:answer"), schema },
    async (request, reply) => {
      const caller = callerOf(request);
      const body = request.body ?? {};
      const answers = await load();
      const answered = await store.transaction(async (db) => {
        const { id } = await ownNotification(db, caller, request.params.id);
        return answers.accept(db, id, {
          by: caller.by,
          password: body.password ?? null,
          trust: body.trust ?? false,
        });
      });
      const { state, trust: outcome } = planned(answered);
      return reply.code(202).send({ id: request.params.id, state, trust: outcome });
    },
  );
}

function ignoreRoute(api: Api, { store, answers: load }: ServerParts): void {
  const schema = {
    ...operation(
      "ignoreNotification",
      "Do not follow the share; its origin hears nothing",
      "notifications:answer",
    ),
    params: rowParams,
    response: { 200: given("Done.", ignoredSchema), ...problems },
  };
  api.post("/notifications/:id/ignore", { ...byScope("notifications:answer"), schema }, async (request) => {
    const { by } = callerOf(request);
    const answers = await load();
    const answered = await store.transaction(async (db) => {
      const { id } = await ownNotification(db, callerOf(request), request.params.id);
      return answers.ignore(db, id, { by });
    });
    return { id: request.params.id, state: planned(answered).state };
  });
}

function refuseRoute(api: Api, { store, answers: load }: ServerParts): void {
  const schema = {
    ...operation(
      "refuseNotification",
      "Say no to the share, at its origin where that can be told",
      "notifications:answer",
    ),
    params: rowParams,
    response: { 200: given("Done, or planned where the origin has to be told.", refusedSchema), ...problems },
  };
  api.post("/notifications/:id/refuse", { ...byScope("notifications:answer"), schema }, async (request) => {
    const { by } = callerOf(request);
    const answers = await load();
    const answered = await store.transaction(async (db) => {
      const { id } = await ownNotification(db, callerOf(request), request.params.id);
      return answers.refuse(db, id, { by });
    });
    const { state, note } = planned(answered);
    return { id: request.params.id, state, note };
  });
}

async function ownNotification(db: Db, caller: Caller, id: string): Promise<NotificationRow> {
  return own(caller, await readNotification(db, id), "notification");
}

/** What was planned; throws where nothing was. */
function planned(answered: Answered): Extract<Answered, { readonly kind: "planned" }> {
  if (answered.kind === "planned") return answered;
  if (answered.kind === "not-found") throw notThere("notification");
  throw new Problem({
    status: 409,
    reason: "unchanged",
    detail: `Nothing was changed about the notification: ${answered.why}.`,
  });
}
