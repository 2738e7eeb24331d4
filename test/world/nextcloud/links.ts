import type { Reply } from "../faulty-answers.ts";
import { statusOf } from "../ocm/caller.ts";
import { readObject, textAt } from "../ocm/json.ts";
import { loggedIn } from "../ocm/login.ts";
import { userNamed } from "../ocm/shares.ts";
import type { Resource } from "../ocm/tree.ts";
import { alphanumerics, readAddress } from "../ocm/users.ts";
import { json, type OcmRequest, typeOf } from "../ocm/wire.ts";
import { createShare } from "./send-share.ts";
import type { NextcloudState, PublicLink } from "./state.ts";

export type LinkedResource = Resource & {
  /** uid; the first user where it is left out. */
  readonly by?: string;
  readonly password?: string;
  /** Upload only. */
  readonly isFileDrop?: boolean;
};

const form = "application/x-www-form-urlencoded";

export function addLink(state: NextcloudState, resource: LinkedResource): PublicLink {
  const link: PublicLink = {
    token: alphanumerics(15),
    by: userNamed(state, resource.by).uid,
    name: resource.name,
    password: resource.password ?? null,
    isFileDrop: resource.isFileDrop ?? false,
    resource,
  };
  state.links.push(link);
  return link;
}

/** POST createFederatedShare: anybody turns a public link into a share with an OCM address (reference/ocm.md 5.2). */
export async function createFederatedShare(state: NextcloudState, request: OcmRequest): Promise<Reply> {
  if (typeOf(request) !== form) {
    state.refuse(`createFederatedShare with content type "${typeOf(request)}"`);
    return bad("The requested share does not exist anymore");
  }
  const fields = new URLSearchParams(request.body.toString("utf8"));
  const link = state.links.find(({ token }) => token === fields.get("token"));
  if (link === undefined) return bad("The requested share does not exist anymore");
  if (link.password !== null && link.password !== fields.get("password")) {
    return bad("No permission to access the share");
  }
  if (link.isFileDrop) return bad("Mounting file drop not supported");
  const address = fields.get("shareWith") ?? "";
  return shareLink(state, link, address);
}

function bad(message: string): Reply {
  return json(400, { message });
}

async function shareLink(state: NextcloudState, link: PublicLink, address: string): Promise<Reply> {
  const to = readAddress(address);
  if (to === null) return bad("Invalid Federated Cloud ID");
  const made = await createShare(state, `${to.user}@${to.host}`, { ...link.resource, by: link.by });
  if (made.kind === "created") return json(200, { remoteUrl: `https://${to.host}` });
  if (made.isRepeated) {
    return bad(
      `Sharing ${link.name} failed, because this item is already shared with the account ${address}`,
    );
  }
  return bad(
    `Sharing ${link.name} failed, could not find ${address}, maybe the server is currently unreachable or uses a self-signed certificate.`,
  );
}

/** POST askForFederatedShare at the home server: it asks the link's server to share with its user. */
export async function askForFederatedShare(state: NextcloudState, request: OcmRequest): Promise<Reply> {
  const user = loggedIn(state, request);
  if (user === null) return json(401, { message: "Current user is not logged in" });
  if (request.headers.get("ocs-apirequest") !== "true" || typeOf(request) !== form) {
    state.refuse("askForFederatedShare without OCS-APIRequest: true, or not as a form");
    return json(412, { message: "CSRF check failed" });
  }
  const fields = new URLSearchParams(request.body.toString("utf8"));
  const remote = (fields.get("remote") ?? "").replace(/^https?:\/\//, "").replace(/\/+$/, "");
  const answer = await state.call({
    method: "POST",
    url: `https://${remote}/index.php/apps/federatedfilesharing/createFederatedShare`,
    headers: { "Content-Type": form },
    body: String(
      new URLSearchParams({
        shareWith: `${user.uid}@${state.host}`,
        token: fields.get("token") ?? "",
        password: fields.get("password") ?? "",
      }),
    ),
  });
  if (statusOf(answer) === 200) {
    const message = "Federated Share request sent, you will receive an invitation. Check your notifications.";
    return json(200, { message });
  }
  const told = answer.kind === "answered" ? textAt(readObject(answer.text), "message") : "";
  return bad(told === "" ? "Could not connect to the other server" : told);
}
