import type { JobOutcome } from "../../jobs/queue.ts";
import { discoveryLink, sharecodeLink } from "../../protocols/cozy-v1/wire.ts";
import {
  cozyMemberById,
  cozyMembersOf,
  cozySharingById,
  type CozySharingRow,
  openMember,
  shareIdOf,
  updateCozyMember,
} from "../../store/cozy-sharings.ts";
import { instanceUrlOf } from "../../store/instances.ts";
import { readRecipient } from "../../store/invited.ts";
import { readSharer } from "../../store/sharings.ts";
import type { Db } from "../../store/store.ts";
import { moveMember } from "../members.ts";
import { registerAt } from "../oauth/at-cozy.ts";
import { ownMetadata, type RegisteredClient } from "../oauth/metadata.ts";
import type { InstanceParts, MemberMail, MemberStep } from "../parts.ts";
import { stepFailed } from "../step-failed.ts";
import { clientOf, sealClient } from "./credentials.ts";
import { type Place, planStep, requestLinkOf } from "./sharer-members.ts";

/** Members in these states were not asked, or may be asked again. */
const askable: readonly string[] = ["mail-not-sent", "unregistered", "pending"];

/** Asks those members of a sharing who may be asked: by mail, after registering at the Cozy of who has one (reference/cozy.md 5.4). */
export async function inviteMembers(db: Db, sharing: CozySharingRow, parts: InstanceParts): Promise<void> {
  const ownUrl = await instanceUrlOf(db, sharing.account_id);
  if (ownUrl === null || sharing.revoked_at !== null) return;
  for (const member of await cozyMembersOf(db, sharing.id)) {
    if (!askable.includes(member.status)) continue;
    if (sharing.generation === "v1b") await inviteByCode(db, { sharing, member }, ownUrl, parts);
    else await inviteOne(db, { sharing, member }, ownUrl, parts);
  }
}

async function inviteOne(db: Db, place: Place, ownUrl: string, parts: InstanceParts): Promise<void> {
  const { sharing, member } = place;
  const client = clientOf(parts.sealer, member);
  if (member.instance_url !== null && client === null) return planStep(db, member, "register", parts);
  if (client !== null) {
    if (await waitsForMail(db, place)) await mailRequest(db, place, client, ownUrl, parts);
    return;
  }
  const link = discoveryLink(ownUrl, {
    address: member.address ?? "",
    recipientId: recipientIdOf(member),
    sharingId: shareIdOf(parts.sealer, sharing),
  });
  await mail(db, place, { link, purpose: "discovery" }, parts);
}

/** The rework of late 2017 registers at nobody's Cozy before he answers: every mail leads to the discovery. */
async function inviteByCode(db: Db, place: Place, ownUrl: string, parts: InstanceParts): Promise<void> {
  const { sharing, member } = place;
  if (!(await waitsForMail(db, place))) return;
  const link = sharecodeLink(
    ownUrl,
    sharing.document_id,
    openMember(parts.sealer, member, "secret_sealed") ?? "",
  );
  const purpose = member.instance_url === null ? "discovery" : "invitation";
  await mail(db, place, { link, purpose }, parts);
}

/** Who was mailed already is not mailed again, unless the mail came back. */
async function waitsForMail(db: Db, { member }: Place): Promise<boolean> {
  if (member.status !== "pending" || member.recipient_id === null) return true;
  return (await readRecipient(db, member.recipient_id))?.state === "mail-not-sent";
}

async function mailRequest(
  db: Db,
  place: Place,
  client: RegisteredClient,
  ownUrl: string,
  parts: InstanceParts,
): Promise<void> {
  const link = requestLinkOf(place, client, ownUrl, parts.sealer);
  await mail(db, place, { link, purpose: "invitation" }, parts);
}

async function mail(
  db: Db,
  { member }: Place,
  letter: Omit<MemberMail, "recipientId">,
  parts: InstanceParts,
): Promise<void> {
  const recipientId = member.recipient_id;
  const isPlanned = recipientId !== null && (await parts.mailMember(db, { recipientId, ...letter }));
  const status = isPlanned ? "pending" : "mail-not-sent";
  const error = isPlanned ? null : recipientId === null ? "no-address" : "no-mail";
  await updateCozyMember(db, member.id, { status, error });
}

/** What a discovery link calls a member: the contact, or where he is none, the member himself. */
export function recipientIdOf({ contact_id: contact, id }: Place["member"]): string {
  return contact ?? id;
}

/** The step `register`: this account becomes an OAuth client at the member's Cozy, and he is mailed the link to answer at. */
export async function registerStep(
  { sharing, member, job }: MemberStep,
  parts: InstanceParts,
  signal: AbortSignal,
): Promise<JobOutcome> {
  const { store, http, sealer } = parts;
  const { instance_url: url } = member;
  const ownUrl = await instanceUrlOf(store.db, sharing.account_id);
  const isWanted = sharing.revoked_at === null && askable.includes(member.status);
  if (!isWanted || url === null || ownUrl === null || clientOf(sealer, member) !== null)
    return { kind: "done" };
  const name = (await readSharer(store.db, { id: sharing.account_id }))?.name ?? "";
  const obtained = await registerAt({ http, url, signal }, ownMetadata(ownUrl, name));
  if (obtained.kind === "failed") {
    const { failure } = obtained;
    parts.tell("member-not-told", { member: member.id, step: "register", reason: failure.reason });
    return stepFailed(failure, job, async (db) => unregistered(db, member.id, failure.reason, parts));
  }
  return { kind: "done", commit: async (db) => registered(db, member.id, obtained.got, ownUrl, parts) };
}

async function registered(
  db: Db,
  memberId: string,
  client: RegisteredClient,
  ownUrl: string,
  parts: InstanceParts,
): Promise<void> {
  const place = await stillAskable(db, memberId);
  if (place === null) return;
  const client_sealed = sealClient(parts.sealer, memberId, client);
  await updateCozyMember(db, memberId, { client_sealed, status: "mail-not-sent", error: null });
  await mailRequest(db, place, client, ownUrl, parts);
}

async function unregistered(db: Db, memberId: string, reason: string, parts: InstanceParts): Promise<void> {
  const place = await stillAskable(db, memberId);
  if (place === null) return;
  await moveMember(
    db,
    place,
    { status: "unregistered", event: "registration-failed", reason, error: reason },
    parts,
  );
}

/** As the rows stand now: he may have found another way, or the sharing may have ended, while his Cozy was asked. */
async function stillAskable(db: Db, memberId: string): Promise<Place | null> {
  const member = await cozyMemberById(db, memberId);
  const sharing = member && (await cozySharingById(db, member.cozy_sharing_id));
  if (member === undefined || sharing === undefined || sharing.revoked_at !== null) return null;
  return askable.includes(member.status) && member.client_sealed === null ? { sharing, member } : null;
}
