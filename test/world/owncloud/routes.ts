import type { Reply } from "../faulty-answers.ts";
import { at, isObject, type JsonObject, readObject, textAt } from "../ocm/json.ts";
import { shareToldOf, notedChange } from "../ocm/notifications.ts";
import { remoteShareRoutes } from "../ocm/remote-shares.ts";
import type { Route } from "../ocm/server.ts";
import { publicWebdav, publicWebdavPath, serveShare } from "../ocm/share-root.ts";
import { isOver, type SentShare } from "../ocm/shares.ts";
import { readAddress } from "../ocm/users.ts";
import { authorizationOf, json, type OcmRequest, page, typeOf } from "../ocm/wire.ts";
import type { OwncloudState } from "./state.ts";

const endPointPath = "/index.php/apps/federatedfilesharing";

export const routes: readonly Route<OwncloudState>[] = [
  { method: "GET", path: /^\/ocm-provider\/$/, place: "discovery", take: serveDiscovery },
  { method: "GET", path: /^\/\.well-known\/ocm$/, place: "discovery", take: () => nothingThere },
  { method: "POST", path: new RegExp(`^${endPointPath}/shares$`), place: "shares", take: takeShare },
  {
    method: "POST",
    path: new RegExp(`^${endPointPath}/notifications$`),
    place: "notifications",
    take: takeNotification,
  },
  {
    method: "POST",
    path: new RegExp(`^${endPointPath}/createFederatedShare$`),
    place: "link",
    take: () => nothingThere,
  },
  { method: "PROPFIND|GET|HEAD|PUT|DELETE", path: publicWebdavPath, place: "webdav", take: serveWebdav },
  { method: "GET", path: /^\/status\.php$/, place: "page", take: serveStatus },
  { method: "GET", path: /^(?:\/index\.php)?\/s\/([A-Za-z0-9]+)$/, place: "link", take: servePage },
  ...remoteShareRoutes("text"),
];

/** What a client may find out by asking: this server has no such route. */
const nothingThere = json(404, { message: "There is nothing here." });

function serveStatus(): Reply {
  return json(200, { installed: true, maintenance: false, productname: "ownCloud" });
}

function servePage({ links }: OwncloudState, _: OcmRequest, token: string): Reply {
  return links.some((link) => link.token === token)
    ? page(200, "<p>This was shared.</p>")
    : page(404, "<p>This link does not exist any more.</p>");
}

/** `shareTypes` where others have `resourceTypes`, no capabilities and no keys (reference/ocm.md 6.3). */
function serveDiscovery({ origin }: OwncloudState): Reply {
  return json(200, {
    enabled: true,
    apiVersion: "1.0-proposal1",
    endPoint: `${origin}${endPointPath}`,
    shareTypes: [{ name: "file", protocols: { webdav: publicWebdav } }],
  });
}

function readBody(state: OwncloudState, request: OcmRequest, what: string): JsonObject | null {
  if (typeOf(request) === "application/json") return readObject(request.body.toString("utf8"));
  state.refuse(`POST ${what} with content type "${typeOf(request)}"`);
  return null;
}

const required = ["shareWith", "name", "providerId", "owner", "sender", "shareType", "resourceType"];

/** `sender` is needed here; signatures are not looked at. */
function takeShare(state: OwncloudState, request: OcmRequest): Reply {
  const body = readBody(state, request, "shares");
  const secret = textAt(body, "protocol", "options", "sharedSecret");
  if (body === null || secret === "" || required.some((name) => textAt(body, name) === "")) {
    return bad("server can not add remote share, missing parameter");
  }
  if (textAt(body, "protocol", "name") !== "webdav" || textAt(body, "resourceType") !== "file") {
    return json(501, { message: "This kind of share is not supported" });
  }
  if (textAt(body, "shareType") !== "user") return json(501, { message: "This share type is not supported" });
  const [owner, to] = [readAddress(textAt(body, "owner")), readAddress(textAt(body, "shareWith"))];
  const user = to?.host === state.host ? state.users.get(to.user) : undefined;
  if (owner === null || user === undefined) return bad("User does not exist");
  state.taken.push({
    id: 1 + state.taken.length,
    providerId: textAt(body, "providerId"),
    secret,
    user: user.uid,
    name: textAt(body, "name"),
    owner: `${owner.user}@${owner.host}`,
    ownerName: textAt(body, "ownerDisplayName") || owner.user,
    host: owner.host,
    mustExchange: false,
    body,
    state: "pending",
  });
  return json(201, []);
}

function bad(message: string): Reply {
  return json(400, { message });
}

const known = ["SHARE_ACCEPTED", "SHARE_DECLINED", "SHARE_UNSHARED"] as const;

/** What is answered to a notification that fits no share is not told; 400 as at Nextcloud. */
function takeNotification(state: OwncloudState, request: OcmRequest): Reply {
  const body = readBody(state, request, "notifications");
  const notification = at(body, "notification");
  const type = known.find((each) => each === textAt(body, "notificationType"));
  if (!isObject(notification) || type === undefined || textAt(body, "resourceType") !== "file") {
    state.refuse("POST notifications with a body that is not emulated");
    return bad("The notification is not understood");
  }
  const share = shareToldOf(state, type, textAt(body, "providerId"), textAt(notification, "sharedSecret"));
  if (share === null) return bad("There is no such share");
  notedChange(state, type, share, notification);
  return json(201, []);
}

/** Basic with the secret of a share and no password, or with the token of a public link and its password (reference/ocm.md 5.2). */
function serveWebdav(state: OwncloudState, request: OcmRequest, below: string): Reply {
  const shown = authorizationOf(request);
  const opened = shown.kind === "basic" ? openedBy(state, shown.user, shown.password) : null;
  return serveShare(request, below, opened, state.refuse);
}

function openedBy(
  { sent, links }: OwncloudState,
  secret: string,
  password: string,
): Pick<SentShare, "root" | "permissions"> | null {
  const link = links.find(({ token }) => token === secret);
  if (link !== undefined) {
    return password === (link.password ?? "") ? { root: link.root, permissions: ["read"] } : null;
  }
  return sent.find((each) => each.secret === secret && password === "" && !isOver(each)) ?? null;
}
