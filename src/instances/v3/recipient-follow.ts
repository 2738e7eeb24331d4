import { parseCozyLink, type CozyLink } from "../../protocols/cozy/link.ts";
import type { Ask, Follower, FollowReply, NotFollowed, Share, TryLater } from "../../protocols/protocol.ts";
import {
  cozySharingByMemberSecret,
  hashOf,
  isSecretOf,
  openMember,
  sealMember,
  updateCozyMember,
  updateCozySharing,
} from "../../store/cozy-sharings.ts";
import { findByShare } from "../../store/notifications.ts";
import type { Db } from "../../store/store.ts";
import type { InstanceParts } from "../parts.ts";
import { type AnswerOutcome, pendingState, sendAnswer } from "./answer.ts";
import { later, never } from "../ask-cozy.ts";
import { discover, type Discovered, findSharing, type Invitation } from "./recipient-discovery.ts";
import type { RequestGate } from "./recipient-gate.ts";
import { type Received, readReceived, receivedOf } from "./recipient-rows.ts";
import { followedAs } from "./recipient-shown.ts";

type End = NotFollowed | TryLater;

/** What an account follows: its link, and for whom. */
export interface Wanted {
  readonly link: CozyLink;
  readonly share: Share;
  readonly who: Follower;
  readonly ask: Ask;
}

/** The account's copy behind a link; null where the sharer did not bring it yet. */
export async function receivedBehind(
  db: Db,
  link: CozyLink,
  { accountId }: Follower,
): Promise<Received | null> {
  if (link.variant !== "preview") return readReceived(db, accountId, link.shareId);
  const sharing = await cozySharingByMemberSecret(db, accountId, "v3", link.shareId);
  return sharing === undefined ? null : receivedOf(db, sharing);
}

/**
 * Accepts an invitation of today's cozy-stack, from its link to `ready` at the sharer (reference/cozy.md 7.3 to 7.5). Repeated
 * after any step it goes on where it was: what is active is followed, and an answer whose outcome is not known is
 * given once more.
 */
export async function follow(
  parts: InstanceParts,
  gate: RequestGate,
  share: Share,
  who: Follower,
  ask: Ask,
): Promise<FollowReply> {
  const link = parseCozyLink(share.link);
  if (link === null || who.instanceUrl === null) return malformed;
  const wanted: Wanted = { link, share, who, ask };
  const known = await receivedBehind(parts.store.db, link, who);
  if (known?.sharing.is_active === 1) return followedAs(known);
  const repeated = known === null ? stale : await answerAgain(parts, wanted, known);
  const outcome = repeated.kind === "stale" ? await answerAnew(parts, gate, wanted, known) : repeated;
  return outcome.kind === "accepted" ? settled(parts, wanted, outcome.received) : outcome;
}

const stale = { kind: "stale" } as const;

/** Gives an answer once more whose outcome is not known. */
async function answerAgain(
  parts: InstanceParts,
  { who, ask }: Wanted,
  known: Received,
): Promise<AnswerOutcome> {
  const state = pendingState(parts, known);
  return state === null ? stale : sendAnswer(parts, { received: known, state }, who, ask);
}

async function answerAnew(
  parts: InstanceParts,
  gate: RequestGate,
  wanted: Wanted,
  known: Received | null,
): Promise<Exclude<AnswerOutcome, typeof stale>> {
  const invited = await invitationOf(parts, gate, wanted, known);
  if (invited.kind !== "discovered") return invited;
  const outcome = await sendAnswer(parts, invited, wanted.who, wanted.ask);
  return outcome.kind === "stale" ? overtaken(invited.received) : outcome;
}

const malformed = never(
  "link-malformed",
  "The link is no invitation of a Cozy; ask the sharer to share again.",
);

/** Right after discovery: somebody else told the same link of another Cozy meanwhile, or the sharer ended it, which discovery tells then. */
function overtaken({ owner }: Received): TryLater {
  const host = new URL(owner.instance_url ?? "").host;
  return later(
    "invitation-overtaken",
    `${host} was told of another Cozy at the same time; Usher tells it again later.`,
  );
}

