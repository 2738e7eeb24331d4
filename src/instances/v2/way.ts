import type {
  Ask,
  Follower,
  FollowReply,
  FollowWay,
  LeaveReply,
  NotFollowed,
  Share,
} from "../../protocols/protocol.ts";
import { openMember } from "../../store/cozy-sharings.ts";
import { browseReceived, openReceived } from "../documents/received.ts";
import type { InstanceParts } from "../parts.ts";
import { never, notUnderstood } from "../ask-cozy.ts";
import { moduleOf } from "./module-of.ts";
import {
  closeAccess,
  endReceived,
  forgetRequest,
  giveToken,
  markAccepted,
  type Received,
  receivedByDocument,
  takeTokenBack,
} from "./received.ts";
import { isDone } from "./peer-calls.ts";
import { answerSharer, leaveSharer } from "./sharer-calls.ts";

/** How an account follows sharings of platform 2: documents come to it, so that nothing of them is asked for. */
export function createWay(parts: InstanceParts): FollowWay {
  const { db } = parts.store;
  return {
    follow: async (share, who, ask) => {
      const received = await invitation(parts, share, who);
      return "kind" in received ? received : follow(parts, received, ask);
    },
    check: async (share, who, ask) => {
      const received = await standing(parts, share, who);
      return "kind" in received ? received : check(parts, received, ask);
    },
    leave: async (share, who, ask) => {
      const received = await invitation(parts, share, who);
      return "kind" in received ? { kind: "left" } : leave(parts, received, ask);
    },
    refuse: async (share, who, ask) => {
      const received = await invitation(parts, share, who);
      return "kind" in received ? { kind: "left" } : refuse(parts, received, ask);
    },
    browse: async (share, who, path) => {
      const received = await standing(parts, share, who);
      return "kind" in received ? received : browseReceived(db, received.sharing.id, path);
    },
    open: async (share, who, wanted) => {
      const received = await standing(parts, share, who);
      return "kind" in received ? received : openReceived(db, received.sharing.id, wanted);
    },
  };
}

/** The request that the account got, answered or not; a final no where it got none, or where that ended. */
async function invitation(
  { store }: InstanceParts,
  { targets }: Share,
  { accountId }: Follower,
): Promise<Received | NotFollowed> {
  const received = await receivedByDocument(store.db, accountId, targets[0]?.folder ?? "");
  if (received === null) return notInvited;
  return received.sharing.revoked_at === null ? received : ended;
}

async function standing(parts: InstanceParts, share: Share, who: Follower): Promise<Received | NotFollowed> {
  const received = await invitation(parts, share, who);
  if ("kind" in received || received.sharing.is_active === 1) return received;
  return never("not-followed", "The account does not follow this sharing; accept its notification.");
}

const notInvited = never(
  "not-invited",
  "The account has no such request; ask the sharer to share again.",
  "FORBIDDEN",
);
const ended = never("sharing-ended", "The sharing has ended; ask the sharer to share again.", "REMOVED");

/**
 * Answers yes. The token counts before the answer is sent: a sharer that shares once sends the documents before it confirms.
 * An answer is given once: where the preToken is worth nothing any more, the token tells whether an earlier answer arrived.
 */
async function follow(parts: InstanceParts, received: Received, ask: Ask): Promise<FollowReply> {
  const { db } = parts.store;
  if (received.sharing.is_active === 1) return followedAs(parts, received);
  const token = await parts.store.transaction(async (tx) => giveToken(tx, received, parts));
  const preToken = openMember(parts.sealer, received.sharer, "secret_sealed") ?? token;
  const answer = { accepted: true, token };
  let reply = await answerSharer(parts, received, { ...answer, password: preToken }, ask);
  if (reply.kind === "answered" && reply.status === 401) {
    reply = await answerSharer(parts, received, { ...answer, password: token }, ask);
  }
  if (reply.kind !== "answered") return reply;
  if (isDone(reply)) {
    await parts.store.transaction(async (tx) => markAccepted(tx, received));
    return followedAs(
      parts,
      (await receivedByDocument(db, received.sharing.account_id, received.sharing.document_id)) ?? received,
    );
  }
  const no = reply.status === 401 ? notKnown : refusedBy(received, reply.status);
  // Whoever is barred for a while is let in again with the same token.
  if (no.kind === "no" && no.state !== "FORBIDDEN")
    await parts.store.transaction(async (tx) => takeTokenBack(tx, received));
  return no;
}

const notKnown = never(
  "not-a-target",
  "The sharer's Cozy knows no such request any more; ask the sharer to share again.",
);

function refusedBy({ sharer }: Received, status: number): FollowReply {
  const { instance_url: url } = sharer;
  if (status < 300) return notUnderstood(url ?? "");
  if (status === 403) return never("refused-by-sharer", `${url} refuses the account (403).`, "FORBIDDEN");
  return never(
    `http-${status}`,
    `${url} took the answer for wrong (${status}); ask the sharer to share again.`,
  );
}

async function followedAs({ store }: InstanceParts, { sharing }: Received): Promise<FollowReply> {
  const root = await browseReceived(store.db, sharing.id, "");
  const entries = root.kind === "listed" ? root.entries : [];
  const { document_id: folder, description: title } = sharing;
  return {
    kind: "followed",
    state: "SUBSCRIBED",
    guest: null,
    folders: [{ module: moduleOf(sharing), folder, title: title ?? "", entries }],
    homeAccount: null,
    homeFolder: null,
  };
}

/**
 * Whether the account is still a target: the same answer once more, in the name of the token. Sharers know a target by it, and
 * a second answer changes nothing (reference/cozy.md 4.5, 4.6).
 */
async function check(parts: InstanceParts, received: Received, ask: Ask): Promise<FollowReply> {
  const token = openMember(parts.sealer, received.sharer, "token_sealed");
  if (token === null) return ended;
  const reply = await answerSharer(parts, received, { accepted: true, token, password: token }, ask);
  if (reply.kind !== "answered") return reply;
  if (isDone(reply)) return followedAs(parts, received);
  if (reply.status !== 401) return refusedBy(received, reply.status);
  await parts.store.transaction(async (db) => endReceived(db, received));
  return ended;
}

/** Nothing more is taken from the sharer from now on, also while he cannot be told. */
async function leave(parts: InstanceParts, received: Received, ask: Ask): Promise<LeaveReply> {
  const token = openMember(parts.sealer, received.sharer, "token_sealed");
  if (token === null) return { kind: "left" };
  await parts.store.transaction(async (db) => closeAccess(db, received));
  const reply = await leaveSharer(parts, received, token, ask);
  if (reply.kind !== "answered") return reply;
  if (!isDone(reply) && reply.status < 300) return notUnderstood(received.sharer.instance_url ?? "");
  // Whatever else he says, he knows the account no longer, or does not want to hear of it.
  await parts.store.transaction(async (db) => endReceived(db, received));
  return { kind: "left" };
}

/** The account's copy goes when the sharer knows, not before: the call can be made again. */
async function refuse(parts: InstanceParts, received: Received, ask: Ask): Promise<LeaveReply> {
  const preToken = openMember(parts.sealer, received.sharer, "secret_sealed");
  if (preToken === null) return leave(parts, received, ask);
  const reply = await answerSharer(
    parts,
    received,
    { accepted: false, token: null, password: preToken },
    ask,
  );
  if (reply.kind !== "answered") return reply;
  if (!isDone(reply) && reply.status < 300) return notUnderstood(received.sharer.instance_url ?? "");
  await parts.store.transaction(async (db) => forgetRequest(db, received));
  return { kind: "left" };
}
