import type { Reply } from "../../faulty-answers.ts";
import type { Client, Credentials } from "./credentials.ts";
import { call, type Resolve } from "./outgoing.ts";
import {
  type CozyRequest,
  isObject,
  json,
  jsonError,
  readForm,
  readObject,
  type Refused,
  textAt,
} from "./wire.ts";

/** What the OAuth routes need of a Cozy. */
export interface OauthSide {
  readonly origin: string;
  readonly publicName: string;
  readonly credentials: Credentials;
  readonly resolve: Resolve;
}

/** `POST /auth/register` (reference/cozy.md 5.5, step 1): 201 with the client. */
export function register({ origin, credentials }: OauthSide, request: CozyRequest): Reply {
  const body = request.contentType === "application/json" ? readObject(request.body) : null;
  if (body === null) throw metadataError("the body is no JSON object");
  const uris = Array.isArray(body["redirect_uris"]) ? body["redirect_uris"] : [];
  const redirectUris = uris.filter((each: unknown) => typeof each === "string");
  if (redirectUris.length === 0 || redirectUris.length < uris.length) {
    throw redirectError("redirect_uris is mandatory");
  }
  for (const uri of redirectUris) checkRedirect(uri, origin);
  for (const name of ["client_name", "software_id"]) {
    if (textAt(body, name) === "") throw metadataError(`${name} is mandatory`);
  }
  const client = credentials.addClient({
    redirect_uris: redirectUris,
    client_name: textAt(body, "client_name"),
    client_kind: textAt(body, "client_kind"),
    client_uri: textAt(body, "client_uri"),
    software_id: textAt(body, "software_id"),
  });
  return json(201, client);
}

function checkRedirect(text: string, origin: string): void {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || url.host === "") throw redirectError("a redirect URI is no absolute URL");
  if (url.host === new URL(origin).host) throw redirectError("a redirect URI names this Cozy itself");
  if (text.includes("#")) throw redirectError("a redirect URI has a fragment");
}

function metadataError(description: string): Refused {
  return registrationError("invalid_client_metadata", description);
}

function redirectError(description: string): Refused {
  return registrationError("invalid_redirect_uri", description);
}

function registrationError(error: string, description: string): Refused {
  return jsonError(400, { error, error_description: description }, `${error}: ${description}`);
}

/** `POST /auth/access_token` (reference/cozy.md 5.5, steps 4 and 6). */
export function accessToken({ credentials }: OauthSide, request: CozyRequest): Reply {
  const form = readForm(request);
  const client = credentials.client(form.get("client_id") ?? "");
  if (client === null) throw tokenError("the client is not registered");
  if (client.client_secret !== form.get("client_secret")) throw tokenError("the client secret is wrong");
  const grant = form.get("grant_type");
  if (grant === "authorization_code")
    return redeemCode(credentials, client.client_id, form.get("code") ?? "");
  if (grant === "refresh_token")
    return refresh(credentials, client.client_id, form.get("refresh_token") ?? "");
  throw tokenError("the grant type is unknown");
}

function redeemCode(credentials: Credentials, clientId: string, code: string): Reply {
  const scope = credentials.redeem(code, clientId);
  if (scope === null) throw tokenError("the code is invalid");
  return json(200, tokenPair(credentials, clientId, scope));
}

export interface TokenPair {
  readonly token_type: string;
  readonly scope: string;
  readonly access_token: string;
  readonly refresh_token: string;
}

export function tokenPair(credentials: Credentials, clientId: string, scope: string): TokenPair {
  return {
    token_type: "bearer",
    scope,
    access_token: credentials.issue("access", clientId, scope),
    refresh_token: credentials.issue("refresh", clientId, scope),
  };
}

function refresh(credentials: Credentials, clientId: string, token: string): Reply {
  const known = credentials.find(token);
  if (known?.kind !== "refresh" || known.holder !== clientId)
    throw tokenError("the refresh token is invalid");
  const { scope } = known;
  return json(200, {
    token_type: "bearer",
    scope,
    access_token: credentials.issue("access", clientId, scope),
  });
}

