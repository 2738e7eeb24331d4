import { randomBytes } from "node:crypto";
import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import {
  countUnboundCozyClients,
  cozyClientOf,
  type CozyClientRow,
  deleteOldestUnboundCozyClient,
  deleteUnboundCozyClients,
  insertCozyClient,
} from "../../store/cozy-clients.ts";
import { hashOf, isSecretOf } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import type { ClientMetadata, RegisteredClient } from "./metadata.ts";

/** Whose client it becomes: for a sharing, or of a stranger for one that it may turn out to be for. */
export type ClientOf = { readonly accountId: string } & (
  | { readonly cozySharingId: string }
  | { readonly cozySharingId: null; readonly network: string }
);

/**
 * Registers a Cozy as an OAuth client of an account. A name that is taken gets "-2", "-3" (reference/cozy.md 5.5). Clients
 * that no sharing came to use are dropped after limits.oauthUnboundMs, and the oldest where there are too many. Belongs into a
 * transaction.
 */
export async function registerClient(
  db: Db,
  of: ClientOf,
  metadata: ClientMetadata,
  nowMs: number,
): Promise<RegisteredClient> {
  const { accountId, cozySharingId } = of;
  const network = of.cozySharingId === null ? of.network : null;
  await deleteUnboundCozyClients(db, accountId, nowMs - limits.oauthUnboundMs);
  if (network !== null) await makeRoom(db, accountId, network);
  const clientId = randomBytes(16).toString("hex");
  const clientSecret = randomBytes(24).toString("base64url");
  const registrationToken = randomBytes(32).toString("base64url");
  const row = {
    id: clientId,
    account_id: accountId,
    cozy_sharing_id: cozySharingId,
    secret_hash: hashOf(clientSecret),
    registration_hash: hashOf(registrationToken),
    kind: metadata.kind,
    uri: metadata.uri,
    software_id: metadata.softwareId,
    redirect_uris_json: JSON.stringify(metadata.redirectUris),
    created_at: nowMs,
    network,
  };
  for (const name of namesFor(metadata.name)) {
    if (!(await insertCozyClient(db, { ...row, name }))) continue;
    return { ...metadata, name, clientId, clientSecret, registrationToken };
  }
  throw new Error("A random name is taken already.");
}

/**
 * For one more client that no sharing uses. A network that has too many loses its own oldest; where all together are too many,
 * the network that has most does.
 */
async function makeRoom(db: Db, accountId: string, network: string): Promise<void> {
  const counted = await countUnboundCozyClients(db, accountId);
  const own = counted.find((each) => each.network === network);
  const total = counted.reduce((sum, { n }) => sum + n, 0);
  const [largest] = counted;
  if (own !== undefined && own.n >= limits.oauthUnboundClientsOfNetwork) {
    await deleteOldestUnboundCozyClient(db, accountId, network);
  } else if (largest !== undefined && total >= limits.oauthUnboundClients) {
    await deleteOldestUnboundCozyClient(db, accountId, largest.network);
  }
}

/** The name, then with a number; at last with a random one: somebody took all numbers. */
function* namesFor(name: string): Generator<string> {
  yield name;
  for (let place = 2; place <= limits.oauthNameTries; place += 1) yield `${name}-${place}`;
  yield `${name}-${randomBytes(8).toString("hex")}`;
}

/** The client of this account with that id and secret; null for a wrong id as for a wrong secret. */
export async function provenClient(
  db: Db,
  accountId: string,
  { clientId, clientSecret }: { readonly clientId: string; readonly clientSecret: string },
): Promise<CozyClientRow | null> {
  const client = await cozyClientOf(db, accountId, clientId);
  return client !== undefined && isSecretOf(client.secret_hash, clientSecret) ? client : null;
}

/** Addresses that a client's answers may go to. */
export function redirectsOf(client: Pick<CozyClientRow, "redirect_uris_json">): readonly string[] {
  return z.array(z.string()).parse(JSON.parse(client.redirect_uris_json));
}
