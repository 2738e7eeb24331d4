import { randomBytes } from "node:crypto";
import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import { readRules, type ShareRequest, type WireRule } from "../../protocols/cozy-v2/wire.ts";
import { deleteCozyTokensOf, keepCozyToken } from "../../store/cozy-clients.ts";
import {
  type CozyMemberRow,
  cozyMembersOf,
  cozySharingByDocument,
  cozySharingByShareId,
  type CozySharingRow,
  deleteCozySharing,
  deleteUnansweredCozySharings,
  hashOf,
  insertCozySharing,
  openMember,
  sealMember,
  sealShareId,
  updateCozyMember,
  updateCozySharing,
} from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import type { InstanceParts } from "../parts.ts";

/**
 * The account's copy of somebody's sharing. `sharer.secret_sealed` is the preToken until the answer has arrived,
 * `sharer.token_sealed` the token that the account gave.
 */
export interface Received {
  readonly sharing: CozySharingRow;
  readonly sharer: CozyMemberRow;
}

const attributesSchema = z.object({
  /** How the sharer calls the account; null where he did not say. */
  recipient_url: z.string().nullable(),
  /** CouchDB's checkpoints of the sharer's replication: revision and body by id. */
  checkpoints: z.record(z.string(), z.object({ rev: z.string(), body: z.record(z.string(), z.unknown()) })),
});

export type ReceivedAttributes = z.output<typeof attributesSchema>;

export function attributesOf({
  attributes_json: text,
}: Pick<CozySharingRow, "attributes_json">): ReceivedAttributes {
  return attributesSchema.parse(JSON.parse(text));
}

export function rulesOf({ rules_json: text }: Pick<CozySharingRow, "rules_json">): readonly WireRule[] {
  return readRules(JSON.parse(text)) ?? [];
}

/** What tells requests apart: two sharers may use the same id. */
function keyOf({ sharerUrl, shareId }: Pick<ShareRequest, "sharerUrl" | "shareId">): string {
  return JSON.stringify([sharerUrl, shareId]);
}

/** By the id of the account's own document; null where the account was not invited to it. */
export async function receivedByDocument(
  db: Db,
  accountId: string,
  documentId: string,
): Promise<Received | null> {
  return receivedOf(db, await cozySharingByDocument(db, accountId, "v2", documentId));
}

/** A copy with its sharer; null where the row is none. */
export async function receivedOf(db: Db, sharing: CozySharingRow | undefined): Promise<Received | null> {
  if (sharing === undefined || sharing.is_owner === 1) return null;
  const [sharer] = await cozyMembersOf(db, sharing.id);
  return sharer === undefined ? null : { sharing, sharer };
}

/**
 * Keeps a request. One that came before stays as it is while it stands: who repeats it changes nothing. Gives the copy, or null
 * where it stood.
 */
export async function keepRequest(
  db: Db,
  accountId: string,
  asked: ShareRequest,
  parts: Pick<InstanceParts, "newId" | "sealer">,
): Promise<Received | null> {
  const nowMs = Date.now();
  await deleteUnansweredCozySharings(db, accountId, "v2", nowMs - limits.cozyRequestKeptMs);
  const key = keyOf(asked);
  const known = await cozySharingByShareId(db, accountId, "v2", key);
  if (known !== undefined && known.revoked_at === null) return null;
  if (known === undefined) await insertRequest(db, accountId, asked, parts);
  else await reopen(db, known, asked, parts);
  return receivedOf(db, await cozySharingByShareId(db, accountId, "v2", key));
}

/** Asked again after it ended: as if it had never been. */
async function reopen(
  db: Db,
  known: CozySharingRow,
  asked: ShareRequest,
  { sealer }: Pick<InstanceParts, "sealer">,
): Promise<void> {
  await updateCozySharing(db, known.id, { ...columnsOf(asked), revoked_at: null, is_active: 0 });
  const received = await receivedOf(db, known);
  if (received === null) return;
  const { id } = received.sharer;
  await updateCozyMember(db, id, { status: "asked", ...secretColumns(sealer, id, asked.preToken) });
}

