import { parseCozyV1Link } from "../../protocols/cozy-v1/link.ts";
import type {
  Ask,
  Follower,
  FollowReply,
  FollowWay,
  NotFollowed,
  Share,
  TryLater,
} from "../../protocols/protocol.ts";
import { updateCozyMember } from "../../store/cozy-sharings.ts";
import { askCozy, never, outcomeOf, recording } from "../ask-cozy.ts";
import { browseReceived, openReceived } from "../documents/received.ts";
import { refreshAt } from "../oauth/at-cozy.ts";
import type { InstanceParts } from "../parts.ts";
import { clientOf, sealTokens, tokensOf } from "./credentials.ts";
import { closeReceived, forgetSharer, receivedBehind, type Received } from "./received-rows.ts";
import { leave, refuse } from "./recipient-end.ts";
import { ended } from "./recipient-answer.ts";
import { follow } from "./recipient-follow.ts";
import { followedAs } from "./recipient-shown.ts";

/** How an account follows sharings of cozy-stack before March 2018: by its own instance host, as a Cozy does. */
export function createV1Way(parts: InstanceParts): FollowWay {
  const { db } = parts.store;
  return {
    follow: async (share, who, ask) => follow(parts, share, who, ask),
    check: async (share, who, ask) => {
      const received = await standing(parts, share, who);
      return "kind" in received ? received : check(parts, received, share, ask);
    },
    leave: async (share, who, ask) => {
      const received = await behind(parts, share, who);
      return received === null ? { kind: "left" } : leave(parts, received, ask);
    },
    refuse: async (share, who, ask) => refuse(parts, share, who, ask),
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

async function behind({ store }: InstanceParts, share: Share, who: Follower): Promise<Received | null> {
  const link = parseCozyV1Link(share.link);
  return link === null ? null : receivedBehind(store.db, link, who);
}

async function standing(parts: InstanceParts, share: Share, who: Follower): Promise<Received | NotFollowed> {
  const received = await behind(parts, share, who);
  if (received?.sharing.is_active === 1) return received;
  if (received !== null && received.sharing.revoked_at !== null) return ended;
  return never("not-followed", "The account does not follow this sharing; accept its notification.");
}

/**
 * Whether the sharer still counts the account as a member. Only sharings that go both ways, and links of the rework, give a way to
 * ask; elsewhere what the sharer told last is what is known, and an end that could not be told stays unknown.
 */
async function check(parts: InstanceParts, received: Received, share: Share, ask: Ask): Promise<FollowReply> {
  const refreshed = await refresh(parts, received, ask);
  if (refreshed === "closed") return close(parts, received);
  if (refreshed === "refreshed") return followedAs(received);
  if (refreshed !== "no-credentials") return refreshed;
  if (received.sharing.generation === "v1a") return followedAs(received);
  const call = { what: "look at the invitation", method: "GET", url: share.link } as const;
  const reply = await askCozy(parts.http, call, ask);
  if (reply.kind !== "answered") return reply;
  if (reply.status < 400) return followedAs(received);
  const isGone = reply.status === 400 || reply.status === 404 || reply.status === 410;
  return isGone ? close(parts, received) : barred(received);
}

async function close(parts: InstanceParts, received: Received): Promise<NotFollowed> {
  await parts.store.transaction(async (db) => {
    await closeReceived(db, received);
    await forgetSharer(db, received);
  });
  return ended;
}

function barred({ sharer }: Received): NotFollowed {
  const host = URL.parse(sharer.instance_url ?? "")?.host ?? "The sharer's Cozy";
  const detail = `${host} does not let the account in at the moment; the sharer can look at the sharing there.`;
  return never("not-let-in", detail, "FORBIDDEN");
}

/** A sharer that forgot the account refuses its token as OAuth says (RFC 6749 section 5.2). */
async function refresh(
  { http, sealer, store }: InstanceParts,
  { sharer, sharing }: Received,
  ask: Ask,
): Promise<"refreshed" | "closed" | "no-credentials" | NotFollowed | TryLater> {
  const client = clientOf(sealer, sharer);
  const tokens = tokensOf(sealer, sharer);
  const { instance_url: url } = sharer;
  if (client === null || tokens === null || tokens.refresh === "" || url === null) return "no-credentials";
  const at = { http: recording(http, "refresh the token of the sharing", ask), url, signal: ask.signal };
  const obtained = await refreshAt(at, client, tokens);
  if (obtained.kind === "failed") {
    const { failure } = obtained;
    if (failure.reason === "grant-refused") return "closed";
    return outcomeOf(failure, url, ask) ?? barred({ sharer, sharing });
  }
  const token_sealed = sealTokens(sealer, sharer.id, obtained.got);
  await store.transaction(async (db) => updateCozyMember(db, sharer.id, { token_sealed }));
  return "refreshed";
}
