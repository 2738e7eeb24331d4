import { type Answered, statusOf } from "../ocm/caller.ts";
import type { JsonObject } from "../ocm/json.ts";
import { publicWebdav } from "../ocm/share-root.ts";
import {
  isOver,
  newSentShare,
  type SentShare,
  type SharedResource,
  type ShareOutcome,
  userNamed,
} from "../ocm/shares.ts";
import { type OcmUser, readAddress } from "../ocm/users.ts";
import type { NextcloudState } from "./state.ts";

/** Shares with an OCM address as a user does it on the page (reference/ocm.md 6.2). */
export async function createShare(
  state: NextcloudState,
  address: string,
  resource: SharedResource,
): Promise<ShareOutcome> {
  const by = userNamed(state, resource.by);
  const to = readAddress(address);
  const isRepeated = state.sent.some(
    (each) => each.to === address && each.name === resource.name && !isOver(each),
  );
  const failed = { kind: "failed", ocsStatus: 403, isRepeated } as const;
  if (to === null || isRepeated) return { ...failed, answers: [] };
  const share = newSentShare(state, by, { address: `${to.user}@${to.host}`, host: to.host }, resource);
  const answer = await offer(state, by, to.user, share);
  if (answer !== null && statusOf(answer) === 201) return { kind: "created", share, answer };
  share.state = "failed";
  const later = state.generation === 32 ? await offerAsBefore(state, by, share) : [];
  return { ...failed, answers: [...(answer === null ? [] : [answer]), ...later] };
}

async function offer(
  state: NextcloudState,
  by: OcmUser,
  user: string,
  share: SentShare,
): Promise<Answered | null> {
  const peer = await state.discover(share.host);
  if (peer === null) return null;
  const address = `${by.uid}@${state.host}`;
  return state.post(peer, "/shares", {
    shareWith: `${user}@https://${share.host}`,
    shareType: "user",
    name: share.name,
    resourceType: "file",
    description: "",
    providerId: share.id,
    owner: address,
    ownerDisplayName: by.uid,
    sharedBy: address,
    sharedByDisplayName: by.uid,
    sender: address,
    senderDisplayName: by.uid,
    protocol: protocolOf(state, share, peer.capabilities.includes("exchange-token")),
  });
}

/** The form of the master line with `webdav` beside `options` is UNCONFIRMED (reference/ocm.md 6.1). */
function protocolOf(
  { generation, settings, origin }: NextcloudState,
  share: SentShare,
  exchanges: boolean,
): JsonObject {
  const options = {
    sharedSecret: share.secret,
    permissions: "{http://open-cloud-mesh.org/ns}share-permissions",
  };
  const plain = { name: "webdav", options };
  if (generation === 32 || !exchanges || settings.tokens === "never") return plain;
  return {
    ...plain,
    webdav: {
      uri: `${origin}${publicWebdav}`,
      sharedSecret: share.secret,
      permissions: share.permissions,
      ...(settings.tokens === "must-exchange" ? { requirements: ["must-exchange-token"] } : {}),
    },
  };
}

/** What Nextcloud 32 tries after anything but 201: the API from before Open Cloud Mesh. */
async function offerAsBefore(
  { call, host, origin }: NextcloudState,
  by: OcmUser,
  share: SentShare,
): Promise<readonly Answered[]> {
  const asked = await call({ method: "GET", url: `https://${share.host}/ocs-provider/` });
  const address = `${by.uid}@${host}`;
  const fields = {
    shareWith: share.to.slice(0, share.to.lastIndexOf("@")),
    token: share.secret,
    name: share.name,
    remoteId: share.id,
    owner: by.uid,
    ownerFederatedId: address,
    sharedBy: by.uid,
    sharedByFederatedId: address,
    remote: `${origin}/`,
    shareType: "6",
  };
  const posted = await call({
    method: "POST",
    url: `https://${share.host}/ocs/v2.php/cloud/shares?format=json`,
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: String(new URLSearchParams(fields)),
  });
  return [asked, posted];
}
