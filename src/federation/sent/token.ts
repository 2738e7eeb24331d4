import { randomBytes } from "node:crypto";
import { isObject } from "../../domain/json.ts";
import { limits } from "../../domain/limits.ts";
import type { PeerReply, PeerRequest, SiteRoute } from "../../http/peer-route.ts";
import { readPeerHost } from "../../protocols/ocm/address.ts";
import { putAccessToken, sentShareToExchange } from "../../store/ocm-sent-shares.ts";
import type { FederationParts } from "../parts.ts";
import { speakerOf } from "../received/speaker.ts";
import { signedPost } from "../signed-post.ts";
import { bytesOf } from "./relay-reading.ts";

/** Where the discovery of the site says that secrets are exchanged for tokens. */
const tokenPath = "/ocm/token";

/** The grant of the specification, of OCM 1.2, and of reva (reference/ocm.md 4.7). */
const grants: ReadonlySet<string> = new Set(["authorization_code", "ocm_authorization_code", "ocm_share"]);

export function tokenRoute(parts: FederationParts): SiteRoute {
  return signedPost(tokenPath, null, exchange, parts);
}

/**
 * Exchanges the secret of a share for an access token; the former token opens nothing any more. The secret has to come from the host
 * that the share was given to, and signed where that host signs; of one that does not, the secret alone has to do, as for WebDAV. All secrets that are none look the same.
 */
async function exchange(parts: FederationParts, request: PeerRequest<null>): Promise<PeerReply> {
  if (parts.siteUrl() === null) return { status: 404 };
  const asked = readAsked(request);
  if (typeof asked === "string") return refused(asked);
  const { store } = parts;
  const share = await sentShareToExchange(store.db, { ...asked, nowMs: Date.now() });
  if (share === undefined) return unknown(request);
  const speaker = await speakerOf(parts, request, share.host);
  if (speaker.kind === "refused") return refused("invalid_client");
  const token = randomBytes(32).toString("base64url");
  const isGiven = await store.transaction(async (db) => {
    const nowMs = Date.now();
    // The share may have ended while the signature was looked at.
    if ((await sentShareToExchange(db, { ...asked, nowMs })) === undefined) return false;
    await putAccessToken(db, share.id, { token, nowMs, expiresAtMs: nowMs + limits.ocmAccessTokenMs });
    return true;
  });
  if (!isGiven) return refused("invalid_grant");
  const body = { access_token: token, token_type: "Bearer", expires_in: limits.ocmAccessTokenMs / 1000 };
  return { status: 200, headers: unkept, body };
}

interface Asked {
  readonly secret: string;
  readonly host: string;
}

/** Or the error code for a request that asks for nothing that is given here. */
function readAsked(request: PeerRequest<null>): Asked | string {
  const fields = fieldsIn(request);
  const [grant, code, client] = ["grant_type", "code", "client_id"].map((name) => fields?.[name]);
  if (typeof grant !== "string" || typeof code !== "string" || typeof client !== "string") {
    return "invalid_request";
  }
  if (!grants.has(grant)) return "unsupported_grant_type";
  const host = readPeerHost(client);
  return host === null ? "invalid_client" : { secret: code, host };
}

function fieldsIn(request: PeerRequest<null>): Readonly<Record<string, unknown>> | null {
  const text = bytesOf(request).toString("utf8");
  const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (type === "application/x-www-form-urlencoded") return Object.fromEntries(new URLSearchParams(text));
  try {
    const body: unknown = JSON.parse(text);
    return isObject(body) ? body : null;
  } catch {
    return null;
  }
}

/** A code that nobody has: what guesses cost is counted. */
function unknown(request: PeerRequest<null>): PeerReply {
  const waitMs = request.countWrongSecret();
  if (waitMs === null) return refused("invalid_grant");
  const headers = { ...unkept, "retry-after": String(Math.ceil(waitMs / 1000)) };
  return { status: 429, headers, body: { error: "invalid_grant" } };
}

/** RFC 6749 section 5.2. */
function refused(error: string): PeerReply {
  return { status: 400, headers: unkept, body: { error } };
}

const unkept = { "cache-control": "no-store" };