/** Ties the copy to its notification and to the code it came by, and shows it. */
async function settled(
  parts: InstanceParts,
  wanted: Wanted,
  { sharing, self }: Received,
): Promise<FollowReply> {
  const { link, share, who } = wanted;
  await parts.store.transaction(async (db) => {
    const key = {
      accountId: who.accountId,
      protocol: "cozy",
      origin: share.origin,
      shareKey: hashOf(link.shareId),
    };
    const notification = await findByShare(db, key);
    if (notification !== undefined)
      await updateCozySharing(db, sharing.id, { notification_id: notification.id });
    if (link.sharecode === null) return;
    const { code } = link.sharecode;
    const secret_sealed = sealMember(parts.sealer, self.id, "secret_sealed", code);
    await updateCozyMember(db, self.id, { secret_hash: hashOf(code), secret_sealed });
  });
  const now = await readReceived(parts.store.db, who.accountId, sharing.document_id);
  return now === null
    ? later("request-changed", "The request is gone; Usher asks again later.")
    : followedAs(now);
}

async function invitationOf(
  parts: InstanceParts,
  gate: RequestGate,
  { link, share, who, ask }: Wanted,
  known: Received | null,
): Promise<Discovered | End> {
  if (link.variant === "shortcut") return offeredDrive(link, share, who, known);
  const at = link.variant === "discovery" ? link.origin : share.origin;
  if (at === null || at === "") return unknownSender;
  if (at === who.instanceUrl) return ownSharing;
  const found =
    link.variant === "discovery"
      ? ({ kind: "found", sharingId: link.shareId } as const)
      : await findSharing(parts, { at, sharecode: link.shareId }, ask);
  if (found.kind !== "found") return found;
  const { sharingId } = found;
  const first = await discover(parts, gate, {
    invitation: { at, sharingId, secret: secretOf(link) },
    who,
    ask,
  });
  const fresher = isUnknown(first) ? fresherSecret(parts, { link, at }, known) : null;
  if (fresher === null) return first;
  return discover(parts, gate, { invitation: { at, sharingId, secret: fresher }, who, ask });
}

function isUnknown(end: Discovered | End): boolean {
  return end.kind === "no" && end.because === "invitation-unknown";
}

const unknownSender = never(
  "origin-unknown",
  "The link is at an app, and the mail does not tell whose Cozy it belongs to; open it in a browser instead.",
);
const ownSharing = never("own-sharing", "The account itself shares this.", "UNSUPPORTED");

function secretOf(link: CozyLink): Invitation["secret"] {
  if (link.sharecode !== null) return { name: "sharecode", value: link.sharecode.code };
  return { name: "state", value: new URL(link.href).searchParams.get("state") ?? "" };
}

/** Whoever is invited again gets a new state; a request brings it here, while the notification has the link of the first. */
function fresherSecret(
  { sealer }: InstanceParts,
  { link, at }: { readonly link: CozyLink; readonly at: string },
  known: Received | null,
): Invitation["secret"] | null {
  if (known === null || known.owner.instance_url !== at) return null;
  const value = openMember(sealer, known.self, "secret_sealed");
  if (value === null || value === secretOf(link).value) return null;
  return { name: value.length === 22 ? "state" : "sharecode", value };
}

/** A drive is offered by a request alone, which has its state: the owner of the answer is the one who was shown. */
function offeredDrive(link: CozyLink, share: Share, who: Follower, known: Received | null): Discovered | End {
  if (`https://${link.host}` !== who.instanceUrl) {
    return never(
      "other-instance",
      "The link is at another Cozy than the account's own; answer it there.",
      "FORBIDDEN",
    );
  }
  const state = new URL(link.href).searchParams.get("state") ?? "";
  const isOffered =
    known !== null &&
    known.sharing.revoked_at === null &&
    isSecretOf(known.self.secret_hash, state) &&
    (share.origin === "" || share.origin === known.owner.instance_url);
  if (isOffered) return { kind: "discovered", received: known, state, email: "" };
  return never("invitation-unknown", "The offer was taken back or replaced; ask the sharer to share again.");
}
