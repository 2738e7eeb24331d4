import { statusOf } from "../ocm/caller.ts";
import { isOver, newSentShare, type SharedResource, type ShareOutcome, userNamed } from "../ocm/shares.ts";
import { readAddress } from "../ocm/users.ts";
import type { OwncloudState } from "./state.ts";

/** Shares with an OCM address as a user does it on the page: the legacy form, unsigned (reference/ocm.md 6.3). */
export async function createShare(
  state: OwncloudState,
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
  const peer = await state.discover(to.host);
  const sender = `${by.uid}@${state.host}`;
  const answer =
    peer === null
      ? null
      : await state.post(peer, "/shares", {
          shareWith: share.to,
          shareType: "user",
          name: share.name,
          resourceType: "file",
          providerId: share.id,
          owner: sender,
          ownerDisplayName: by.displayName,
          sender,
          senderDisplayName: by.displayName,
          protocol: { name: "webdav", options: { sharedSecret: share.secret } },
        });
  if (answer !== null && statusOf(answer) === 201) return { kind: "created", share, answer };
  share.state = "failed";
  return { ...failed, answers: answer === null ? [] : [answer] };
}
