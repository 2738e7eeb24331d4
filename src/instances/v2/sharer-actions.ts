import { randomBytes } from "node:crypto";
import {
  type CozyMemberRow,
  cozyMembersOf,
  type CozySharingRow,
  updateCozyMember,
  updateCozySharing,
} from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { moveMember } from "../members.ts";
import type { OwnerActions } from "../owner-actions.ts";
import type { InstanceParts } from "../parts.ts";
import { endReceived, receivedOf } from "./received.ts";

/**
 * Words of cozy_member.status, for which platform 2 has none (reference/cozy.md 8.1): new, asked, error, accepted, refused,
 * revoked. A member has his preToken until he answers, then his token, and neither when his Cozy knows of the end.
 */
export function createActions(parts: InstanceParts): OwnerActions {
  return {
    newShareId: (documentId) => documentId,
    newMember: () => ({ status: "new", secret: randomBytes(32).toString("hex") }),
    invite: async (db, sharing) => {
      for (const member of await cozyMembersOf(db, sharing.id)) await ask(db, member, parts);
    },
    revokeMember: async (db, sharing, member) => revokeMember(db, sharing, member, parts),
    revokeAll: async (db, sharing) => {
      for (const member of await cozyMembersOf(db, sharing.id))
        await revokeMember(db, sharing, member, parts);
    },
    leave: async (db, sharing) => {
      const { notification_id: notificationId } = sharing;
      if (notificationId !== null) await parts.leave(db, notificationId, "application");
    },
    memberLeft: async (db, sharing, member) => {
      await endMember(db, sharing, member, parts);
      await updateCozyMember(db, member.id, noSecrets);
    },
    endedBySharer: async (db, sharing) => {
      const received = await receivedOf(db, sharing);
      if (received === null) return;
      await endReceived(db, received);
      if (sharing.notification_id !== null) await parts.recheck(db, sharing.notification_id);
    },
  };
}

/** What a member loses when both sides know that it is over. */
export const noSecrets = { secret_hash: null, secret_sealed: null, token_sealed: null } as const;

/** Members in these states were not asked, or could not be. */
export const askable: readonly string[] = ["new", "error"];

/** Each member by itself: one that cannot be reached keeps no other waiting. */
async function ask(db: Db, member: CozyMemberRow, parts: InstanceParts): Promise<void> {
  if (!askable.includes(member.status)) return;
  if (member.instance_url === null) await updateCozyMember(db, member.id, { error: "cozy-not-known" });
  else await planStep(db, member, "request", parts);
}

/** One step at a member's Cozy, after those that were planned before. */
export async function planStep(
  db: Db,
  member: CozyMemberRow,
  step: "request" | "replicate" | "revoke",
  { queue }: Pick<InstanceParts, "queue">,
): Promise<void> {
  await queue.enqueue(db, {
    kind: "tell-member",
    subject: member.id,
    lane: `cozy/${member.instance_url ?? ""}`,
    uniqueKey: `${step}/${member.id}`,
    payload: { step },
  });
}

async function revokeMember(
  db: Db,
  sharing: CozySharingRow,
  member: CozyMemberRow,
  parts: InstanceParts,
): Promise<void> {
  if (member.status === "revoked" || member.status === "refused") return;
  await endMember(db, sharing, member, parts);
  // He may have been asked a moment ago: his Cozy is told in any case.
  await planStep(db, member, "revoke", parts);
}

async function endMember(
  db: Db,
  sharing: CozySharingRow,
  member: CozyMemberRow,
  parts: InstanceParts,
): Promise<void> {
  await moveMember(db, { sharing, member }, { status: "revoked", event: "revoked", reason: null }, parts);
  await updateCozyMember(db, member.id, { replication_id: null });
  const members = await cozyMembersOf(db, sharing.id);
  const isShared = members.some(({ status }) => status === "accepted");
  if (!isShared && sharing.revoked_at === null) await updateCozySharing(db, sharing.id, { is_active: 0 });
}
