import type { Reply } from "../faulty-answers.ts";
import { remoteShareRoutes } from "../ocm/remote-shares.ts";
import type { Route } from "../ocm/server.ts";
import { publicWebdavPath } from "../ocm/share-root.ts";
import { json } from "../ocm/wire.ts";
import { takeAccept } from "./contacts.ts";
import { serveDiscovery, serveKeys, serveWellKnown } from "./discovery.ts";
import { noListener, takeInviteAccepted } from "./invites.ts";
import { askForFederatedShare, createFederatedShare } from "./links.ts";
import { serveNotifications } from "./notices.ts";
import type { NextcloudState } from "./state.ts";
import { takeNotification } from "./take-notification.ts";
import { takeShare } from "./take-share.ts";
import { takeExchange } from "./tokens.ts";
import { serveWebdavRoot } from "./webdav.ts";

const federated = "/index\\.php/apps/federatedfilesharing";

export const routes: readonly Route<NextcloudState>[] = [
  { method: "GET", path: /^(\/index\.php)?\/ocm-provider$/, place: "discovery", take: serveDiscovery },
  { method: "GET", path: /^\/ocm-provider\/$/, place: "discovery", take: serveDiscovery },
  { method: "GET", path: /^\/\.well-known\/ocm$/, place: "discovery", take: serveWellKnown },
  { method: "GET", path: /^\/\.well-known\/jwks\.json$/, place: "keys", take: serveKeys },
  { method: "POST", path: /^\/index\.php\/ocm\/shares$/, place: "shares", take: takeShare },
  {
    method: "POST",
    path: /^\/index\.php\/ocm\/notifications$/,
    place: "notifications",
    take: takeNotification,
  },
  { method: "POST", path: /^\/index\.php\/ocm\/invite-accepted$/, place: "invite", take: takeInviteAccepted },
  { method: "POST", path: /^\/index\.php\/ocm\/([^/]+)$/, place: "page", take: takeOther },
  {
    method: "POST",
    path: /^\/index\.php\/apps\/cloud_federation_api\/api\/v1\/access-token$/,
    place: "token",
    take: takeExchange,
  },
  {
    method: "PROPFIND|GET|HEAD|PUT|DELETE|MKCOL|OPTIONS",
    path: publicWebdavPath,
    place: "webdav",
    take: serveWebdavRoot,
  },
  {
    method: "POST",
    path: new RegExp(`^${federated}/createFederatedShare$`),
    place: "link",
    take: createFederatedShare,
  },
  {
    method: "POST",
    path: new RegExp(`^${federated}/askForFederatedShare$`),
    place: "home",
    take: askForFederatedShare,
  },
  { method: "GET", path: /^\/status\.php$/, place: "page", take: serveStatus },
  {
    method: "PATCH",
    path: /^\/index\.php\/apps\/contacts\/ocm\/invitations\/([^/]+)\/accept$/,
    place: "home",
    take: takeAccept,
  },
  {
    method: "GET",
    path: /^\/ocs\/v2\.php\/apps\/notifications\/api\/v2\/notifications$/,
    place: "home",
    take: serveNotifications,
  },
  ...remoteShareRoutes("number"),
];

function serveStatus(): Reply {
  return json(200, { installed: true, maintenance: false, productname: "Nextcloud" });
}

/** On the master line an event that no app takes. */
function takeOther(state: NextcloudState, _: unknown, name: string): Reply {
  if (state.generation === 34) return noListener;
  state.refuse(`POST /ocm/${name}: Nextcloud 32 does not serve this`);
  return json(404, { message: "There is nothing here." });
}
