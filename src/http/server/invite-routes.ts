import { z } from "zod";
import { inviteStates } from "../../domain/cloud-invite.ts";
import { limits } from "../../domain/limits.ts";
import { listInvites, readInvite } from "../../store/ocm-invites.ts";
import { inviteView } from "../../store/views.ts";
import { type Api, byScope } from "./api.ts";
import { accountFilter, callerOf, own } from "./caller.ts";
import { listQuery, pagesText, pageStart, thisPage } from "./list.ts";
import type { ServerParts } from "./parts.ts";
import { Problem, problems } from "./problem.ts";
import { given, operation, rowParams, time } from "./schemas.ts";
import { refusedSharing } from "./sharing-problems.ts";
import { sharerOf } from "./sharing-routes.ts";

/** Invitations from cloud to cloud (Open Cloud Mesh) that accounts give. */
export function inviteRoutes(api: Api, parts: ServerParts): void {
  listRoute(api, parts);
  readRoute(api, parts);
  giveRoute(api, parts);
  withdrawRoute(api, parts);
}

const inviteShape = {
  id: z.string(),
  account_id: z.string(),
  account: z.string(),
  sharing_id: z
    .string()
    .nullable()
    .meta({ description: "The sharing whose mails bring it; null where it is handed over by other means." }),
  address: z.string().nullable(),
  state: z.enum(inviteStates),
  accepted_by: z
    .object({ host: z.string(), user_id: z.string() })
    .nullable()
    .meta({ description: "Who accepted, as his own server calls him." }),
  created_at: time,
  expires_at: time,
  accepted_at: time.nullable(),
};
const inviteSchema = z.object(inviteShape).meta({ id: "Invite" });

const secret = z.string().optional().meta({ description: "Only in the answer that was asked to reveal it." });
const newInviteSchema = z
  .object({ ...inviteShape, link: secret, code: secret, invite_string: secret })
  .meta({ id: "NewInvite" });

const newInvitesSchema = z.strictObject({
  account: z
    .string()
    .max(100)
    .optional()
    .meta({ description: "Who invites; needed with a token of the administrator only." }),
  to: z
    .array(z.string().max(limits.addressChars))
    .max(limits.recipientsPerSharing)
    .default([])
    .meta({ description: "Mail addresses; none for one invitation that you hand over yourself." }),
  name: z.string().max(limits.nameChars).nullish().meta({ description: "Of the one person invited." }),
  title: z.string().max(limits.messageChars).nullish().meta({ description: "What is to be shared." }),
  message: z.string().nullish(),
  locale: z.string().max(35).nullish().meta({ description: "BCP 47; left out, the account's." }),
  reveal: z
    .boolean()
    .default(false)
    .meta({ description: "Whether the answer has link, code and invite string, which are secrets." }),
});

function listRoute(api: Api, { store: { db } }: ServerParts): void {
  const schema = {
    ...operation("listInvites", "Invitations from cloud to cloud, newest first", "sharings:read"),
    description: pagesText,
    querystring: z.object(listQuery),
    response: { 200: given("One page of them.", z.array(inviteSchema)), ...problems },
  };
  api.get("/sharings/invites", { ...byScope("sharings:read"), schema }, async (request, reply) => {
    const { account, cursor, limit } = request.query;
    const accountId = await accountFilter(db, callerOf(request), account);
    const rows = await listInvites(db, accountId, { after: pageStart(cursor), rows: limit + 1 });
    return thisPage(request, reply, rows, limit).map((row) => inviteView(row, Date.now()));
  });
}

function readRoute(api: Api, { store: { db } }: ServerParts): void {
  const schema = {
    ...operation("readInvite", "One invitation from cloud to cloud", "sharings:read"),
    params: rowParams,
    response: { 200: given("The invitation.", inviteSchema), ...problems },
  };
  api.get("/sharings/invites/:id", { ...byScope("sharings:read"), schema }, async (request) => {
    const row = own(callerOf(request), await readInvite(db, request.params.id), "invitation");
    return inviteView(row, Date.now());
  });
}

function giveRoute(api: Api, { store, invites: load }: ServerParts): void {
  const schema = {
    ...operation("giveInvites", "Invite people at other clouds", "sharings:write"),
    body: newInvitesSchema,
    response: {
      201: given("Given; mails are planned where there are addresses.", z.array(newInviteSchema)),
      ...problems,
    },
  };
  api.post("/sharings/invites", { ...byScope("sharings:write"), schema }, async (request, reply) => {
    const caller = callerOf(request);
    const account = await sharerOf(store.db, caller, request.body.account);
    const { to, name = null, title = null, message = null, locale = null, reveal } = request.body;
    const invites = await load();
    const made = await store.transaction(async (db) => {
      const asked = { account, to, name, title, message, locale, by: caller.by };
      const done = await invites.give(db, asked);
      if (done.kind === "refused") throw refusedSharing(done.problems);
      return done.invites;
    });
    const shown = await Promise.all(
      made.map(async ({ id, link, code, inviteString }) => ({
        ...inviteView(own(caller, await readInvite(store.db, id), "invitation"), Date.now()),
        ...(reveal ? { link, code, invite_string: inviteString } : {}),
      })),
    );
    return reply.code(201).send(shown);
  });
}

function withdrawRoute(api: Api, { store, invites: load }: ServerParts): void {
  const schema = {
    ...operation("withdrawInvite", "Take an invitation back before it is accepted", "sharings:write"),
    params: rowParams,
    response: { 200: given("Withdrawn.", inviteSchema), ...problems },
  };
  api.delete("/sharings/invites/:id", { ...byScope("sharings:write"), schema }, async (request) => {
    const caller = callerOf(request);
    const { id } = request.params;
    const invites = await load();
    return store.transaction(async (db) => {
      const invite = own(caller, await readInvite(db, id), "invitation");
      const done = await invites.withdraw(db, { invite, by: caller.by });
      if (done.kind === "unchanged") throw unchanged(done.why);
      return inviteView(own(caller, await readInvite(db, id), "invitation"), Date.now());
    });
  });
}

function unchanged(why: string): Problem {
  return new Problem({ status: 409, reason: "unchanged", detail: `Nothing was changed: ${why}.` });
}