async function insertRequest(
  db: Db,
  accountId: string,
  asked: ShareRequest,
  { newId, sealer }: Pick<InstanceParts, "newId" | "sealer">,
): Promise<void> {
  const [id, memberId, nowMs] = [newId("x"), newId("y"), Date.now()];
  const of = { account_id: accountId, generation: "v2", is_owner: 0, is_active: 0 } as const;
  const shareId = {
    share_key: hashOf(keyOf(asked)),
    share_id_sealed: sealShareId(sealer, id, asked.shareId),
  };
  const times = { revision: 1, created_at: nowMs, updated_at: nowMs, revoked_at: null };
  const nothing = { app_slug: null, preview_path: null, notification_id: null, sharing_id: null };
  const document_id = randomBytes(16).toString("hex");
  await insertCozySharing(
    db,
    { id, ...of, ...shareId, ...times, ...nothing, ...columnsOf(asked), document_id },
    [
      {
        id: memberId,
        cozy_sharing_id: id,
        place: 0,
        status: "asked",
        is_read_only: 0,
        updated_at: nowMs,
        contact_id: null,
        recipient_id: null,
        address: null,
        inbound_client_id: null,
        client_sealed: null,
        token_sealed: null,
        replication_id: null,
        error: null,
        name: asked.sharerName,
        public_name: asked.sharerName,
        instance_url: asked.sharerUrl,
        ...secretColumns(sealer, memberId, asked.preToken),
      },
    ],
  );
}

function columnsOf({ rules, desc, continuous, recipientUrl }: ShareRequest) {
  const attributes: ReceivedAttributes = { recipient_url: recipientUrl, checkpoints: {} };
  return {
    description: desc,
    sharing_type: continuous === true ? "continuous" : "once",
    rules_json: JSON.stringify(rules),
    attributes_json: JSON.stringify(attributes),
  };
}

function secretColumns(sealer: InstanceParts["sealer"], memberId: string, preToken: string) {
  const secret_sealed = sealMember(sealer, memberId, "secret_sealed", preToken);
  return { secret_hash: hashOf(preToken), secret_sealed };
}

const noPreToken = { secret_hash: null, secret_sealed: null } as const;

/** The token with which the sharer opens what the rules name, the Access of the document; made once, and kept hashed for that. */
export async function giveToken(
  db: Db,
  { sharing, sharer }: Received,
  { sealer }: Pick<InstanceParts, "sealer">,
): Promise<string> {
  const known = openMember(sealer, sharer, "token_sealed");
  if (known !== null) return known;
  const token = randomBytes(32).toString("hex");
  const access = { account_id: sharing.account_id, client_id: null, cozy_sharing_id: sharing.id };
  await keepCozyToken(
    db,
    token,
    { ...access, kind: "v2", scope: sharing.rules_json, expires_at: null },
    Date.now(),
  );
  // Whoever leaves has to show it.
  await updateCozyMember(db, sharer.id, {
    token_sealed: sealMember(sealer, sharer.id, "token_sealed", token),
  });
  return token;
}

/** The sharer has the answer: the preToken has served its purpose. */
export async function markAccepted(db: Db, { sharing, sharer }: Received): Promise<void> {
  if (sharing.is_active === 1) return;
  await updateCozySharing(db, sharing.id, { is_active: 1 });
  await updateCozyMember(db, sharer.id, { status: "accepted", ...noPreToken });
}

/** Nothing is opened to the sharer any more; what he sent stays the account's. */
export async function closeAccess(db: Db, { sharing }: Received): Promise<void> {
  await deleteCozyTokensOf(db, sharing.id);
}

/** The answer that brought the token came to nothing: it opens nothing to whoever read it. */
export async function takeTokenBack(db: Db, received: Received): Promise<void> {
  await closeAccess(db, received);
  await updateCozyMember(db, received.sharer.id, { token_sealed: null });
}

/** The sharing is over, whoever ended it. */
export async function endReceived(db: Db, received: Received): Promise<void> {
  await closeAccess(db, received);
  await updateCozySharing(db, received.sharing.id, { is_active: 0, revoked_at: Date.now() });
  await updateCozyMember(db, received.sharer.id, { status: "revoked", ...noPreToken, token_sealed: null });
}

/** The account said no, and the sharer knows: as if there had been no request. */
export async function forgetRequest(db: Db, { sharing }: Received): Promise<void> {
  await deleteCozySharing(db, sharing.id);
}
