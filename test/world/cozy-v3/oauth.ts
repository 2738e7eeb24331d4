import { randomBytes } from "node:crypto";
import type { Reply } from "../faulty-answers.ts";
import type { Instance, Issued } from "./instance.ts";
import { type AccessToken, type Client, newId, type Sharing } from "./model.ts";
import { type CozyRequest, json, Refusal } from "./wire.ts";

/** Reference/cozy.md 7.1. */
const accessTokenMs = 7 * 24 * 60 * 60 * 1000;
/** What a member gets when it is made read-only (reference/cozy.md 7.7). */
export const downgradedTokenMs = 60 * 60 * 1000;

/** A client of kind "sharing" for the Cozy at `origin`. */
export function createClient(instance: Instance, publicName: string, origin: string): Client {
  const client: Client = {
    client_id: newId(),
    client_secret: randomBytes(24).toString("base64url"),
    client_secret_expires_at: 0,
    registration_access_token: randomBytes(32).toString("base64url"),
    redirect_uris: [`${origin}/sharings/answer`],
    client_name: `Sharing ${publicName}`,
    client_kind: "sharing",
    client_uri: `${origin}/`,
    software_id: "github.com/cozy/cozy-stack",
  };
  instance.clients.set(client.client_id, client);
  return client;
}

/** Notes what a client of the other side lacks of the shape of 7.5; the product would take it. */
export function noteClient(instance: Instance, sharing: Sharing, client: Client, scope: string): void {
  const { redirect_uris, client_name, client_kind, client_uri, software_id } = client;
  const isWhole =
    redirect_uris.includes(`${instance.origin}/sharings/answer`) &&
    client_name.startsWith("Sharing ") &&
    client_kind === "sharing" &&
    client_uri.replace(/\/$/, "") === instance.origin &&
    software_id !== "";
  if (!isWhole) instance.refuse("the client of the other side is not one of a sharing with this Cozy");
  if (!/^io\.cozy\.sharings:(ALL|GET):/.test(scope) || !scope.endsWith(`:${sharing.id}`)) {
    instance.refuse("the token of the other side is not for this sharing");
  }
}

export function deleteClient(instance: Instance, clientId: string): void {
  instance.clients.delete(clientId);
  for (const [token, issued] of instance.tokens) {
    if (issued.clientId === clientId) instance.tokens.delete(token);
  }
}

export function sharingScope({ id }: Sharing, isReadOnly: boolean): string {
  return `io.cozy.sharings:${isReadOnly ? "GET" : "ALL"}:${id}`;
}

export function issueTokens(
  instance: Instance,
  clientId: string,
  scope: string,
  lifetimeMs = accessTokenMs,
): AccessToken {
  const issue = (kind: Issued["kind"]): string => {
    const token = randomBytes(32).toString("base64url");
    instance.tokens.set(token, { kind, clientId, scope, expiresAt: Date.now() + lifetimeMs });
    return token;
  };
  return {
    token_type: "bearer",
    access_token: issue("access"),
    refresh_token: issue("refresh"),
    scope,
  };
}

/**
 * Id of the client whose token for this sharing a request carries. Read-only members have the verb GET alone. 401 without
 * or with an expired token, so that it is refreshed; 403 for every other (reference/cozy.md 8.2).
 */
export function sharingClient(
  instance: Instance,
  request: CozyRequest,
  sharing: Sharing,
  verb: "GET" | "ALL",
): string {
  if (request.bearer === "") throw new Refusal(401, "No token was sent");
  const issued = instance.tokens.get(request.bearer);
  const scopes = verb === "GET" ? [sharingScope(sharing, true)] : [];
  scopes.push(sharingScope(sharing, false));
  if (issued?.kind !== "access" || !scopes.includes(issued.scope)) {
    throw new Refusal(403, "The token does not permit this");
  }
  if (issued.expiresAt <= Date.now()) throw new Refusal(401, "The token has expired");
  return issued.clientId;
}

/** POST /auth/access_token with grant_type=refresh_token. The refresh token stays the same. */
export function refreshToken(instance: Instance, request: CozyRequest): Reply {
  if (request.contentType !== "application/x-www-form-urlencoded") return tokenError("invalid_request");
  const form = new URLSearchParams(request.body.toString());
  if (form.get("grant_type") !== "refresh_token") return tokenError("unsupported_grant_type");
  const client = instance.clients.get(form.get("client_id") ?? "");
  if (client === undefined) return tokenError("invalid_client");
  if (client.client_secret !== form.get("client_secret")) return tokenError("invalid_client");
  const refresh = form.get("refresh_token") ?? "";
  const issued = instance.tokens.get(refresh);
  if (issued?.kind !== "refresh" || issued.clientId !== client.client_id) return tokenError("invalid_grant");
  const { refresh_token: unused, ...made } = issueTokens(instance, client.client_id, issued.scope);
  instance.tokens.delete(unused);
  return json(200, made);
}

function tokenError(error: string): Reply {
  return json(400, { error });
}
