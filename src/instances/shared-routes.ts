import { z } from "zod";
import { isObject } from "../domain/json.ts";
import type { PeerOperation, PeerReply, PeerRequest, PeerRoute } from "../http/peer-route.ts";
import { cozySharingByDocument } from "../store/cozy-sharings.ts";
import { JsonApiError, jsonApiRoute } from "./json-api.ts";
import type { Generation, InstanceParts, SharedRoute } from "./parts.ts";

interface Sharers {
  readonly v1: Generation;
  readonly v3: Generation;
}

/** The routes whose paths the generations of cozy-stack share: each request goes to the generation that it is of. */
export function sharedRoutes(
  generations: Sharers,
  { store }: Pick<InstanceParts, "store">,
): readonly PeerRoute[] {
  const byLink = async (request: PeerRequest) => generationOfLink(request, store);
  const routes = [
    { name: "PUT /sharings/:id", operation: receiving, choose: byBody },
    { name: "POST /sharings/:id/answer", operation: answering, choose: byBody },
    // For a browser.
    { name: "GET /sharings/:id/discovery", operation: null, choose: byLink },
    { name: "POST /sharings/:id/discovery", operation: discovering, choose: byLink },
  ] as const;
  return routes.map(({ name, operation, choose }) =>
    jsonApiRoute({ ...places[name], operation }, async (request) =>
      handlerOf(generations[await choose(request)], name)(request),
    ),
  );
}

const places: Readonly<Record<SharedRoute, Pick<PeerRoute, "method" | "path">>> = {
  "PUT /sharings/:id": { method: "PUT", path: "/sharings/:id" },
  "POST /sharings/:id/answer": { method: "POST", path: "/sharings/:id/answer" },
  "GET /sharings/:id/discovery": { method: "GET", path: "/sharings/:id/discovery" },
  "POST /sharings/:id/discovery": { method: "POST", path: "/sharings/:id/discovery" },
};

function handlerOf({ shared }: Generation, name: SharedRoute): (request: PeerRequest) => Promise<PeerReply> {
  const handler = shared[name];
  if (handler !== undefined) return handler;
  throw new JsonApiError(404, { detail: "There is nothing here for a sharing of this kind." });
}

/** Today's cozy-stack sends JSON:API documents; the documented names of the first protocol have flat bodies. */
async function byBody({ body }: PeerRequest): Promise<keyof Sharers> {
  return isObject(body) && "data" in body ? "v3" : "v1";
}

/** A state is of today's protocol; of a sharecode the sharing in the path tells. */
async function generationOfLink(
  { instance: { accountId }, params, query, body }: PeerRequest,
  { db }: InstanceParts["store"],
): Promise<keyof Sharers> {
  if (query.has("state") || (isObject(body) && "state" in body)) return "v3";
  const known = await cozySharingByDocument(db, accountId, "v1b", params["id"] ?? "");
  return known === undefined ? "v3" : "v1";
}

const tag = "between Cozys";

const receiving: PeerOperation = {
  id: "receiveSharing",
  summary: "Another Cozy asks to share something",
  tag,
  security: null,
  query: z.object({
    shortcut: z.string().optional(),
    url: z.string().optional(),
    interactive: z.string().optional(),
  }),
  body: z.looseObject({ data: z.looseObject({}).optional() }),
  replies: {
    201: { description: "It waits for the account" },
    400: { description: "It is none, or the account owns it" },
    409: { description: "The account has accepted it already" },
  },
};

const answering: PeerOperation = {
  id: "answerSharing",
  summary: "A recipient accepts; the state is the secret",
  tag,
  security: null,
  body: z.looseObject({ data: z.looseObject({}).optional() }),
  replies: {
    200: { description: "Credentials for the recipient" },
    400: { description: "The sharing waits for no answer" },
    404: { description: "The member was not found" },
    422: { description: "The member's Cozy is not known" },
  },
};

const discovering: PeerOperation = {
  id: "discoverRecipient",
  summary: "A recipient says where his Cozy is",
  tag,
  security: null,
  body: z.looseObject({
    state: z.string().optional(),
    sharecode: z.string().optional(),
    url: z.string().optional(),
    slug: z.string().optional(),
    domain: z.string().optional(),
    shortcut: z.string().optional(),
  }),
  replies: {
    200: { description: "Where to go on, for programs" },
    302: { description: "Where to go on" },
    400: { description: "There is no Cozy at this address, or the sharing waits for no answer" },
    404: { description: "The member was not found" },
    412: { description: "A mail address was typed" },
  },
};
