import type { FastifyRequest } from "fastify";
import { markTokenUsed, tokenBySecret, type TokenScope } from "../../store/api-tokens.ts";
import { accountByName } from "../../store/accounts.ts";
import type { Db } from "../../store/store.ts";
import type { ServerParts } from "./parts.ts";
import { notThere, Problem } from "./problem.ts";
import type { WrongSecrets } from "./wrong-secrets.ts";

/** Who asks, as his token says. */
export interface Caller {
  readonly by: string;
  /** Null: the administrator, who sees all accounts. */
  readonly accountId: string | null;
}

declare module "fastify" {
  interface FastifyRequest {
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    /** What a token must allow for this route; left out, the route needs none. */
    readonly scope?: TokenScope;
  }
}

/** The hook that lets only tokens with the route's scope pass. GET and HEAD change nothing, not even the token's row. */
export function requireToken({ store, log }: ServerParts, wrongSecrets: WrongSecrets) {
  return async (request: FastifyRequest): Promise<void> => {
    const { scope } = request.routeOptions.config;
    if (scope === undefined) return;
    const secret = bearerOf(request);
    const token = await tokenBySecret(store.db, secret, Date.now());
    if (token === undefined) {
      const waitMs = wrongSecrets.count(request.ip);
      // At most as many lines for each address as wrong tokens are answered.
      if (waitMs === null) log.warn("token-refused", { address: request.ip });
      throw refused(waitMs);
    }
    if (!token.scopes.includes(scope)) throw lacksScope(scope);
    if (request.method !== "GET" && request.method !== "HEAD") {
      await markTokenUsed(store.db, token.id, Date.now());
    }
    request.caller = { by: `api: ${token.name}`, accountId: token.accountId };
  };
}

/** Who asks; throws where the route names no scope. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null)
    throw new Error(`The route ${request.routeOptions.url ?? "?"} names no scope.`);
  return request.caller;
}

/** The row, unless it belongs to another account or is not there: both look the same. */
export function own<Row extends { readonly account_id: string }>(
  caller: Caller,
  row: Row | undefined,
  what: string,
): Row {
  if (row === undefined || (caller.accountId !== null && caller.accountId !== row.account_id)) {
    throw notThere(what);
  }
  return row;
}

/** Whose rows a list shows: null for all accounts. `name` narrows the administrator's view. */
export async function accountFilter(
  db: Db,
  caller: Caller,
  name: string | undefined,
): Promise<string | null> {
  if (name === undefined) return caller.accountId;
  const account = await accountByName(db, name);
  return own(caller, account && { account_id: account.id }, "account").account_id;
}

/** RFC 6750 section 2.1: the Authorization field only; a token in an address would stand in logs. */
function bearerOf(request: FastifyRequest): string {
  const [, secret] = /^bearer +([\w.~+/=-]+)$/i.exec(request.headers.authorization ?? "") ?? [];
  if (secret !== undefined) return secret;
  throw new Problem({
    status: 401,
    reason: "token-missing",
    detail:
      "This needs a token; send the field Authorization: Bearer TOKEN. The administrator makes tokens: usher token add.",
    headers: { "www-authenticate": 'Bearer realm="usher"' },
  });
}

/** RFC 6750 section 3.1. */
function refused(waitMs: number | null): Problem {
  if (waitMs !== null) {
    return new Problem({
      status: 429,
      reason: "too-many-wrong-tokens",
      detail: "Too many wrong tokens came from this address; wait as long as Retry-After says.",
      headers: { "retry-after": String(Math.ceil(waitMs / 1000)) },
    });
  }
  return new Problem({
    status: 401,
    reason: "token-wrong",
    detail: "The token is unknown, removed or expired; ask the administrator for another.",
    headers: { "www-authenticate": 'Bearer realm="usher", error="invalid_token"' },
  });
}

function lacksScope(scope: TokenScope): Problem {
  return new Problem({
    status: 403,
    reason: "scope-missing",
    detail: `The token does not allow this; the operation needs the scope ${scope}.`,
    headers: { "www-authenticate": `Bearer realm="usher", error="insufficient_scope", scope="${scope}"` },
  });
}
