import { z } from "zod";
import type { OutboundClient } from "../../http/outbound.ts";
import { type CallFailure, callCozy, failureOf } from "../call.ts";
import { type ClientMetadata, readClient, type RegisteredClient, writeMetadata } from "./metadata.ts";
import { readTokens, type Tokens } from "./tokens.ts";

/** Another Cozy, `https://host[:port]`, and the way to it. */
export interface CozyAt {
  readonly http: OutboundClient;
  readonly url: string;
  readonly signal: AbortSignal;
}

/** What came of a call for credentials. */
export type Obtained<Credential> =
  | { readonly kind: "obtained"; readonly got: Credential }
  | { readonly kind: "failed"; readonly failure: CallFailure };

/** Registers this account's Cozy at another one: POST /auth/register. Repeating it makes a further client there. */
export async function registerAt(at: CozyAt, metadata: ClientMetadata): Promise<Obtained<RegisteredClient>> {
  const reply = await callCozy(at.http, {
    url: `${at.url}/auth/register`,
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({
      client_secret: "",
      client_secret_expires_at: 0,
      registration_access_token: "",
      ...writeMetadata(metadata),
    }),
    signal: at.signal,
  });
  const isAnswer = reply.kind === "answered" && (reply.status === 201 || reply.status === 200);
  const got = isAnswer ? readClient(reply.body) : null;
  return got === null ? { kind: "failed", failure: failureOf(reply) } : { kind: "obtained", got };
}

type Secrets = Pick<RegisteredClient, "clientId" | "clientSecret">;

/**
 * Exchanges a code for tokens: POST /auth/access_token. A code works once: where the answer is lost, so is the code. The failure
 * `grant-refused` is the other side's word that it knows no such client or grant.
 */
export async function exchangeAt(at: CozyAt, client: Secrets, code: string): Promise<Obtained<Tokens>> {
  return tokensAt(at, client, { grant_type: "authorization_code", code });
}

/** A further access token; the refresh token stays as it is. */
export async function refreshAt(at: CozyAt, client: Secrets, tokens: Tokens): Promise<Obtained<Tokens>> {
  const obtained = await tokensAt(at, client, { grant_type: "refresh_token", refresh_token: tokens.refresh });
  if (obtained.kind === "failed") return obtained;
  const { access, refresh, scope } = obtained.got;
  return { kind: "obtained", got: { access, scope, refresh: refresh === "" ? tokens.refresh : refresh } };
}

async function tokensAt(
  { http, url, signal }: CozyAt,
  { clientId, clientSecret }: Secrets,
  grant: Readonly<Record<string, string>>,
): Promise<Obtained<Tokens>> {
  const form = new URLSearchParams({ ...grant, client_id: clientId, client_secret: clientSecret });
  const reply = await callCozy(http, {
    url: `${url}/auth/access_token`,
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
    body: form.toString(),
    signal,
  });
  const got = reply.kind === "answered" && reply.status === 200 ? readTokens(reply.body) : null;
  if (got !== null) return { kind: "obtained", got };
  const isRefused =
    reply.kind === "answered" && reply.status === 400 && refusal.safeParse(reply.body).success;
  const failure = failureOf(reply);
  return { kind: "failed", failure: isRefused ? { ...failure, reason: "grant-refused" } : failure };
}

/** RFC 6749 section 5.2: the client or what it shows is unknown there. */
const refusal = z.object({ error: z.string().min(1) });
