import { createHash, randomBytes } from "node:crypto";
import type { Selectable } from "kysely";
import { newId } from "./ids.ts";
import type { ApiTokenTable } from "./schema.ts";
import type { Db } from "./store.ts";

/** What a token may be used for; reading and changing are apart. */
export const tokenScopes = [
  "notifications:read",
  "notifications:answer",
  "subscriptions:read",
  "subscriptions:write",
  "files:read",
  "sharings:read",
  "sharings:write",
  "jobs:read",
  "jobs:write",
] as const;

export type TokenScope = (typeof tokenScopes)[number];

/** Work of the whole site: only a token of the administrator may have these. */
export const siteScopes: readonly TokenScope[] = ["jobs:read", "jobs:write"];

type ApiTokenRow = Selectable<ApiTokenTable>;

/** A token without its secret. */
export interface ApiToken {
  readonly id: string;
  readonly name: string;
  /** Null: a token of the administrator, for all accounts. */
  readonly accountId: string | null;
  readonly scopes: readonly TokenScope[];
  readonly createdAt: number;
  readonly expiresAt: number | null;
  /** The last request that changed something. Reading changes nothing, this time included. */
  readonly lastUsedAt: number | null;
  /** The Cozy application that it is for; null for none. */
  readonly appSlug: string | null;
  /** What that application may do at the account's instance host, as a Cozy scope. */
  readonly permissions: string | null;
}

const prefix = "ush_";
/** 32 bytes in base64url. */
const shape = /^ush_[\w-]{43}$/;

/** Makes a token; its secret is returned here and kept nowhere. Null where the name is taken. */
export async function createToken(
  db: Db,
  token: Pick<ApiToken, "name" | "accountId" | "scopes" | "expiresAt"> &
    Partial<Pick<ApiToken, "appSlug" | "permissions">>,
): Promise<{ readonly id: string; readonly secret: string } | null> {
  const secret = prefix + randomBytes(32).toString("base64url");
  const id = newId("t");
  const isTaken = await db
    .selectFrom("api_token")
    .select("id")
    .where("name", "=", token.name)
    .executeTakeFirst();
  if (isTaken !== undefined) return null;
  await db
    .insertInto("api_token")
    .values({
      id,
      name: token.name,
      secret_hash: hashOf(secret),
      account_id: token.accountId,
      scopes_json: JSON.stringify(token.scopes),
      created_at: Date.now(),
      expires_at: token.expiresAt,
      last_used_at: null,
      app_slug: token.appSlug ?? null,
      permissions: token.permissions ?? null,
    })
    .execute();
  return { id, secret };
}

/** The token with that secret, unless it has expired. Changes nothing. */
export async function tokenBySecret(db: Db, secret: string, nowMs: number): Promise<ApiToken | undefined> {
  if (!shape.test(secret)) return undefined;
  const row = await db
    .selectFrom("api_token")
    .selectAll()
    .where("secret_hash", "=", hashOf(secret))
    .where((all) => all.or([all("expires_at", "is", null), all("expires_at", ">", nowMs)]))
    .executeTakeFirst();
  return row === undefined ? undefined : tokenOf(row);
}

export async function markTokenUsed(db: Db, id: string, nowMs: number): Promise<void> {
  await db.updateTable("api_token").set({ last_used_at: nowMs }).where("id", "=", id).execute();
}

/** Tokens by name, each with the name of its account. */
export async function listTokens(
  db: Db,
): Promise<readonly (ApiToken & { readonly account: string | null })[]> {
  const rows = await db
    .selectFrom("api_token")
    .leftJoin("account", "account.id", "api_token.account_id")
    .selectAll("api_token")
    .select("account.name as account")
    .orderBy("api_token.name")
    .execute();
  return rows.map((row) => ({ ...tokenOf(row), account: row.account }));
}

/** Removes the token of that name or id; its id, or undefined where there is none. */
export async function removeToken(db: Db, nameOrId: string): Promise<string | undefined> {
  const gone = await db
    .deleteFrom("api_token")
    .where((all) => all.or([all("name", "=", nameOrId), all("id", "=", nameOrId)]))
    .returning("id")
    .executeTakeFirst();
  return gone?.id;
}

/** The secret has 256 random bits: a plain hash keeps it, and its look-up by index tells nobody anything. */
function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

function tokenOf(row: ApiTokenRow): ApiToken {
  const written: unknown = JSON.parse(row.scopes_json);
  return {
    id: row.id,
    name: row.name,
    accountId: row.account_id,
    scopes: tokenScopes.filter((scope) => Array.isArray(written) && written.includes(scope)),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    appSlug: row.app_slug,
    permissions: row.permissions,
  };
}
