import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import type { PeerReply, PeerRequest, PeerRoute } from "../../http/peer-route.ts";
import type { InstanceParts } from "../parts.ts";
import { authorize } from "./authorize.ts";
import { provenClient, registerClient } from "./clients.ts";
import { readClientMetadata, writeClient } from "./metadata.ts";
import { exchangeCode, refreshAccess, writeTokens } from "./tokens.ts";

const failure = z.object({ error: z.string(), error_description: z.string().optional() });
const security = null;

/** OAuth for other Cozys (RFC 6749, RFC 7591, reference/cozy.md 5.5): they register, and get tokens for what was accepted. */
export function oauthRoutes(parts: InstanceParts): readonly PeerRoute[] {
  return [
    {
      method: "POST",
      path: "/auth/register",
      operation: {
        id: "registerClient",
        summary: "Another Cozy registers as an OAuth client",
        tag: "oauth",
        security,
        body: z.object({
          redirect_uris: z.array(z.string()),
          client_name: z.string(),
          software_id: z.string(),
          client_kind: z.string().optional(),
          client_uri: z.string().optional(),
        }),
        replies: {
          201: { description: "Registered; the secret is shown once" },
          400: { description: "Something is missing or wrong", body: failure },
        },
      },
      answer: async (request) => register(parts, request),
    },
    {
      method: "POST",
      path: "/auth/access_token",
      operation: {
        id: "issueTokens",
        summary: "Exchange a code, or refresh an access token",
        tag: "oauth",
        security,
        body: z.object({
          grant_type: z.enum(["authorization_code", "refresh_token"]),
          client_id: z.string(),
          client_secret: z.string(),
          code: z.string().optional(),
          refresh_token: z.string().optional(),
        }),
        replies: {
          200: { description: "Tokens" },
          400: { description: "The grant is unknown, was used, or is another client's", body: failure },
          429: { description: "Too many wrong secrets came from this address", body: failure },
        },
      },
      answer: async (request) => issue(parts, request),
    },
    ...(["GET", "POST"] as const).map((method) => ({
      method,
      path: "/auth/authorize",
      operation: null,
      answer: async (request: PeerRequest) => authorize(parts, request),
    })),
  ];
}

async function register(
  { store }: InstanceParts,
  { instance, network, body }: PeerRequest,
): Promise<PeerReply> {
  const read = readClientMetadata(body, instance.host);
  if (read.kind === "refused") return wrong(400, read.error, read.description);
  const of = { accountId: instance.accountId, cozySharingId: null, network };
  const client = await store.transaction(async (db) => registerClient(db, of, read.metadata, Date.now()));
  const kinds = { grant_types: ["authorization_code", "refresh_token"], response_types: ["code"] };
  return { status: 201, body: { ...writeClient(client), ...kinds } };
}

const secret = z.string().min(1).max(limits.scopeChars);
const identity = { client_id: secret, client_secret: secret };
const grant = z.discriminatedUnion("grant_type", [
  z.object({ grant_type: z.literal("authorization_code"), code: secret, ...identity }),
  z.object({ grant_type: z.literal("refresh_token"), refresh_token: secret, ...identity }),
]);

/** RFC 6749 sections 4.1.3 and 6; all failures are 400, as cozy-stack's. */
async function issue({ store }: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  const { data: asked } = grant.safeParse(request.body);
  if (asked === undefined)
    return wrong(400, "invalid_request", "grant_type, client_id, client_secret and a grant.");
  const { client_id: clientId, client_secret: clientSecret } = asked;
  const issued = await store.transaction(async (db) => {
    const nowMs = Date.now();
    const client = await provenClient(db, request.instance.accountId, { clientId, clientSecret });
    if (client === null) return "invalid_client";
    const tokens =
      asked.grant_type === "refresh_token"
        ? await refreshAccess(db, client, asked.refresh_token, nowMs)
        : await exchangeCode(db, client, asked.code, nowMs);
    return tokens ?? "invalid_grant";
  });
  if (typeof issued === "object") return { status: 200, body: writeTokens(issued) };
  const waitMs = request.countWrongSecret();
  if (waitMs === null) return wrong(400, issued, "The client or its grant is unknown, or was used.");
  return {
    ...wrong(429, "temporarily_unavailable", "Too many wrong secrets; wait as long as Retry-After says."),
    headers: { "retry-after": String(Math.ceil(waitMs / 1000)) },
  };
}

function wrong(status: number, error: string, description: string): PeerReply {
  return { status, body: { error, error_description: description } };
}
