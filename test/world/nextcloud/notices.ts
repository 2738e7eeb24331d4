import type { Reply } from "../faulty-answers.ts";
import { inOcs, ocs } from "../ocm/ocs.ts";
import { remoteSharesPath } from "../ocm/remote-shares.ts";
import type { OcmRequest } from "../ocm/wire.ts";
import type { NextcloudState } from "./state.ts";

/** GET of the notifications API: each pending share with its ready answers (reference/ocm.md 5.3). */
export function serveNotifications(state: NextcloudState, request: OcmRequest): Reply {
  return inOcs(state, request, (user) => {
    const pending = state.taken.filter((each) => each.user === user.uid && each.state === "pending");
    return ocs(
      200,
      pending.map((share) => {
        const link = `${state.origin}${remoteSharesPath}/pending/${share.id}`;
        return {
          notification_id: share.id,
          app: "files_sharing",
          user: user.uid,
          object_type: "remote_share",
          object_id: `${share.id}`,
          subject: `You received ${share.name} as a remote share from @${share.owner}`,
          actions: [
            { label: "Accept", link, type: "POST", primary: true },
            { label: "Decline", link, type: "DELETE", primary: false },
          ],
        };
      }),
    );
  });
}
