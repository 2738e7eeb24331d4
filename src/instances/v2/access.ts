import type { PeerRequest } from "../../http/peer-route.ts";
import { readBasic } from "../../protocols/cozy-v2/wire.ts";
import { cozyTokenBySecret } from "../../store/cozy-clients.ts";
import { cozySharingById, hashOf, isSecretOf, shareIdOf } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import type { InstanceParts } from "../parts.ts";
import { type Received, receivedOf } from "./received.ts";
import { wrongCredentials } from "./replies.ts";

/** The sharing that a sharer's `shareID:token` opens (reference/cozy.md 4.5). Throws V2Error 401 or 429. */
export async function requireSharer(
  db: Db,
  request: PeerRequest,
  { sealer }: Pick<InstanceParts, "sealer">,
): Promise<Received> {
  const given = readBasic(request.headers["authorization"]);
  if (given === null) throw wrongCredentials(request);
  const { accountId } = request.instance;
  const token = await cozyTokenBySecret(db, { accountId, kind: "v2", secret: given.password }, Date.now());
  const received = await receivedOf(db, await cozySharingById(db, token?.cozy_sharing_id ?? ""));
  if (received === null || received.sharing.revoked_at !== null) throw wrongCredentials(request);
  const login = shareIdOf(sealer, received.sharing);
  if (!isSecretOf(hashOf(login), given.login)) throw wrongCredentials(request);
  return received;
}
