import { z } from "zod";
import type { PeerRequest } from "../../http/peer-route.ts";
import type { JobQueue } from "../../jobs/queue.ts";
import type { ToldMember } from "../../protocols/cozy/owner-wire.ts";
import { readRules, type WireRule } from "../../protocols/cozy/wire.ts";
import { cozyTokenBySecret, keepCozyToken } from "../../store/cozy-clients.ts";
import {
  type CozyMemberRow,
  cozyMemberById,
  cozyMembersOf,
  cozySharingByDocument,
  cozySharingById,
  type CozySharingRow,
  hashOf,
  isSecretOf,
  openMember,
} from "../../store/cozy-sharings.ts";
import type { Sealer } from "../../store/sealing.ts";
import { readSharer } from "../../store/sharings.ts";
import type { Db } from "../../store/store.ts";
import { JsonApiError } from "../json-api.ts";
import { groupsOfMember } from "../shared-groups.ts";
import { answerStateOf, sharecodeOf } from "./owner-secrets.ts";

/** A member of a sharing that the account owns; his place is his index among the members, whose first is the account. */
export interface Place {
  readonly sharing: CozySharingRow;
  readonly member: CozyMemberRow;
}

/** The account's own sharing with that id; null where it is another's, or none. */
export async function readOwned(
  db: Db,
  accountId: string,
  documentId: string,
): Promise<CozySharingRow | null> {
  const sharing = await cozySharingByDocument(db, accountId, "v3", documentId);
  return sharing?.is_owner === 1 ? sharing : null;
}

/** A member as his rows stand now; null where he or the sharing was taken back. */
export async function asItStands(db: Db, { member: { id } }: Pick<Place, "member">): Promise<Place | null> {
  const member = await cozyMemberById(db, id);
  const sharing = member && (await cozySharingById(db, member.cozy_sharing_id));
  if (member === undefined || sharing === undefined) return null;
  return sharing.revoked_at === null && member.status !== "revoked" ? { sharing, member } : null;
}

/** A member's state, secret; null after he was revoked. Throws SealError. */
export function stateOf(sealer: Sealer, member: CozyMemberRow): string | null {
  return openMember(sealer, member, "secret_sealed");
}

/** Whose link has that state; undefined for nobody's. */
export async function memberByState(db: Db, sharing: CozySharingRow, state: string) {
  const members = await cozyMembersOf(db, sharing.id);
  return members.find((member) => isSecretOf(member.secret_hash, state));
}

/** Who answers with that state: his link's, or the one that discovery gave to his Cozy. */
export async function memberAnswering(
  db: Db,
  sharing: CozySharingRow,
  state: string,
  sealer: Sealer,
): Promise<CozyMemberRow | undefined> {
  const members = await cozyMembersOf(db, sharing.id);
  return members.find((member) => {
    const own = stateOf(sealer, member);
    const { instance_url: url } = member;
    const given = own === null || url === null ? null : hashOf(answerStateOf(own, url));
    return isSecretOf(given, state) || isSecretOf(member.secret_hash, state);
  });
}

/** Whether links of a sharing have codes. A page to look at it before answering would be an application's. */
export function hasPreview({ preview_path: path, app_slug: slug }: CozySharingRow): boolean {
  return path !== null && slug !== null;
}

/** A member's sharecode, secret, which from now on is found by `memberByCode`. */
export async function keepSharecode(db: Db, { sharing, member }: Place, state: string): Promise<string> {
  const code = sharecodeOf(state);
  const known = await cozyTokenBySecret(db, wantedCode(sharing.account_id, code), 0);
  if (known === undefined) {
    const of = { account_id: sharing.account_id, client_id: null, cozy_sharing_id: sharing.id } as const;
    await keepCozyToken(db, code, { ...of, kind: "code", scope: member.id, expires_at: null }, Date.now());
  }
  return code;
}

/** Whose sharecode that is; null for nobody's, and after he was revoked. */
export async function memberByCode(
  db: Db,
  accountId: string,
  code: string,
  sealer: Sealer,
): Promise<Place | null> {
  const token = await cozyTokenBySecret(db, wantedCode(accountId, code), 0);
  const member = token && (await cozyMemberById(db, token.scope));
  const place = member && (await asItStands(db, { member }));
  const state = place ? stateOf(sealer, place.member) : null;
  return place && state !== null && isSecretOf(hashOf(sharecodeOf(state)), code) ? place : null;
}

function wantedCode(accountId: string, secret: string) {
  return { accountId, kind: "code", secret } as const;
}

/** The answer to a state or code that is nobody's, counted; the same for each. */
export function unknownMember({ countWrongSecret }: Pick<PeerRequest, "countWrongSecret">): JsonApiError {
  const waitMs = countWrongSecret();
  if (waitMs === null) return new JsonApiError(404, { detail: "The member was not found" });
  const detail = "Too many wrong links came from this address; wait as long as Retry-After says.";
  return new JsonApiError(429, { detail }, { "retry-after": String(Math.ceil(waitMs / 1000)) });
}

/** Steps at members' Cozys that the owner of a sharing has. */
export type OwnerStep = "request" | "initial" | "members" | "rights" | "revoke";

/** Plans a step; asked for twice, it is done once. */
export async function planStep(
  db: Db,
  member: CozyMemberRow,
  step: OwnerStep,
  { queue }: { readonly queue: JobQueue },
): Promise<void> {
  await queue.enqueue(db, {
    kind: "tell-member",
    subject: member.id,
    lane: `cozy/${member.instance_url ?? ""}`,
    uniqueKey: `${step}/${member.id}`,
    payload: { step },
  });
}

/** Everybody who has accepted hears who the members are now. */
export async function planMembersLists(db: Db, sharing: CozySharingRow, parts: { readonly queue: JobQueue }) {
  for (const member of await cozyMembersOf(db, sharing.id)) {
    if (member.status === "ready") await planStep(db, member, "members", parts);
  }
}

/** All members as others may know them, the account first; `addressee` is told where his own Cozy is. */
export async function toldMembers(
  db: Db,
  sharing: CozySharingRow,
  {
    ownUrl,
    addressee,
  }: { readonly ownUrl: string; readonly addressee: Pick<CozyMemberRow, "id" | "instance_url"> },
): Promise<readonly ToldMember[]> {
  const sharer = await readSharer(db, { id: sharing.account_id });
  const owner = {
    status: "owner",
    publicName: sharer?.name ?? null,
    address: sharer?.address ?? null,
    instanceUrl: ownUrl,
    isReadOnly: false,
    groups: [],
    isOnlyInGroups: false,
  };
  const members = await cozyMembersOf(db, sharing.id);
  const others = members.map((member) => ({
    status: member.status,
    publicName: member.public_name,
    address: member.address,
    instanceUrl: member.id === addressee.id ? addressee.instance_url : null,
    isReadOnly: member.is_read_only === 1,
    groups: groupsOfMember(member),
    isOnlyInGroups: member.is_only_in_groups === 1,
  }));
  return [owner, ...others];
}

export function rulesOf({ rules_json: text }: Pick<CozySharingRow, "rules_json">): readonly WireRule[] {
  return readRules(JSON.parse(text));
}

const attributesSchema = z.object({ open_sharing: z.boolean().default(false) });

/** Whether members may invite others. */
export function isOpen({ attributes_json: text }: Pick<CozySharingRow, "attributes_json">): boolean {
  return attributesSchema.parse(JSON.parse(text)).open_sharing;
}
