import { parseScope } from "../../domain/cozy-permissions.ts";
import type { PeerRequest } from "../../http/peer-route.ts";
import { readBasic } from "../../protocols/cozy-v2/wire.ts";
import { type ApiToken, markTokenUsed, tokenBySecret } from "../../store/api-tokens.ts";
import type { Db } from "../../store/store.ts";
import { bearerIn } from "../bearer.ts";
import { V2Error, wrongCredentials } from "./replies.ts";

/**
 * The application of the account that asks, by Basic app:token as at a data-system, or by bearer token; its permissions have to
 * hold `sharing` (reference/cozy.md 4.4). Notes that it changed something. Throws V2Error 401, 403 or 429.
 */
export async function requireApplication(db: Db, request: PeerRequest): Promise<ApiToken> {
  const basic = readBasic(request.headers["authorization"]);
  const secret = basic?.password ?? bearerIn(request);
  if (secret === null) throw new V2Error(401, "Application is not authenticated");
  const token = await tokenBySecret(db, secret, Date.now());
  if (token === undefined || token.accountId !== request.instance.accountId) throw notAuthenticated(request);
  if (basic !== null && basic.login !== token.appSlug) throw notAuthenticated(request);
  const rules = parseScope(token.permissions ?? "") ?? [];
  if (!rules.some(({ type }) => type === "sharing")) throw new V2Error(403, "Application is not authorized");
  await markTokenUsed(db, token.id, Date.now());
  return token;
}

function notAuthenticated(request: PeerRequest): V2Error {
  const wrong = wrongCredentials(request);
  return wrong.status === 401 ? new V2Error(401, "Application is not authenticated") : wrong;
}
