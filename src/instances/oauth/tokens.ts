import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import { cozyTokenBySecret, issueCozyToken, useCozyToken } from "../../store/cozy-clients.ts";
import type { CozyClientRow } from "../../store/cozy-clients.ts";
import type { Db } from "../../store/store.ts";

/** What a Cozy may do with what it is issued. */
export interface Grant {
  readonly accountId: string;
  readonly clientId: string;
  readonly cozySharingId: string | null;
  /** Rules in one line (domain/cozy-permissions.ts). */
  readonly scope: string;
}

/** The tokens of one client at one Cozy; both are secrets. */
export interface Tokens {
  readonly access: string;
  readonly refresh: string;
  readonly scope: string;
}

/** An access and a refresh token. An access token lives limits.oauthAccessTokenMs, a refresh token as long as its client. */
export async function issueTokens(db: Db, grant: Grant, nowMs: number): Promise<Tokens> {
  const refresh = await issueCozyToken(db, { ...rowOf(grant), kind: "refresh", expires_at: null }, nowMs);
  return { access: await issueAccess(db, grant, nowMs), refresh, scope: grant.scope };
}

/** A code that is good for one exchange, for limits.oauthCodeMs. */
export async function issueCode(db: Db, grant: Grant, nowMs: number): Promise<string> {
  const expires = nowMs + limits.oauthCodeMs;
  return issueCozyToken(db, { ...rowOf(grant), kind: "code", expires_at: expires }, nowMs);
}

/** Tokens for a code of this client; null where it is none, was used, or has expired. Belongs into a transaction. */
export async function exchangeCode(
  db: Db,
  client: CozyClientRow,
  code: string,
  nowMs: number,
): Promise<Tokens | null> {
  const wanted = { accountId: client.account_id, kind: "code", secret: code } as const;
  const row = await cozyTokenBySecret(db, wanted, nowMs);
  if (row?.client_id !== client.id || !(await useCozyToken(db, row.secret_hash, nowMs))) return null;
  return issueTokens(db, grantOf(client, row), nowMs);
}

/** A further access token for a refresh token of this client; null where it is none. */
export async function refreshAccess(
  db: Db,
  client: CozyClientRow,
  refresh: string,
  nowMs: number,
): Promise<Pick<Tokens, "access" | "scope"> | null> {
  const wanted = { accountId: client.account_id, kind: "refresh", secret: refresh } as const;
  const row = await cozyTokenBySecret(db, wanted, nowMs);
  if (row?.client_id !== client.id) return null;
  return { access: await issueAccess(db, grantOf(client, row), nowMs), scope: row.scope };
}

async function issueAccess(db: Db, grant: Grant, nowMs: number): Promise<string> {
  const expires = nowMs + limits.oauthAccessTokenMs;
  return issueCozyToken(db, { ...rowOf(grant), kind: "access", expires_at: expires }, nowMs);
}

function grantOf(
  client: CozyClientRow,
  row: { readonly scope: string; readonly cozy_sharing_id: string | null },
): Grant {
  const { scope, cozy_sharing_id: cozySharingId } = row;
  return { accountId: client.account_id, clientId: client.id, cozySharingId, scope };
}

function rowOf({ accountId, clientId, cozySharingId, scope }: Grant) {
  return { account_id: accountId, client_id: clientId, cozy_sharing_id: cozySharingId, scope };
}

/** Tokens as they stand in bodies; a refreshed access token comes alone. */
export function writeTokens({ access, refresh, scope }: Pick<Tokens, "access" | "scope"> & Partial<Tokens>) {
  return {
    token_type: "bearer",
    scope,
    access_token: access,
    ...(refresh === undefined ? {} : { refresh_token: refresh }),
  };
}

const secret = z.string().min(1).max(limits.scopeChars);
const received = z.object({
  access_token: secret,
  refresh_token: secret.optional().or(z.literal("")),
  scope: z.string().max(limits.scopeChars).default(""),
});

/** Reads tokens that another Cozy gave, parsed from JSON; null where they are none. `refresh` is empty where none came. */
export function readTokens(body: unknown): Tokens | null {
  const { data } = received.safeParse(body);
  if (data === undefined) return null;
  return { access: data.access_token, refresh: data.refresh_token ?? "", scope: data.scope };
}
