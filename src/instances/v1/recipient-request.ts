import { parseScope } from "../../domain/cozy-permissions.ts";
import { isObject } from "../../domain/json.ts";
import { limits } from "../../domain/limits.ts";
import { cozyV1MailReader } from "../../protocols/cozy-v1/detect.ts";
import { answerAddress } from "../../protocols/cozy-v1/received-links.ts";
import { type RequestLink, requestLink } from "../../protocols/cozy-v1/wire.ts";
import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { cozyClientOf } from "../../store/cozy-clients.ts";
import { hashOf } from "../../store/cozy-sharings.ts";
import type { DailyCounts } from "../daily-counts.ts";
import { explain } from "../explain.ts";
import { JsonApiError } from "../json-api.ts";
import { redirectsOf } from "../oauth/clients.ts";
import type { InstanceParts } from "../parts.ts";
import { readReceived } from "./received-rows.ts";
import { unknownAnswer } from "./sharer-answer.ts";

const types = ["one-shot", "master-slave", "master-master"];

/**
 * GET /sharings/request: whoever opens the link of a mail in a browser. It is only looked at; a page says where it is answered, as
 * the consent page of a Cozy would ask (reference/cozy.md 5.5). People see a page where the link is wrong, programs an error.
 */
export async function showRequest(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  try {
    await readRequest(parts, request, request.query);
  } catch (error) {
    const isPerson = request.headers["accept"]?.includes("text/html") ?? false;
    if (!isPerson || !(error instanceof JsonApiError)) throw error;
    return explain(parts, request, { status: error.status, what: "wrong-link" });
  }
  return authorizing(request, request.query);
}

/**
 * PUT /sharings/:id, by its documented name: the same from a program, with the fields in query or body. The account is told as by a
 * mail that nobody vouches for.
 */
export async function announceRequest(
  parts: InstanceParts,
  counts: DailyCounts,
  request: PeerRequest,
): Promise<PeerReply> {
  const fields = new URLSearchParams([...textsIn(request.body), ...request.query]);
  if (!fields.has("state")) fields.set("state", request.params["id"] ?? "");
  const link = requestLink(await readRequest(parts, request, fields));
  const share = cozyV1MailReader.readLink?.(link) ?? null;
  if (share === null) throw new JsonApiError(400, { detail: "These fields make no request to share." });
  const { instance } = request;
  const waitMs = counts.take(instance.accountId, limits.cozyRequestsPerDay, Date.now());
  if (waitMs !== null) {
    const headers = { "retry-after": String(Math.ceil(waitMs / 1000)) };
    throw new JsonApiError(429, { detail: "Too many requests came in a day. Please try later." }, headers);
  }
  const nobody = { name: "", address: "" };
  await parts.store.transaction(async (db) =>
    parts.announce(db, {
      instance,
      share: { ...share, sharer: nobody, title: null },
      key: `cozy-v1:${hashOf(link)}`,
    }),
  );
  const sharer = URL.parse(share.origin ?? "")?.host ?? "";
  parts.tell("sharing-requested", { account: instance.accountName, generation: "v1a", sharer });
  return authorizing(request, fields);
}

function authorizing({ instance }: PeerRequest, fields: URLSearchParams): PeerReply {
  return { status: 303, headers: { location: `${instance.url}/auth/authorize?${fields.toString()}` } };
}

function textsIn(body: unknown): readonly [string, string][] {
  if (!isObject(body)) return [];
  return Object.entries(body).flatMap(([key, value]) =>
    typeof value === "string" ? [[key, value] satisfies [string, string]] : [],
  );
}

/** Throws JsonApiError, in the order and with the statuses of cozy-stack (12.2). */
async function readRequest(
  { store: { db } }: InstanceParts,
  { instance }: PeerRequest,
  fields: URLSearchParams,
): Promise<RequestLink> {
  const text = (key: string): string => (fields.get(key) ?? "").slice(0, limits.scopeChars);
  const sharingType = text("sharing_type");
  if (text("state") === "") throw wrong("state", "The state is missing.");
  if (!types.includes(sharingType)) throw wrong("sharing_type", `It is one of ${types.join(", ")}.`, 422);
  if (text("scope") === "") throw wrong("scope", "The scope is missing.");
  const client = await cozyClientOf(db, instance.accountId, text("client_id"));
  const redirectUri = text("redirect_uri");
  if (client === undefined) throw wrong("client_id", "No OAuth client was found.");
  if (parseScope(text("scope")) === null) throw wrong("scope", "It names no permissions.");
  if (!redirectsOf(client).includes(redirectUri))
    throw wrong("redirect_uri", "The client did not register it.");
  const appSlug = fields.get("App_slug") ?? text("app_slug");
  const { url: at } = instance;
  return {
    at,
    appSlug,
    clientId: client.id,
    redirectUri,
    scope: text("scope"),
    sharingType,
    state: text("state"),
  };
}

function wrong(parameter: string, detail: string, status = 400): JsonApiError {
  return new JsonApiError(status, { detail, parameter });
}

/**
 * POST /sharings/formRefuse (5.5, step 5): a browser is sent to the sharer with the refusal, for an invitation that the account has
 * not accepted. The sharer is told by that browser.
 */
export async function sendRefusal(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  const fields = new Map(textsIn(request.body));
  const [state, clientId] = [fields.get("state") ?? "", fields.get("client_id") ?? ""];
  if (state === "") throw wrong("state", "The state is missing.");
  if (clientId === "") throw wrong("client_id", "No OAuth client was found.");
  const { db } = parts.store;
  const received = await readReceived(db, request.instance.accountId, "v1a", state);
  const client = await cozyClientOf(db, request.instance.accountId, clientId);
  const [redirectUri] = client === undefined ? [] : redirectsOf(client);
  const isWaiting = received?.sharing.is_active === 0 && received.sharer.inbound_client_id === clientId;
  if (!isWaiting || redirectUri === undefined) throw unknownAnswer(request);
  return { status: 302, headers: { location: `${answerAddress({ redirectUri, clientId, state }, null)}#` } };
}
