import { randomBytes } from "node:crypto";
import { insertCozyClient, issueCozyToken } from "../../../src/store/cozy-clients.ts";
import { hashOf, insertCozySharing, sealShareId } from "../../../src/store/cozy-sharings.ts";
import { newId } from "../../../src/store/ids.ts";
import type { InstanceWorld } from "../world.ts";

/** What a sharing of these tests shares. */
export const permissions = { rule0: { type: "io.cozy.tests", verbs: ["GET", "POST"], values: ["t1"] } };
const scopeOfIt = "io.cozy.tests:GET,POST:t1";

/** A sharing that an account was invited to and has accepted. */
export interface Received {
  /** Both ids: in this test they are the same. */
  readonly id: string;
  /** A token of the sharer's client. */
  readonly sharers: string;
}

async function accountNamed({ site }: InstanceWorld, name: string): Promise<string> {
  const query = site.store.db.selectFrom("account").select("id").where("name", "=", name);
  return (await query.executeTakeFirstOrThrow()).id;
}

/** An OAuth client of a sharing: its id. */
export async function addClient(
  world: InstanceWorld,
  accountId: string,
  cozySharingId: string,
): Promise<string> {
  const id = newId("c");
  await insertCozyClient(world.site.store.db, {
    id,
    account_id: accountId,
    cozy_sharing_id: cozySharingId,
    secret_hash: hashOf("x"),
    registration_hash: hashOf("y"),
    name: id,
    kind: "sharing",
    uri: "https://cozy.example",
    software_id: "test",
    redirect_uris_json: "[]",
    created_at: Date.now(),
    network: null,
  });
  return id;
}

/** What a client was issued for a sharing. */
async function issue(
  world: InstanceWorld,
  of: { readonly account_id: string; readonly client_id: string; readonly cozy_sharing_id: string },
  scope: string,
): Promise<string> {
  const token = { ...of, kind: "access", scope, expires_at: null } as const;
  return issueCozyToken(world.site.store.db, token, Date.now());
}

/** Bob was invited, has accepted, and has issued the sharer a token. */
export async function received(world: InstanceWorld, scope = scopeOfIt): Promise<Received> {
  const { db } = world.site.store;
  const accountId = await accountNamed(world, "bob");
  const [id, shareId, now] = [newId("z"), randomBytes(16).toString("hex"), Date.now()];
  const sharing = {
    id,
    account_id: accountId,
    generation: "v1a",
    is_owner: 0,
    document_id: shareId,
    share_key: hashOf(shareId),
    share_id_sealed: sealShareId(world.site.sealer, id, shareId),
    sharing_type: "master-slave",
    description: null,
    app_slug: null,
    preview_path: null,
    rules_json: JSON.stringify(permissions),
    attributes_json: "{}",
    is_active: 1,
    revoked_at: null,
    notification_id: null,
    sharing_id: null,
    revision: 1,
    created_at: now,
    updated_at: now,
  } as const;
  await insertCozySharing(db, sharing, []);
  const clientId = await addClient(world, accountId, id);
  await db.insertInto("cozy_member").values(sharerOf(id, clientId)).execute();
  const of = { account_id: accountId, client_id: clientId, cozy_sharing_id: id };
  return { id: shareId, sharers: await issue(world, of, scope) };
}

function sharerOf(cozySharingId: string, clientId: string) {
  return {
    id: newId("y"),
    cozy_sharing_id: cozySharingId,
    place: 0,
    contact_id: null,
    recipient_id: null,
    name: null,
    public_name: null,
    address: null,
    instance_url: "https://sharer.example",
    status: "accepted",
    is_read_only: 0,
    secret_hash: null,
    secret_sealed: null,
    client_sealed: null,
    token_sealed: null,
    inbound_client_id: clientId,
    replication_id: null,
    error: null,
    updated_at: Date.now(),
  };
}

/** A recipient's OAuth client at the owner, and a token of it. */
export interface RecipientClient {
  readonly id: string;
  readonly token: string;
}

/** Lets every recipient of Alice's sharing have accepted, with a client of his own; in the order of the sharing. */
export async function acceptAll(
  world: InstanceWorld,
  documentId: string,
): Promise<readonly RecipientClient[]> {
  const { db } = world.site.store;
  const accountId = await accountNamed(world, "alice");
  const { id } = await db
    .selectFrom("cozy_sharing")
    .select("id")
    .where("document_id", "=", documentId)
    .executeTakeFirstOrThrow();
  const members = db.selectFrom("cozy_member").select("id").where("cozy_sharing_id", "=", id);
  const clients: RecipientClient[] = [];
  for (const member of await members.orderBy("place").execute()) {
    const clientId = await addClient(world, accountId, id);
    const accepted = db.updateTable("cozy_member").set({ inbound_client_id: clientId, status: "accepted" });
    await accepted.where("id", "=", member.id).execute();
    const of = { account_id: accountId, client_id: clientId, cozy_sharing_id: id };
    clients.push({ id: clientId, token: await issue(world, of, scopeOfIt) });
  }
  return clients;
}
