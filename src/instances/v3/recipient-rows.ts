import { z } from "zod";
import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import type { RequestedSharing, WireMember } from "../../protocols/cozy/wire.ts";
import {
  deleteBroughtCozyTokensOf,
  deleteCozyClientsOf,
  deleteCozyTokensOf,
} from "../../store/cozy-clients.ts";
import {
  type CozyMemberRow,
  cozyMembersOf,
  cozySharingByDocument,
  type CozySharingRow,
  deleteCozyMember,
  hashOf,
  insertCozyMember,
  insertCozySharing,
  sealMember,
  sealShareId,
  updateCozyMember,
  updateCozySharing,
} from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import type { InstanceParts } from "../parts.ts";
import { noCredentials } from "./credentials.ts";

/**
 * The account's copy of somebody's sharing. `owner.secret_sealed` is the state of an answer whose outcome is not known;
 * `self.secret_hash` that of the code or state with which the account was invited.
 */
export interface Received {
  readonly sharing: CozySharingRow;
  readonly owner: CozyMemberRow;
  readonly self: CozyMemberRow;
  readonly attributes: ReceivedAttributes;
}

const attributesSchema = z.object({
  open_sharing: z.boolean(),
  drive: z.boolean(),
  drive_root_type: z.string(),
  org_drive: z.boolean(),
  /** Index of the account among the members. */
  self_place: z.number(),
  /** Who claimed lately to be the owner, one for each request, the newest last: requests are not authenticated. */
  claims: z.array(z.object({ url: z.string(), at: z.number() })),
});

export type ReceivedAttributes = z.output<typeof attributesSchema>;

/** Claims that are kept: two in one moment already contradict each other. */
const claimsKept = 8;

/** The copy with that id; null where the account was not asked, or shares it itself. */
export async function readReceived(db: Db, accountId: string, documentId: string): Promise<Received | null> {
  const sharing = await cozySharingByDocument(db, accountId, "v3", documentId);
  return sharing === undefined || sharing.is_owner === 1 ? null : receivedOf(db, sharing);
}

/** The copy with its two decisive members; null where the row is not one. */
export async function receivedOf(db: Db, sharing: CozySharingRow): Promise<Received | null> {
  const attributes = attributesSchema.parse(JSON.parse(sharing.attributes_json));
  const members = await cozyMembersOf(db, sharing.id);
  const [owner, self] = [
    members.find(({ place }) => place === 0),
    members.find(({ place }) => place === attributes.self_place),
  ];
  return owner === undefined || self === undefined ? null : { sharing, owner, self, attributes };
}

/** A request that is worth keeping. */
export interface KeptRequest {
  readonly accountId: string;
  readonly documentId: string;
  readonly asked: RequestedSharing;
  readonly ownerUrl: string;
  /** Index of the account among the members. */
  readonly selfPlace: number;
  /** The code or state of the link that came with it; null where none came. */
  readonly secret: string | null;
}

/** Keeps a request, over an older one with the same id; gives the row's id. Only for what is not active. */
export async function keepRequest(
  db: Db,
  request: KeptRequest,
  { newId, sealer }: Pick<InstanceParts, "newId" | "sealer">,
  nowMs: number,
): Promise<string> {
  const { accountId, documentId } = request;
  const known = await cozySharingByDocument(db, accountId, "v3", documentId);
  const columns = columnsOf(request, known, nowMs);
  const id = known?.id ?? newId("x");
  if (known === undefined) {
    const row = { id, account_id: accountId, generation: "v3", is_owner: 0, ...columns } as const;
    const shareId = { share_key: hashOf(documentId), share_id_sealed: sealShareId(sealer, id, documentId) };
    const times = { revision: 1, created_at: nowMs, updated_at: nowMs };
    const nothing = { notification_id: null, sharing_id: null };
    await insertCozySharing(
      db,
      { ...row, ...shareId, ...times, ...nothing, document_id: documentId, sharing_type: "rules" },
      [],
    );
  } else {
    await updateCozySharing(db, id, columns);
    await deleteBroughtCozyTokensOf(db, id);
  }
  await keepMembers(db, id, request.asked.members, { newId });
  await keepSecret(db, id, request, sealer);
  return id;
}

