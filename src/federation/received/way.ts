import type { Ask, Follower, FollowReply, FollowWay, LeaveReply, Share } from "../../protocols/protocol.ts";
import { followedShare, moveFollowedShare } from "../../store/ocm-followed-shares.ts";
import type { ReceivedShareRow } from "../../store/ocm-received-shares.ts";
import type { FederationParts } from "../parts.ts";
import { isTrouble, type Look, replyTo, type Trouble, trouble } from "../trouble.ts";
import { accessTo, requirementsOf } from "./access.ts";
import { browseShare, lookAt, openInShare, type Shown } from "./open-share.ts";
import { tellOwner } from "./tell-owner.ts";
import { createTokenFor, type TokenFor } from "./token.ts";

/** How accounts follow shares that peers posted to them (reference/ocm.md 4.5, 4.6, 7). */
export function createReceived(parts: FederationParts): Required<FollowWay> {
  const following: Following = { parts, tokenFor: createTokenFor(parts) };
  return {
    follow: async (share, who, ask) => follow(following, share, who, ask),
    check: async (share, who, ask) =>
      behind(following, share, who, { look: "again", ask }, async (shown, row) =>
        lookAt(shown, row.share_with),
      ),
    leave: async (share, who, ask) => end(following, share, who, { to: "left", ask }),
    refuse: async (share, who, ask) => end(following, share, who, { to: "declined", ask }),
    browse: async (share, who, path, ask) =>
      behind(following, share, who, { look: "again", ask }, async (shown) => browseShare(shown, path)),
    open: async (share, who, wanted, ask) =>
      behind(following, share, who, { look: "again", ask }, async (shown) => openInShare(shown, wanted)),
  };
}

interface Following {
  readonly parts: FederationParts;
  readonly tokenFor: TokenFor;
}

interface Asker {
  readonly look: Look;
  readonly ask: Ask;
}

/** SHARE_ACCEPTED, unless it was told before, and then a look. */
async function follow(following: Following, share: Share, who: Follower, ask: Ask): Promise<FollowReply> {
  const { parts } = following;
  const row = await followedShare(parts.store.db, who.accountId, share.notificationId);
  const hindrance = hindranceOf(row);
  if (row?.state === "pending" && hindrance === null) {
    const told = await tellOwner(parts, row, "SHARE_ACCEPTED", ask);
    if (isTrouble(told)) return replyTo(told, "first", row.host);
    await parts.store.transaction(async (db) =>
      moveFollowedShare(db, row.id, { from: ["pending"], to: "accepted" }, Date.now()),
    );
  }
  return behind(following, share, who, { look: "first", ask }, async (shown, found) =>
    lookAt(shown, found.share_with),
  );
}

/** Does something behind a share. A token that the peer ended before its time is changed for another one, once. */
async function behind<T extends { readonly kind: string }>(
  following: Following,
  share: Share,
  who: Follower,
  { look, ask }: Asker,
  work: (shown: Shown, row: ReceivedShareRow) => Promise<T | Trouble>,
) {
  const { parts, tokenFor } = following;
  const row = await followedShare(parts.store.db, who.accountId, share.notificationId);
  const hindrance = hindranceOf(row);
  if (row === undefined || hindrance !== null) {
    return replyTo(hindrance ?? trouble("not-received"), look, new URL(share.origin).host);
  }
  let stale: string | null = null;
  for (;;) {
    const access = await accessTo(parts, tokenFor, { row, stale }, ask);
    if (isTrouble(access)) return replyTo(access, look, row.host);
    const mayBeBelow = row.form === "multi" && row.resource_type === "file";
    const done = await work({ http: parts.http, access, name: row.name, mayBeBelow, ask }, row);
    if (!isTrouble(done)) return done;
    const mayBeToken = done.because === "not-authenticated" && access.token !== null && stale === null;
    if (!mayBeToken) return replyTo(done, look, row.host);
    stale = access.token;
  }
}

/** Why a share is not asked for; null where nothing is in the way. */
function hindranceOf(row: ReceivedShareRow | undefined): Trouble | null {
  if (row === undefined) return trouble("not-received");
  if (row.state === "unshared" || (row.expires_at ?? Infinity) <= Date.now()) return trouble("share-gone");
  if (row.state === "declined" || row.state === "left") return trouble("given-up");
  const isMet = requirementsOf(row).every((each) => each === "must-exchange-token");
  return isMet ? null : trouble("requirement-not-met");
}

/** SHARE_DECLINED, which recipients' servers send after an acceptance as well (reference/ocm.md 4.5, 7). */
async function end(
  { parts }: Following,
  share: Share,
  who: Follower,
  { to, ask }: { readonly to: "left" | "declined"; readonly ask: Ask },
): Promise<LeaveReply> {
  const row = await followedShare(parts.store.db, who.accountId, share.notificationId);
  if (row === undefined || (row.state !== "pending" && row.state !== "accepted")) return { kind: "left" };
  const told = await tellOwner(parts, row, "SHARE_DECLINED", ask);
  if (isTrouble(told)) return replyTo(told, "again", row.host);
  await parts.store.transaction(async (db) =>
    moveFollowedShare(db, row.id, { from: ["pending", "accepted"], to }, Date.now()),
  );
  parts.tell("share-ended", { share: row.id, host: row.host, by: "account" });
  return { kind: "left" };
}
