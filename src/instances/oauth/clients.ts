import { randomBytes } from "node:crypto";
import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import {
  countUnboundCozyClients,
  cozyClientOf,
  type CozyClientRow,
  deleteUnboundCozyClients,
  insertCozyClient,
} from "../../store/cozy-clients.ts";
import { hashOf, isSecretOf } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import type { ClientMetadata, RegisteredClient } from "./metadata.ts";

export type Registered =
  | { readonly kind: "registered"; readonly client: RegisteredClient }
  /** Strangers registered more clients than are kept without a sharing. */
  | { readonly kind: "full" };

/**
 * Registers a Cozy as an OAuth client of an account. A name that is taken gets "-2", "-3" (reference/cozy.md 5.5). Clients
 * that no sharing came to use are dropped after limits.oauthUnboundMs. Belongs into a transaction.
 */
export async function registerClient(
  db: Db,
  { accountId, cozySharingId }: { readonly accountId: string; readonly cozySharingId: string | null },
  metadata: ClientMetadata,
  nowMs: number,
): Promise<Registered> {
  await deleteUnboundCozyClients(db, accountId, nowMs - limits.oauthUnboundMs);
  if (
    cozySharingId === null &&
    (await countUnboundCozyClients(db, accountId)) >= limits.oauthUnboundClients
  ) {
    return { kind: "full" };
  }
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
  };
  for (const name of namesFor(metadata.name)) {
    if (!(await insertCozyClient(db, { ...row, name }))) continue;
    return { kind: "registered", client: { ...metadata, name, clientId, clientSecret, registrationToken } };
  }
  return { kind: "full" };
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
