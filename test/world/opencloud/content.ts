import { randomBytes } from "node:crypto";
import type { Reply } from "../faulty-answers.ts";
import { textAt } from "../ocm/json.ts";
import { serveWebdav } from "../ocm/webdav.ts";
import { authorizationOf, fieldsIn, json, type OcmRequest, typeOf } from "../ocm/wire.ts";
import { unauthenticated } from "./problems.ts";
import type { OpenCloudState, SentShare } from "./state.ts";

/**
 * `/dav/ocm/<shareid>`, opened by Bearer with the shared secret, or an access token (reference/ocm.md 6.3). A single file
 * is there at the root and below its name (4.6).
 */
export function serveShare(cloud: OpenCloudState, request: OcmRequest, id: string, below = ""): Reply {
  const authorization = authorizationOf(request);
  if (authorization.kind === "basic") cloud.refuse("Basic authentication on /dav/ocm");
  const token = authorization.kind === "bearer" ? authorization.token : "";
  const share = cloud.sent.find((each) => each.id === id);
  if (share === undefined || !opens(share, token)) throw unauthenticated("no access");
  const base = `/dav/ocm/${id}`;
  const { root, name } = share;
  const named = `/${encodeURIComponent(name)}`;
  const { refuse } = cloud;
  if (root.kind === "folder") return serveWebdav(request, { root, base: `${base}/`, below, refuse });
  const isNamed = nodeNameIn(below) === name;
  return serveWebdav(request, {
    root,
    base: isNamed ? base + named : base,
    below: isNamed ? "" : below,
    refuse,
  });
}

function nodeNameIn(below: string): string {
  try {
    return decodeURIComponent(below).replace(/^\//, "");
  } catch {
    return "";
  }
}

function opens({ isRevoked, mustExchangeToken, secret, accessTokens }: SentShare, token: string): boolean {
  if (isRevoked) return false;
  return accessTokens.has(token) || (token === secret && !mustExchangeToken);
}

const grants: Readonly<Record<string, string>> = {
  "application/json": "ocm_share",
  "application/x-www-form-urlencoded": "authorization_code",
};

/** `POST /ocm/token` of reva: JSON with `ocm_share`, or the standard form (reference/ocm.md 4.7). Signatures are ignored. */
export function exchange(cloud: OpenCloudState, request: OcmRequest): Reply {
  if (!cloud.conduct.exchangesTokens) cloud.refuse("a token is asked for where none are exchanged");
  const fields = fieldsIn(request);
  if (textAt(fields, "code") === "" || textAt(fields, "client_id") === "") return refusal("invalid_request");
  if (textAt(fields, "grant_type") !== grants[typeOf(request)]) return refusal("unsupported_grant_type");
  const share = cloud.sent.find(({ secret, isRevoked }) => secret === textAt(fields, "code") && !isRevoked);
  if (share === undefined) return refusal("invalid_grant");
  const token = randomBytes(24).toString("base64url");
  share.accessTokens.add(token);
  return json(200, { access_token: token, token_type: "Bearer", expires_in: 3600 });
}

function refusal(error: string): Reply {
  return json(400, { error });
}
