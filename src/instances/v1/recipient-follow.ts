import type { CozyV1Link } from "../../protocols/cozy-v1/link.ts";
import { parseCozyV1Link } from "../../protocols/cozy-v1/link.ts";
import { readDiscoveryLink } from "../../protocols/cozy-v1/received-links.ts";
import type { Ask, Follower, FollowReply, Share } from "../../protocols/protocol.ts";
import { cozyClientOf, wasCodeUsed } from "../../store/cozy-clients.ts";
import type { Db } from "../../store/store.ts";
import { never } from "../ask-cozy.ts";
import { redirectsOf } from "../oauth/clients.ts";
import type { InstanceParts } from "../parts.ts";
import { keepInvited, receivedBehind, type Received } from "./received-rows.ts";
import { answerByLink, type End } from "./recipient-answer.ts";
import { type Asked, type AskedLink, readAsked } from "./recipient-asked.ts";
import { discover } from "./recipient-discovery.ts";
import { answerByCode } from "./recipient-sharecode.ts";
import { followedAs } from "./recipient-shown.ts";
import { rulesOf, scopeOf } from "./sharer-members.ts";

/** Says yes, as a browser and the page of the account's Cozy would together (reference/cozy.md 5.5, 6). */
export async function follow(
  parts: InstanceParts,
  share: Share,
  who: Follower,
  ask: Ask,
): Promise<FollowReply> {
  const { store } = parts;
  const link = parseCozyV1Link(share.link);
  if (link === null) return unreadable;
  const known = await receivedBehind(store.db, link, who);
  if (known?.sharing.is_active === 1 && known.sharer.instance_url === link.origin) return followedAs(known);
  const asked = (await unheard(store.db, link, known, who)) ?? (await discovered(parts, link, who, ask));
  if (asked.kind !== "asked") return asked;
  const received = await store.transaction(async (db) => keepInvited(db, invitedBy(asked, who), parts));
  const answer = asked.generation === "v1b" ? answerByCode : answerByLink;
  const end = await answer(parts, { asked, received, who, ask });
  return end ?? followedAs((await receivedBehind(store.db, link, who)) ?? received);
}

async function discovered(
  parts: InstanceParts,
  link: CozyV1Link,
  who: Follower,
  ask: Ask,
): Promise<Asked | End> {
  const found = await discover(parts, link, who, ask);
  return found.kind === "link" ? readAsked(parts.store.db, found, who) : found;
}

/**
 * The sharer took an answer to a discovery, and what it said then was lost: it is answered once more as it was. To begin anew
 * would take from it what it was given.
 */
async function unheard(
  db: Db,
  link: CozyV1Link,
  known: Received | null,
  who: Follower,
): Promise<Asked | null> {
  if (link.variant === "request" || known === null || known.sharing.revoked_at !== null) return null;
  const given = (await wasCodeUsed(db, known.sharing.id)) ? await linkGiven(db, link, known, who) : null;
  if (given === null) return null;
  return {
    kind: "asked",
    generation: link.variant === "sharecode" ? "v1b" : "v1a",
    link: given,
    sharerUrl: link.origin,
    shareId: link.shareId,
    sharingType: known.sharing.sharing_type,
    rules: rulesOf(known.sharing),
  };
}

/** What the discovery led to before; null where the sharer's client is gone. */
async function linkGiven(
  db: Db,
  { href, shareId }: CozyV1Link,
  { sharing, sharer }: Received,
  { accountId, instanceUrl: at }: Follower,
): Promise<AskedLink["link"] | null> {
  const client = await cozyClientOf(db, accountId, sharer.inbound_client_id ?? "");
  const [redirectUri] = client === undefined ? [] : redirectsOf(client);
  if (client === undefined || redirectUri === undefined || at === null) return null;
  const state = readDiscoveryLink(href)?.fields["sharecode"] ?? shareId;
  const scope = scopeOf(sharing);
  return { at, appSlug: sharing.app_slug ?? "", clientId: client.id, redirectUri, scope, state };
}

const unreadable = never("link-not-understood", "The link is no invitation; ask the sharer for a new one.");

function invitedBy(
  { generation, shareId, sharerUrl, link, sharingType, rules }: Asked,
  { accountId }: Follower,
) {
  const { clientId, appSlug } = link;
  return { accountId, generation, shareId, sharerUrl, clientId, sharingType, appSlug, rules };
}
