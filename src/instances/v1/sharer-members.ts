import { type PermissionRule, printScope, readPermissions } from "../../domain/cozy-permissions.ts";
import { requestLink } from "../../protocols/cozy-v1/wire.ts";
import {
  type CozyMemberRow,
  cozyMembersOf,
  type CozySharingRow,
  shareIdOf,
} from "../../store/cozy-sharings.ts";
import type { Sealer } from "../../store/sealing.ts";
import type { Db } from "../../store/store.ts";
import type { JobQueue } from "../../jobs/queue.ts";
import { endOwnSharing } from "../own-sharing.ts";
import type { RegisteredClient } from "../oauth/metadata.ts";
import { clientOf } from "./credentials.ts";

/** A member of a sharing that the account owns. */
export interface Place {
  readonly sharing: CozySharingRow;
  readonly member: CozyMemberRow;
}

/** Steps at members' Cozys that this generation has. */
export type Step = "register" | "code" | "document" | "revoke" | "exchange" | "leave";

/** Plans a step; asked for twice, it is done once. */
export async function planStep(
  db: Db,
  member: CozyMemberRow,
  step: Step,
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

/** What is shared; the rules were checked when they were taken. */
export function rulesOf({ rules_json: text }: CozySharingRow): readonly PermissionRule[] {
  const read = readPermissions(JSON.parse(text));
  return read.kind === "rules" ? read.rules : [];
}

/** The same as an OAuth scope. */
export function scopeOf(sharing: CozySharingRow): string {
  return printScope(rulesOf(sharing));
}

/** Whether the other side sends changes back. */
export function isBothWays({ sharing_type: type }: CozySharingRow): boolean {
  return type === "master-master" || type === "two-way";
}

/** The member at whose Cozy this account is that client; undefined where there is none. */
export async function memberWithClient(
  db: Db,
  sharing: CozySharingRow,
  clientId: string,
  sealer: Sealer,
): Promise<CozyMemberRow | undefined> {
  if (clientId === "") return undefined;
  const members = await cozyMembersOf(db, sharing.id);
  return members.find((member) => clientOf(sealer, member)?.clientId === clientId);
}

/** The request link of a member at whose Cozy this account is registered. A secret. */
export function requestLinkOf(
  { sharing, member }: Place,
  client: RegisteredClient,
  ownUrl: string,
  sealer: Sealer,
): string {
  return requestLink({
    at: member.instance_url ?? "",
    appSlug: sharing.app_slug ?? "",
    clientId: client.clientId,
    redirectUri: `${ownUrl}/sharings/answer`,
    scope: scopeOf(sharing),
    sharingType: sharing.sharing_type,
    state: shareIdOf(sealer, sharing),
  });
}

/** A sharing that nobody follows or may still answer has ended (reference/cozy.md 8.2). */
export async function endWithLastMember(db: Db, sharing: CozySharingRow): Promise<void> {
  const members = await cozyMembersOf(db, sharing.id);
  if (!members.every(({ status }) => status === "revoked" || status === "refused")) return;
  await endOwnSharing(db, sharing);
}
