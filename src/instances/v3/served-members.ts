import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { readMembers, tokenInRights, type WireMember } from "../../protocols/cozy/wire.ts";
import { cozyMembersOf, updateCozyMember } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { JsonApiError } from "../json-api.ts";
import { readTokens } from "../oauth/tokens.ts";
import type { InstanceParts } from "../parts.ts";
import { openCredentials, sealedCredentials } from "./credentials.ts";
import { keepMembers, type Received } from "./recipient-rows.ts";

const noContent: PeerReply = { status: 204 };

/**
 * PUT /sharings/:id/recipients: the owner tells who the members are (reference/cozy.md 7.7). What is known of the owner and of
 * the account itself stays: the list has no addresses of Cozys, and cannot make an acceptance undone.
 */
export async function takeMembers(
  db: Db,
  { sharing, attributes }: Received,
  { body }: PeerRequest,
  parts: InstanceParts,
): Promise<PeerReply> {
  const told = readMembers(body);
  if (told === null || told.length <= attributes.self_place) {
    throw new JsonApiError(400, { detail: "data is the list of all members, the owner first." });
  }
  const known = await cozyMembersOf(db, sharing.id);
  const merged = told.map((member, place): WireMember => {
    const before = known.find((each) => each.place === place);
    const isOwn = place === attributes.self_place;
    return {
      ...member,
      instanceUrl: before?.instance_url ?? null,
      status: isOwn && before !== undefined ? before.status : member.status,
    };
  });
  await keepMembers(db, sharing.id, merged, parts);
  return noContent;
}

/** POST and DELETE /sharings/:id/recipients/self/readonly: the owner changes what the account may do. */
export function takeRights(isReadOnly: boolean) {
  return async (
    db: Db,
    { owner, self }: Received,
    { body }: PeerRequest,
    { sealer }: InstanceParts,
  ): Promise<PeerReply> => {
    const tokens = readTokens(tokenInRights(body));
    const known = openCredentials(sealer, owner);
    if (tokens !== null && known !== null) {
      const { client, xorKey, tokens: before } = known;
      const refresh = tokens.refresh === "" ? before.refresh : tokens.refresh;
      const sealed = sealedCredentials(sealer, owner.id, { client, xorKey, tokens: { ...tokens, refresh } });
      await updateCozyMember(db, owner.id, sealed);
    }
    await updateCozyMember(db, self.id, { is_read_only: isReadOnly ? 1 : 0 });
    return noContent;
  };
}

/** DELETE /sharings/:id/initial: all documents of the beginning were sent. Usher shows what there is at any time. */
export async function endInitial(): Promise<PeerReply> {
  return noContent;
}