function tokenError(text: string): Refused {
  return jsonError(400, { error: text }, text);
}

/** This Cozy becomes an OAuth client of another. Rejects where that says no, or nothing sensible. */
export async function registerAt(side: OauthSide, cozyUrl: string): Promise<Client> {
  const answer = await call(side.resolve, "POST", `${cozyUrl}/auth/register`, {
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({
      client_secret: "",
      client_secret_expires_at: 0,
      registration_access_token: "",
      ...ownClient(side, side.origin),
    }),
  });
  const client = answer.status === 201 ? readClient(readObject(answer.text)) : null;
  if (client === null) throw new Error(`The registration was answered with ${answer.status}.`);
  return client;
}

/** How a Cozy describes itself, or the Cozy for which it makes a client in advance. */
export function ownClient({ publicName }: Pick<OauthSide, "publicName">, origin: string) {
  return {
    redirect_uris: [`${origin}/sharings/answer`],
    client_name: publicName,
    client_kind: "sharing",
    client_uri: origin,
    software_id: "github.com/cozy/cozy-stack",
  };
}

/** A client in an answer, or null where its id or secret is missing. */
export function readClient(value: unknown): Client | null {
  if (!isObject(value) || textAt(value, "client_id") === "" || textAt(value, "client_secret") === "")
    return null;
  const uris: unknown = value["redirect_uris"];
  return {
    client_id: textAt(value, "client_id"),
    client_secret: textAt(value, "client_secret"),
    client_secret_expires_at: 0,
    registration_access_token: textAt(value, "registration_access_token"),
    redirect_uris: Array.isArray(uris) ? uris.filter((each) => typeof each === "string") : [],
    client_name: textAt(value, "client_name"),
    client_kind: textAt(value, "client_kind"),
    client_uri: textAt(value, "client_uri"),
    software_id: textAt(value, "software_id"),
    grant_types: [],
    response_types: [],
  };
}

/** A token pair in an answer, or null where one of the two is missing. */
export function readTokenPair(value: unknown): TokenPair | null {
  if (!isObject(value) || textAt(value, "access_token") === "" || textAt(value, "refresh_token") === "")
    return null;
  return {
    token_type: textAt(value, "token_type"),
    scope: textAt(value, "scope"),
    access_token: textAt(value, "access_token"),
    refresh_token: textAt(value, "refresh_token"),
  };
}

/** Exchanges an access code at another Cozy. Rejects where it does not get a pair. */
export async function exchangeCode(
  { resolve }: Pick<OauthSide, "resolve">,
  cozyUrl: string,
  client: Client,
  code: string,
): Promise<TokenPair> {
  const answer = await askForToken(resolve, cozyUrl, client, { grant_type: "authorization_code", code });
  const pair = answer.status === 200 ? readTokenPair(readObject(answer.text)) : null;
  if (pair === null) throw new Error(`The token exchange was answered with ${answer.status}.`);
  return pair;
}

/** A new access token; the old refresh token is kept (reference/cozy.md 5.5, step 6). */
export async function refreshed(
  { resolve }: Pick<OauthSide, "resolve">,
  cozyUrl: string,
  client: Client,
  pair: TokenPair,
): Promise<TokenPair> {
  const grant = { grant_type: "refresh_token", refresh_token: pair.refresh_token };
  const answer = await askForToken(resolve, cozyUrl, client, grant);
  const token = answer.status === 200 ? textAt(readObject(answer.text), "access_token") : "";
  if (token === "") throw new Error(`The refresh was answered with ${answer.status}.`);
  return { ...pair, access_token: token };
}

async function askForToken(
  resolve: Resolve,
  cozyUrl: string,
  client: Client,
  grant: Readonly<Record<string, string>>,
) {
  const form = { ...grant, client_id: client.client_id, client_secret: client.client_secret };
  return call(resolve, "POST", `${cozyUrl}/auth/access_token`, {
    headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json" },
    body: String(new URLSearchParams(form)),
  });
}
