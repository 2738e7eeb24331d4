import { z } from "zod";
import { oneLine } from "../../domain/one-line.ts";
import { limits } from "../../domain/limits.ts";
import { httpsOrigin } from "../../domain/web-link.ts";
import type { PeerOperation, PeerReply, PeerRequest, PeerRoute } from "../../http/peer-route.ts";
import {
  type Credentials,
  readBasic,
  readShareAnswer,
  type ShareAnswer,
} from "../../protocols/cozy-v2/wire.ts";
import {
  type CozyMemberRow,
  cozyMembersOf,
  cozySharingByDocument,
  type CozySharingRow,
  hashOf,
  isSecretOf,
  openMember,
  sealMember,
  updateCozyMember,
  updateCozySharing,
} from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { moveMember } from "../members.ts";
import type { OwnerActions } from "../owner-actions.ts";
import type { InstanceParts } from "../parts.ts";
import { success, V2Error, v2Route, wrongCredentials } from "./replies.ts";
import { noSecrets, planStep } from "./sharer-actions.ts";

/** What recipients' Cozys call at the instance host of a sharer: the answer, and leaving (reference/cozy.md 4.5, 4.6). */
export function sharerRoutes(parts: InstanceParts, actions: OwnerActions): readonly PeerRoute[] {
  return [
    v2Route({ method: "POST", path: "/services/sharing/answer", operation: answering }, async (request) =>
      takeAnswer(parts, request),
    ),
    v2Route({ method: "DELETE", path: "/services/sharing/target", operation: leaving }, async (request) =>
      takeLeaving(parts, actions, request),
    ),
  ];
}

/** The target that a recipient's `shareID:preToken` or `shareID:token` belongs to. */
interface Target {
  readonly sharing: CozySharingRow;
  readonly member: CozyMemberRow;
  readonly members: readonly CozyMemberRow[];
  readonly given: Credentials;
  readonly hasAnswered: boolean;
}

async function requireTarget(
  db: Db,
  request: PeerRequest,
  parts: Pick<InstanceParts, "sealer">,
): Promise<Target> {
  const given = readBasic(request.headers["authorization"]);
  if (given === null) throw wrongCredentials(request);
  const sharing = await cozySharingByDocument(db, request.instance.accountId, "v2", given.login);
  if (sharing === undefined || sharing.is_owner === 0 || sharing.revoked_at !== null)
    throw wrongCredentials(request);
  const members = (await cozyMembersOf(db, sharing.id)).filter(({ status }) => !ended.includes(status));
  const member = members.find((each) => isOf(each, given.password, parts));
  if (member === undefined) throw wrongCredentials(request);
  return { sharing, member, members, given, hasAnswered: member.token_sealed !== null };
}

const ended: readonly string[] = ["refused", "revoked"];

function isOf(member: CozyMemberRow, secret: string, { sealer }: Pick<InstanceParts, "sealer">): boolean {
  const token = openMember(sealer, member, "token_sealed");
  return isSecretOf(member.secret_hash, secret) || (token !== null && isSecretOf(hashOf(token), secret));
}

async function takeAnswer(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  const answer = readShareAnswer(request.body);
  if (answer === null) throw new V2Error(400, "Bad request");
  const isNew = await parts.store.transaction(async (db) => {
    const target = await requireTarget(db, request, parts);
    if (isRepeated(answer, target, parts)) return false;
    requireAnswerable(answer, target, request);
    await (answer.token === null ? refuse(db, target, parts) : accept(db, target, answer.token, parts));
    return true;
  });
  const status = answer.accepted ? "accepted" : "refused";
  if (isNew)
    parts.tell("sharing-answered", { account: request.instance.accountName, generation: "v2", status });
  return success;
}

/** The same token once more says nothing new: the first confirmation may have been lost. */
function isRepeated(
  { token }: ShareAnswer,
  { hasAnswered, member, given }: Target,
  { sealer }: Pick<InstanceParts, "sealer">,
): boolean {
  return hasAnswered && token === given.password && openMember(sealer, member, "token_sealed") === token;
}

/** The checks of the data-system, in their order (reference/cozy.md 4.6). Throws V2Error. */
function requireAnswerable({ recipientUrl }: ShareAnswer, target: Target, request: PeerRequest): void {
  const url = httpsOrigin(recipientUrl);
  // In the words of the document the request names the sharer alone: who echoes that is known by his preToken.
  const isOwn = url === request.instance.url;
  const named = isOwn ? target.member : target.members.find(({ instance_url: each }) => each === url);
  if (url === null || named === undefined) {
    throw new V2Error(404, `${oneLine(recipientUrl, limits.cozyTextChars)} not found for this sharing`);
  }
  if (named.token_sealed !== null)
    throw new V2Error(403, "The answer for this sharing has already been given");
  if (named.id !== target.member.id) throw wrongCredentials(request);
}

async function accept(
  db: Db,
  { sharing, member }: Target,
  token: string,
  parts: InstanceParts,
): Promise<void> {
  const token_sealed = sealMember(parts.sealer, member.id, "token_sealed", token);
  await updateCozyMember(db, member.id, { ...noSecrets, token_sealed });
  await moveMember(db, { sharing, member }, { status: "accepted", event: "accepted", reason: null }, parts);
  await updateCozySharing(db, sharing.id, { is_active: 1 });
  await planStep(db, member, "replicate", parts);
}

/** The target keeps neither secret; that it refused is what the owner sees of it. */
async function refuse(db: Db, { sharing, member }: Target, parts: InstanceParts): Promise<void> {
  await updateCozyMember(db, member.id, noSecrets);
  await moveMember(db, { sharing, member }, { status: "refused", event: "refused", reason: null }, parts);
}

async function takeLeaving(
  parts: InstanceParts,
  actions: OwnerActions,
  request: PeerRequest,
): Promise<PeerReply> {
  await parts.store.transaction(async (db) => {
    const { sharing, member, hasAnswered } = await requireTarget(db, request, parts);
    if (!hasAnswered) throw wrongCredentials(request);
    await actions.memberLeft(db, sharing, member);
  });
  parts.tell("sharing-ended", { account: request.instance.accountName, generation: "v2", by: "recipient" });
  return success;
}

const tag = "between Cozys, platform 2";
const done = z.object({ success: z.literal(true) });
const failed = z.object({ error: z.string() });

const answering: PeerOperation = {
  id: "answerSharingRequest",
  summary: "A recipient answers; login is the shareID, password the preToken",
  tag,
  security: "basic",
  body: z.looseObject({ recipientUrl: z.string(), accepted: z.boolean(), token: z.string().optional() }),
  replies: {
    200: { description: "The answer is taken, or was taken before with the same token", body: done },
    400: { description: "It is no answer", body: failed },
    401: { description: "No target has this id with this preToken or token", body: failed },
    403: { description: "Another answer was given already", body: failed },
    404: { description: "The sharing has no target of this address", body: failed },
  },
};

const leaving: PeerOperation = {
  id: "leaveSharing",
  summary: "A recipient leaves; login is the shareID, password the token",
  tag,
  security: "basic",
  body: z.looseObject({ sharerUrl: z.string().optional(), desc: z.string().optional() }),
  replies: {
    200: { description: "Nothing is sent there any more", body: done },
    401: { description: "No target has this id with this token", body: failed },
  },
};