function columnsOf(
  { asked, ownerUrl, selfPlace }: KeptRequest,
  known: CozySharingRow | undefined,
  nowMs: number,
) {
  const before = known === undefined ? [] : attributesSchema.parse(JSON.parse(known.attributes_json)).claims;
  const others = before.slice(1 - claimsKept);
  const attributes: ReceivedAttributes = {
    open_sharing: asked.open_sharing,
    drive: asked.drive,
    drive_root_type: asked.drive_root_type,
    org_drive: asked.org_drive,
    self_place: selfPlace,
    claims: [...others, { url: ownerUrl, at: nowMs }],
  };
  return {
    description: oneLine(asked.description, limits.titleChars),
    app_slug: asked.app_slug,
    preview_path: asked.preview_path,
    rules_json: JSON.stringify(asked.rules),
    attributes_json: JSON.stringify(attributes),
    is_active: 0,
    revoked_at: null,
  };
}

/** Members in their order; a row keeps its secrets only as long as it is of the same Cozy. */
export async function keepMembers(
  db: Db,
  sharingId: string,
  members: readonly WireMember[],
  { newId }: Pick<InstanceParts, "newId">,
): Promise<void> {
  const known = await cozyMembersOf(db, sharingId);
  for (const [place, member] of members.entries()) {
    const shown = shownOf(member);
    const row = known.find((each) => each.place === place);
    if (row === undefined) await insertCozyMember(db, newMember(newId("y"), sharingId, place, shown));
    else if (row.instance_url === shown.instance_url) await updateCozyMember(db, row.id, shown);
    else {
      await updateCozyMember(db, row.id, {
        ...shown,
        ...noCredentials,
        secret_hash: null,
        secret_sealed: null,
      });
    }
  }
  for (const { id, place } of known) if (place >= members.length) await deleteCozyMember(db, id);
}

type ShownMember = Pick<
  CozyMemberRow,
  "public_name" | "address" | "instance_url" | "status" | "is_read_only"
>;

function shownOf({ publicName, email, instanceUrl, status, isReadOnly }: WireMember): ShownMember {
  return {
    public_name: oneLine(publicName, limits.nameChars) || null,
    address: oneLine(email, limits.addressChars) || null,
    instance_url: instanceUrl,
    status: oneLine(status, limits.nameChars),
    is_read_only: isReadOnly ? 1 : 0,
  };
}

function newMember(id: string, cozySharingId: string, place: number, shown: ShownMember): CozyMemberRow {
  const nobody = { contact_id: null, recipient_id: null, name: null, replication_id: null, error: null };
  const closed = { ...noCredentials, secret_hash: null, secret_sealed: null };
  return {
    id,
    cozy_sharing_id: cozySharingId,
    place,
    ...nobody,
    ...closed,
    ...shown,
    groups_json: "[]",
    is_only_in_groups: 0,
    updated_at: Date.now(),
  };
}

async function keepSecret(
  db: Db,
  sharingId: string,
  { secret, selfPlace }: KeptRequest,
  sealer: InstanceParts["sealer"],
): Promise<void> {
  const self = (await cozyMembersOf(db, sharingId)).find(({ place }) => place === selfPlace);
  if (self === undefined || secret === null) return;
  const sealed = sealMember(sealer, self.id, "secret_sealed", secret);
  await updateCozyMember(db, self.id, { secret_hash: hashOf(secret), secret_sealed: sealed });
}

/** Ends the account's part: nothing that was issued for it opens anything any more. What was received stays. */
export async function endReceived(db: Db, { sharing, owner, self }: Received, nowMs: number): Promise<void> {
  await deleteCozyTokensOf(db, sharing.id);
  await deleteCozyClientsOf(db, sharing.id, null);
  await updateCozyMember(db, owner.id, { ...noCredentials, secret_hash: null, secret_sealed: null });
  // By its hash the copy is still found behind the link.
  await updateCozyMember(db, self.id, { status: "revoked", secret_sealed: null });
  await updateCozySharing(db, sharing.id, { is_active: 0, revoked_at: sharing.revoked_at ?? nowMs });
}
