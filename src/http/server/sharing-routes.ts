import { z } from "zod";
import { accountById } from "../../store/accounts.ts";
import { readRecipients } from "../../store/invited.ts";
import { readStories } from "../../store/records.ts";
import { listSharings, readSharing, type SharingRow } from "../../store/sharings.ts";
import type { Db } from "../../store/store.ts";
import { recipientView, sharingSummaryView, sharingView } from "../../store/views.ts";
import { type Api, byScope } from "./api.ts";
import { accountFilter, type Caller, callerOf, own } from "./caller.ts";
import { listQuery, pagesText, pageStart, thisPage } from "./list.ts";
import type { ServerParts } from "./parts.ts";
import { problems } from "./problem.ts";
import { given, operation, rowParams } from "./schemas.ts";
import { refusedSharing } from "./sharing-problems.ts";
import {
  keyHeaders,
  moreRecipientsSchema,
  newSharingSchema,
  sharingSchema,
  sharingSummarySchema,
} from "./sharing-schemas.ts";

/** What accounts share; what recipients do is in recipient-routes.ts. */
export function sharingRoutes(api: Api, parts: ServerParts): void {
  listRoute(api, parts);
  readRoute(api, parts);
  createRoute(api, parts);
  addRoute(api, parts);
}

function listRoute(api: Api, { store: { db } }: ServerParts): void {
  const schema = {
    ...operation("listSharings", "Sharings, newest first", "sharings:read"),
    description: pagesText,
    querystring: z.object(listQuery),
    response: { 200: given("One page of them.", z.array(sharingSummarySchema)), ...problems },
  };
  api.get("/sharings", { ...byScope("sharings:read"), schema }, async (request, reply) => {
    const { account, cursor, limit } = request.query;
    const accountId = await accountFilter(db, callerOf(request), account);
    const rows = await listSharings(db, { accountId }, { after: pageStart(cursor), rows: limit + 1 });
    return thisPage(request, reply, rows, limit).map(sharingSummaryView);
  });
}

function readRoute(api: Api, { store: { db } }: ServerParts): void {
  const schema = {
    ...operation("readSharing", "One sharing and the whole story of each recipient", "sharings:read"),
    params: rowParams,
    response: { 200: given("The sharing.", sharingSchema), ...problems },
  };
  api.get("/sharings/:id", { ...byScope("sharings:read"), schema }, async (request) => {
    const row = await ownSharing(db, callerOf(request), request.params.id);
    return wholeSharing(db, row);
  });
}

function createRoute(api: Api, { store, sharings }: ServerParts): void {
  const schema = {
    ...operation("createSharing", "Share something and invite people by mail", "sharings:write"),
    description:
      "With a key (the field Idempotency-Key, or `key`) the same request can be sent again: it is done once, and answered " +
      "with 200 from then on. Another request with that key is refused.",
    headers: keyHeaders,
    body: newSharingSchema,
    response: {
      201: given("Planned; the sharing tells what becomes of it.", sharingSchema),
      200: given("The same was asked before with this key; what became of it so far.", sharingSchema),
      ...problems,
    },
  };
  api.post("/sharings", { ...byScope("sharings:write"), schema }, async (request, reply) => {
    const caller = callerOf(request);
    const account = await sharerOf(store.db, caller, request.body.account);
    const { title, link, message, locale, to, expires_at: expiresAtMs, key } = request.body;
    const created = await store.transaction(async (db) =>
      sharings.create(db, {
        account,
        title,
        link,
        message: message ?? null,
        locale: locale ?? null,
        to,
        expiresAtMs: expiresAtMs ?? null,
        by: caller.by,
        key: request.headers["idempotency-key"] ?? key ?? null,
      }),
    );
    if (created.kind === "refused") throw refusedSharing(created.problems);
    const row = await ownSharing(store.db, caller, created.id);
    return reply.code(created.isRepeat ? 200 : 201).send(await wholeSharing(store.db, row));
  });
}

function addRoute(api: Api, { store, sharings }: ServerParts): void {
  const schema = {
    ...operation("addRecipients", "Invite more people to a sharing", "sharings:write"),
    params: rowParams,
    body: moreRecipientsSchema,
    response: { 201: given("Planned; the sharing with all its recipients.", sharingSchema), ...problems },
  };
  api.post("/sharings/:id/recipients", { ...byScope("sharings:write"), schema }, async (request, reply) => {
    const caller = callerOf(request);
    const { to, locale } = request.body;
    const row = await store.transaction(async (db) => {
      const found = await ownSharing(db, caller, request.params.id);
      const more = { sharingId: found.id, to, locale: locale ?? null, by: caller.by };
      const added = await sharings.addRecipients(db, more);
      if (added.kind === "refused") throw refusedSharing(added.problems);
      return found;
    });
    return reply.code(201).send(await wholeSharing(store.db, row));
  });
}

/** Name of the account that shares: the token's own; the administrator names one. Both look the same where there is none. */
export async function sharerOf(db: Db, caller: Caller, named: string | undefined): Promise<string> {
  const accountId = await accountFilter(db, caller, named);
  if (accountId === null) {
    const detail = "The token is the administrator's; name the account that shares.";
    throw refusedSharing([{ field: "account", because: "no-account", detail }]);
  }
  const account = await accountById(db, accountId);
  return account?.name ?? "";
}

/** A sharing with its recipients and their stories. */
export async function wholeSharing(db: Db, row: SharingRow) {
  const stories = await readStories(db, { sharingId: row.id });
  const recipients = await readRecipients(db, row.id);
  return {
    ...sharingView(row),
    recipients: recipients.map((each) => recipientView(each, stories.get(each.id) ?? [])),
  };
}

/** The sharing, where it is one of the caller's; else throws the Problem that it is not there. */
export async function ownSharing(db: Db, caller: Caller, id: string): Promise<SharingRow> {
  return own(caller, await readSharing(db, id), "sharing");
}
