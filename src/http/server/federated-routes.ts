import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import { type Api, byScope } from "./api.ts";
import { callerOf } from "./caller.ts";
import type { ServerParts } from "./parts.ts";
import { problems } from "./problem.ts";
import { given, operation } from "./schemas.ts";
import { refusedSharing } from "./sharing-problems.ts";
import { ownSharing, sharerOf, wholeSharing } from "./sharing-routes.ts";
import { keyHeaders, newSharingSchema, sharingSchema } from "./sharing-schemas.ts";

const newFederatedSchema = newSharingSchema.pick({ account: true, expires_at: true, key: true }).extend({
  title: newSharingSchema.shape.title.meta({
    description: "The name of the file or folder in the recipients' clouds.",
  }),
  webdav: z
    .string()
    .max(limits.urlChars)
    .meta({ description: "Where it is by WebDAV, https; kept sealed and shown nowhere." }),
  login: z
    .string()
    .max(limits.addressChars)
    .nullish()
    .meta({ description: "With a login, `secret` is its password (Basic); else it is a bearer token." }),
  secret: z.string().max(limits.sharePasswordChars),
  type: z
    .enum(["file", "folder"])
    .nullish()
    .meta({ description: "Left out, the address tells: that of a folder ends with a slash." }),
  to: z
    .array(z.string().max(limits.ocmTextChars))
    .max(limits.recipientsPerSharing)
    .meta({ description: `OCM addresses, user@host; at most ${limits.ocmRecipients}.` }),
  write: z.boolean().default(false).meta({ description: "They may change it." }),
  share: z.boolean().default(false).meta({ description: "They may share it further." }),
  exchange_token: z
    .boolean()
    .default(false)
    .meta({ description: "Only for servers that exchange the secret of a share for short-lived tokens." }),
});

/** What accounts share with people at other clouds. */
export function federatedRoutes(api: Api, { store, sharings }: ServerParts): void {
  const schema = {
    ...operation("federateSharing", "Share a file or folder with people at other clouds", "sharings:write"),
    description:
      "Over Open Cloud Mesh: the recipients' servers are asked, and no mail is sent. Each recipient opens it through this site, " +
      "until the sharing is revoked or has ended. A key makes the request safe to repeat, as for createSharing.",
    headers: keyHeaders,
    body: newFederatedSchema,
    response: {
      201: given("Planned; the sharing tells what becomes of it.", sharingSchema),
      200: given("The same was asked before with this key; what became of it so far.", sharingSchema),
      ...problems,
    },
  };
  api.post("/sharings/federated", { ...byScope("sharings:write"), schema }, async (request, reply) => {
    const caller = callerOf(request);
    const { title, webdav, login, secret, type, to, write, share } = request.body;
    const account = await sharerOf(store.db, caller, request.body.account);
    const created = await store.transaction(async (db) =>
      sharings.federate(db, {
        account,
        title,
        webdav,
        login: login ?? null,
        secret,
        resourceType: type ?? null,
        to,
        mayWrite: write,
        mayShare: share,
        mustExchange: request.body.exchange_token,
        expiresAtMs: request.body.expires_at ?? null,
        by: caller.by,
        key: request.headers["idempotency-key"] ?? request.body.key ?? null,
      }),
    );
    if (created.kind === "refused") throw refusedSharing(created.problems);
    const row = await ownSharing(store.db, caller, created.id);
    return reply.code(created.isRepeat ? 200 : 201).send(await wholeSharing(store.db, row));
  });
}
