import { randomBytes, randomUUID } from "node:crypto";
import { type Answered, statusOf } from "../ocm/caller.ts";
import { type Resource, treeOf } from "../ocm/tree.ts";
import { discover, postJson } from "./peers.ts";
import { addressOf, hostIn, type OpenCloudState, type SentShare, userNamed } from "./state.ts";

export interface ShareSpec {
  /** Login name of the owner. */
  readonly owner: string;
  /** OCM address, taken as it is. */
  readonly shareWith: string;
  readonly resource: Resource;
  /** `read` alone unless given. */
  readonly permissions?: readonly string[];
  /** Of reva that exchanges tokens. */
  readonly mustExchangeToken?: boolean;
}

export interface SentResult {
  readonly share: SentShare;
  /** Of the post; null where the other server was not reached. */
  readonly status: number | null;
  readonly text: string;
}

/** Posts a share, unsigned (reference/ocm.md 6.3). It can be reached from then on, whatever the other server answers. */
export async function sendShare(cloud: OpenCloudState, spec: ShareSpec): Promise<SentResult> {
  const { mustExchangeToken = false, permissions = ["read"], resource, shareWith } = spec;
  if (mustExchangeToken && !cloud.conduct.exchangesTokens)
    throw new Error("This server exchanges no tokens.");
  const share: SentShare = {
    id: randomUUID(),
    secret: randomBytes(16).toString("hex"),
    owner: userNamed(cloud, spec.owner),
    name: resource.name,
    root: treeOf(resource),
    shareWith,
    mustExchangeToken,
    accessTokens: new Set(),
    isRevoked: false,
  };
  cloud.sent.push(share);
  const peer = await discover(cloud, hostIn(shareWith));
  if (peer === null) return { share, status: null, text: "" };
  const answer = await postJson(cloud, `${peer.endPoint}/shares`, bodyOf(cloud, share, permissions));
  return { share, status: statusOf(answer), text: answer.kind === "answered" ? answer.text : "" };
}

function bodyOf(cloud: OpenCloudState, share: SentShare, permissions: readonly string[]) {
  const address = addressOf(cloud, share.owner);
  const { displayName } = share.owner;
  const resource = { url: { url: urlOf(cloud, share) }, "absolute-uri": { uri: urlOf(cloud, share) } };
  return {
    shareWith: share.shareWith,
    name: share.name,
    resourceType: share.root.kind,
    providerId: share.id,
    owner: address,
    sender: address,
    ownerDisplayName: displayName,
    senderDisplayName: displayName,
    shareType: "user",
    protocol: {
      name: "multi",
      options: {},
      webdav: {
        sharedSecret: share.secret,
        permissions,
        ...{ ...resource, "relative-uri": { uri: share.id } }[cloud.conduct.webdavForm],
        ...(share.mustExchangeToken ? { requirements: ["must-exchange-token"] } : {}),
      },
    },
  };
}

function urlOf({ origin }: OpenCloudState, { id }: SentShare): string {
  return `${origin}/dav/ocm/${id}`;
}

/** Takes a share back. oCIS tells the other server, by grantee and without secret (reference/ocm.md 4.5); the others do not. */
export async function unshare(cloud: OpenCloudState, share: SentShare): Promise<Answered | null> {
  share.isRevoked = true;
  if (cloud.conduct.family !== "ocis") return null;
  const peer = await discover(cloud, hostIn(share.shareWith));
  if (peer === null) return null;
  return postJson(cloud, `${peer.endPoint}/notifications`, {
    notificationType: "SHARE_UNSHARED",
    resourceType: share.root.kind,
    providerId: share.id,
    notification: { grantee: share.shareWith },
  });
}
