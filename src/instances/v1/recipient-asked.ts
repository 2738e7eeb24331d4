import { namesDocuments, parseScope, type PermissionRule } from "../../domain/cozy-permissions.ts";
import type { Follower, NotFollowed } from "../../protocols/protocol.ts";
import type { RequestLink } from "../../protocols/cozy-v1/wire.ts";
import { cozyClientOf } from "../../store/cozy-clients.ts";
import { cozySharingByShareId } from "../../store/cozy-sharings.ts";
import type { Db } from "../../store/store.ts";
import { never } from "../ask-cozy.ts";
import { redirectsOf } from "../oauth/clients.ts";
import type { Generation } from "./received-rows.ts";

/** What a sharer asks of the account, once it proved to be for it. */
export interface Asked {
  readonly kind: "asked";
  readonly generation: Generation;
  readonly link: Omit<RequestLink, "sharingType">;
  /** `https://host[:port]`. */
  readonly sharerUrl: string;
  /** The id that both sides know the sharing by. */
  readonly shareId: string;
  readonly sharingType: string;
  readonly rules: readonly PermissionRule[];
}

export type AskedLink = Omit<Asked, "kind" | "rules">;

/** Whether the account can say yes or no to this; nothing was asked of anybody. */
export async function readAsked(db: Db, asked: AskedLink, who: Follower): Promise<Asked | NotFollowed> {
  const { link, sharerUrl, shareId, generation } = asked;
  if (link.at !== who.instanceUrl) return elsewhere(link.at);
  if (sharerUrl === who.instanceUrl) return ownSharing;
  const known = await cozySharingByShareId(db, who.accountId, generation, shareId);
  if (known?.is_owner === 1) return ownSharing;
  if (known?.is_active !== 1 && !(await hasClient(db, asked, who, known?.id ?? null))) return unknownClient;
  const rules = parseScope(link.scope);
  if (rules === null || !namesDocuments(rules)) return tooWide;
  return { ...asked, kind: "asked", rules };
}

/** The sharer registered for this sharing here, and its answer goes where it said then. */
async function hasClient(
  db: Db,
  { link, sharerUrl }: AskedLink,
  { accountId }: Follower,
  sharingId: string | null,
): Promise<boolean> {
  const client = await cozyClientOf(db, accountId, link.clientId);
  if (client === undefined || !redirectsOf(client).includes(link.redirectUri)) return false;
  const isFree = client.cozy_sharing_id === null || client.cozy_sharing_id === sharingId;
  return isFree && URL.parse(link.redirectUri)?.origin === sharerUrl;
}

function elsewhere(at: string): NotFollowed {
  const host = URL.parse(at)?.host ?? "another Cozy";
  const detail = `The invitation is for the Cozy at ${host}, which is not the account's; open the link there, or ask the sharer to invite the account's address.`;
  return never("other-instance", detail, "FORBIDDEN");
}

const ownSharing = never("own-sharing", "The account itself shares this.", "UNSUPPORTED");

const unknownClient = never(
  "client-unknown",
  "The sharer is not registered here for this link: it has ended, was left, or was replaced by a newer one. Ask the sharer to share again.",
);

const tooWide = never(
  "scope-too-wide",
  "The invitation does not name what it shares, and would open all documents of a kind; ask the sharer to share single ones.",
  "UNSUPPORTED",
);
