import type { Reply } from "../faulty-answers.ts";
import { accept, decline, NotTold } from "./following.ts";
import { inOcs, ocs } from "./ocs.ts";
import type { Route } from "./server.ts";
import type { Federation, TakenShare } from "./shares.ts";
import type { OcmUser } from "./users.ts";

export const remoteSharesPath = "/ocs/v2.php/apps/files_sharing/api/v1/remote_shares";

/** `id` is a number at Nextcloud 32 and a text at ownCloud 10. */
type IdForm = "number" | "text";
type Taking = (federation: Federation, share: TakenShare) => Reply | Promise<Reply>;

/** What a user answers shares with at the own server (reference/ocm.md 5.3). */
export function remoteShareRoutes(idAs: IdForm): readonly Route<Federation>[] {
  const show: Taking = (_, share) => ocs(200, entryOf(share, idAs));
  return [
    route("GET", "/pending", listing("pending", idAs)),
    route("POST", "/pending/(\\d+)", one("pending", answering(accept))),
    route("DELETE", "/pending/(\\d+)", one("pending", answering(decline))),
    route("GET", "", listing("accepted", idAs)),
    route("GET", "/(\\d+)", one("accepted", show)),
    route("DELETE", "/(\\d+)", one("accepted", answering(decline))),
  ];
}

function route(method: string, rest: string, take: Route<Federation>["take"]): Route<Federation> {
  return { method, path: new RegExp(`^${remoteSharesPath}${rest}$`), place: "home", take };
}

function listing(state: TakenShare["state"], idAs: IdForm): Route<Federation>["take"] {
  return (federation, request) =>
    inOcs(federation, request, (user) =>
      ocs(
        200,
        ofUser(federation, user, state).map((share) => entryOf(share, idAs)),
      ),
    );
}

function one(state: TakenShare["state"], take: Taking): Route<Federation>["take"] {
  return async (federation, request, id) =>
    inOcs(federation, request, async (user) => {
      const share = ofUser(federation, user, state).find((each) => `${each.id}` === id);
      return share === undefined ? noSuchShare : take(federation, share);
    });
}

const noSuchShare = ocs(404, [], "wrong share ID, share does not exist.");

/** What the user is told where the other server does not answer as it should is not in the reference. */
function answering(act: typeof accept): Taking {
  return async (federation, share) => {
    try {
      await act(federation, share);
      return ocs(200, []);
    } catch (cause) {
      if (cause instanceof NotTold) return noSuchShare;
      throw cause;
    }
  };
}

function ofUser({ taken }: Federation, { uid }: OcmUser, state: TakenShare["state"]): readonly TakenShare[] {
  return taken.filter((each) => each.user === uid && each.state === state);
}

/** `owner` is a display name; the token is the secret of the share. */
function entryOf(share: TakenShare, idAs: IdForm): object {
  const isPending = share.state === "pending";
  return {
    id: idAs === "number" ? share.id : `${share.id}`,
    remote: `https://${share.host}/`,
    remote_id: share.providerId,
    share_token: share.secret,
    name: `/${share.name}`,
    owner: share.ownerName,
    user: share.user,
    mountpoint: isPending ? `{{TemporaryMountPointName#/${share.name}}}` : `/${share.name}`,
    accepted: isPending ? 0 : 1,
  };
}
