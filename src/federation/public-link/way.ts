import { limits } from "../../domain/limits.ts";
import { oneLine } from "../../domain/one-line.ts";
import type { LinkServer, PublicLinkWay } from "../../protocols/public-link-way.ts";
import { writeOcmAddress } from "../../protocols/ocm/address.ts";
import type {
  Ask,
  Follower,
  FollowReply,
  FollowWay,
  NotFollowed,
  Share,
  TryLater,
} from "../../protocols/protocol.ts";
import { accountById } from "../../store/accounts.ts";
import {
  expectShare,
  followedShare,
  keepFollowedLink,
  moveFollowedShare,
} from "../../store/ocm-followed-shares.ts";
import type { ReceivedShareRow } from "../../store/ocm-received-shares.ts";
import type { FederationParts } from "../parts.ts";
import { browseShare, lookAt, openInShare, type Shown } from "../received/open-share.ts";
import { isTrouble, replyTo, type Trouble, trouble } from "../trouble.ts";
import { behindLink, linkIn, type OpenLink } from "./as-webdav.ts";
import { createFederatedShare } from "./create.ts";
import { tieSharedBefore } from "./shared-before.ts";
import { serverOf } from "./server.ts";

/**
 * How accounts follow public links (reference/ocm.md 5.2): a Nextcloud shares with the account's own address, which is followed
 * like any share that a peer posts; of ownCloud the link itself opens WebDAV.
 */
export function createPublicLink(parts: FederationParts, received: Required<FollowWay>): PublicLinkWay {
  const linkOf = async (share: Share, who: Follower): Promise<ReceivedShareRow | null> => {
    const row = await followedShare(parts.store.db, who.accountId, share.notificationId);
    return row?.form === "link" ? row : null;
  };
  const behind = async <T extends { readonly kind: string }>(
    row: ReceivedShareRow,
    share: Share,
    ask: Ask,
    work: (shown: Shown) => Promise<T | Trouble>,
  ): Promise<T | NotFollowed | TryLater> => {
    if (row.state !== "accepted") return replyTo(trouble("given-up"), "again", row.host);
    const done = await behindLink(parts.http, linkIn(parts.sealer, row), share, ask, work);
    return isTrouble(done) ? replyTo(done, "again", row.host) : done;
  };
  return {
    isFollowing: async (share, who) =>
      (await followedShare(parts.store.db, who.accountId, share.notificationId)) !== undefined,
    serverOf: async (share, ask) => {
      const server = await serverOf(parts.http, share.link, ask);
      return isTrouble(server) ? replyTo(server, "first", hostOf(share)) : server;
    },
    follow: async (share, who, ask) => follow(parts, received, { share, who, ask }),
    check: async (share, who, ask) => {
      const row = await linkOf(share, who);
      if (row === null) return received.check(share, who, ask);
      return behind(row, share, ask, async (shown) => lookAt(shown, null));
    },
    leave: async (share, who, ask) => {
      const row = await linkOf(share, who);
      if (row === null) return received.leave(share, who, ask);
      // The server knows nobody who reads by a link.
      await parts.store.transaction(async (db) =>
        moveFollowedShare(db, row.id, { from: ["accepted"], to: "left" }, Date.now()),
      );
      return { kind: "left" };
    },
    browse: async (share, who, path, ask) => {
      const row = await linkOf(share, who);
      if (row === null) return received.browse(share, who, path, ask);
      return behind(row, share, ask, async (shown) => browseShare(shown, path));
    },
    open: async (share, who, wanted, ask) => {
      const row = await linkOf(share, who);
      if (row === null) return received.open(share, who, wanted, ask);
      return behind(row, share, ask, async (shown) => openInShare(shown, wanted));
    },
  };
}

interface Wanted {
  readonly share: Share;
  readonly who: Follower;
  readonly ask: Ask;
}

/** A share that stands already is followed on, whatever became of the answer that told of it. */
async function follow(parts: FederationParts, received: FollowWay, wanted: Wanted): Promise<FollowReply> {
  const { share, who, ask } = wanted;
  const row = await followedShare(parts.store.db, who.accountId, share.notificationId);
  const stands = row?.state === "pending" || row?.state === "accepted";
  if (stands && row.form !== "link") return received.follow(share, who, ask);
  const server = await serverOf(parts.http, share.link, ask);
  if (isTrouble(server)) return replyTo(server, "first", hostOf(share));
  if (server.kind === "owncloud") return followLink(parts, server, wanted);
  const made = await makeShare(parts, server, wanted);
  if (isTrouble(made)) return replyTo(made, "first", hostOf(share));
  const reply = made.kind === "made" ? await received.follow(share, who, ask) : made;
  return reply.kind === "followed" && share.password !== null ? { ...reply, note: passwordNote } : reply;
}

/** nextcloud/server#27358. */
const passwordNote =
  "The password of the link was needed once: the server shares with the account directly from now on, and a new password of the link does not end that.";

/** The link's server shares with the account, and posts that share here meanwhile: it is expected, and tied to the notification. */
async function makeShare(
  parts: FederationParts,
  server: LinkServer,
  { share, who, ask }: Wanted,
): Promise<{ readonly kind: "made" } | Trouble | FollowReply> {
  const site = parts.siteUrl();
  const account = await accountById(parts.store.db, who.accountId);
  if (site === null || account === undefined) return trouble("site-not-served");
  const host = new URL(server.base).host;
  const of = { accountId: who.accountId, host, notificationId: share.notificationId };
  await parts.store.transaction(async (db) => expectShare(db, of, Date.now() + limits.ocmExpectedMs));
  const address = writeOcmAddress({ identifier: account.name, host: new URL(site).host });
  const created = await createFederatedShare(parts.http, server, { address, password: share.password }, ask);
  if (isTrouble(created)) return created;
  const row = await followedShare(parts.store.db, who.accountId, share.notificationId);
  if (row?.state === "pending" || row?.state === "accepted") return { kind: "made" };
  if (created.kind === "created") return trouble("share-not-posted");
  return tieSharedBefore(parts, { ...of, title: share.title, address });
}

/** The link itself, with its password, is what is followed. */
async function followLink(
  parts: FederationParts,
  { base, token }: LinkServer,
  { share, who, ask }: Wanted,
): Promise<FollowReply> {
  const { host } = new URL(base);
  const link: OpenLink = {
    webdavUri: `${base}/public.php/webdav/`,
    token,
    name: oneLine(share.title ?? "", limits.titleChars) || host,
  };
  const looked = await behindLink(parts.http, link, share, ask, async (shown) => lookAt(shown, null));
  if (isTrouble(looked)) return replyTo(looked, "first", host);
  const kept = {
    id: parts.newId("r"),
    accountId: who.accountId,
    notificationId: share.notificationId,
    host,
    secret: token,
    webdavUri: link.webdavUri,
    name: link.name,
    sharer: share.sharerName,
    address: who.accountId,
  };
  await parts.store.transaction(async (db) => keepFollowedLink(db, parts.sealer, kept, Date.now()));
  return looked;
}

function hostOf({ origin }: Share): string {
  return new URL(origin).host;
}
