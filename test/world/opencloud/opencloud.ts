/**
 * An emulated OpenCloud of February 2025, and its kin: oCIS (owncloud/reva of 2026) and reva as CERNBox runs it, where
 * reference/ocm.md tells the difference (4.2, 4.5, 4.6, 5.1, 5.3, 6.3). It invites, accepts, shares, receives, and is the
 * home of its users.
 *
 * How a test drives each step (`stage` of ../ocm/stage.ts):
 *
 * | step | how |
 * | --- | --- |
 * | start | `await stage.start(startOpenCloud, "cloud.example", { family: "ocis" })` |
 * | the providers file | `cloud.trust(host)`: the other side, with its port; both sides need it |
 * | a user | `cloud.addUser({ login, displayName, mail })` gives `userId`, `appPassword`; `cloud.addressOf(login)` |
 * | invite | `cloud.createInvite(login, "bob@…")` gives `{ token, providerDomain, link }`; the mail is the last of `cloud.letters()` |
 * | an invite of ours grows old | `cloud.expireInvite(token)` |
 * | accept an invite | `cloud.acceptInvite(login, { token, providerDomain })`; as its user: `POST /sciencemesh/accept-invite` |
 * | share | `cloud.share({ owner, shareWith, resource })` gives `{ share, status, text }` |
 * | unshare | `cloud.unshare(share)`; only oCIS tells the other side |
 * | shares that came | `cloud.shares()`; `cloud.use(id)` makes the PROPFIND that this family makes; `cloud.forget(id)` |
 * | what came | `received(place)` (whole), `notifications()`, `contacts()`; `refusals()` is what no reference answers |
 * | faults | `misbehave(fault, place)`, `goDown()`, `comeUp()`; places are those of `OcmPlace` |
 *
 * What the reference leaves open is answered in one way: OpenCloud and oCIS advertise the capability `/invite-accepted`
 * and the types file and folder; a user is addressed by the id that was told; an unknown one, a missing field and what
 * reva rejects are 400; reva refuses strangers with 403; oCIS answers 400 to other notifications and 404 to one of no
 * share; a share that is taken back answers 401; a second share of one providerId and host replaces the first. Items of
 * `sharedWithMe` have id, name, file or folder, and remoteItem with the same. WebDAV reads only.
 */
import { openCloudView, type OpenCloudView } from "./view.ts";
import { type OcmServer, type Route, startOcmServer } from "../ocm/server.ts";
import { page } from "../ocm/wire.ts";
import { exchange, serveShare } from "./content.ts";
import { showDiscovery, showStatus } from "./discovery.ts";
import * as home from "./home.ts";
import { takeAcceptance } from "./invites.ts";
import { takeNotification } from "./notifications.ts";
import { explained } from "./problems.ts";
import { newState, type OpenCloudOptions, type OpenCloudState } from "./state.ts";
import { takeShare } from "./take-share.ts";

export interface OpenCloud extends OcmServer, OpenCloudView {
  /** With the port unless that is 443: the host of its OCM addresses. */
  readonly host: string;
  readonly origin: string;
}

const dav = "PROPFIND|GET|HEAD|PUT|DELETE|MKCOL|MOVE|OPTIONS";
const anything = `${dav}|POST|PATCH`;

const routes: readonly Route<OpenCloudState>[] = [
  { method: "GET", path: /^\/\.well-known\/ocm$/, place: "discovery", take: showDiscovery },
  { method: "GET", path: /^\/(?:index\.php\/)?ocm-provider\/?$/, place: "discovery", take: notThere },
  { method: "GET", path: /^\/status\.php$/, place: "discovery", take: showStatus },
  { method: "POST", path: /^\/ocm\/shares$/, place: "shares", take: takeShare },
  { method: "POST", path: /^\/ocm\/notifications$/, place: "notifications", take: takeNotification },
  { method: "POST", path: /^\/ocm\/invite-accepted$/, place: "invite", take: takeAcceptance },
  { method: "POST", path: /^\/ocm\/token$/, place: "token", take: exchange },
  { method: dav, path: /^\/dav\/ocm\/([^/]+)(\/.*)?$/, place: "webdav", take: serveShare },
  { method: "POST", path: /^\/sciencemesh\/accept-invite$/, place: "home", take: home.takeAcceptInvite },
  {
    method: "GET",
    path: /^\/graph\/v1beta1\/me\/drive\/sharedWithMe$/,
    place: "home",
    take: home.sharedWithMe,
  },
  {
    method: "POST",
    path: /^\/graph\/v1beta1\/drives\/([^/]+)\/root\/children$/,
    place: "home",
    take: home.takeItem,
  },
  {
    method: "DELETE",
    path: /^\/graph\/v1beta1\/drives\/[^/]+\/items\/[^/]+$/,
    place: "home",
    take: home.refuseItem,
  },
  {
    method: anything,
    path: /^\/ocs\/v[12]\.php\/apps\/files_sharing\/api\/v1\/remote_shares(?:\/.*)?$/,
    place: "home",
    take: home.noRemoteShares,
  },
  { method: dav, path: /^\/dav\/spaces\/([^/]+)(\/.*)?$/, place: "home", take: home.serveSpace },
];

/** Only `/.well-known/ocm` is served, and Nextcloud 32 does not find this server. */
function notThere() {
  return page(404, "<p>Not found</p>");
}

export async function startOpenCloud(options: OpenCloudOptions): Promise<OpenCloud> {
  const { server, peer } = await startOcmServer(
    { ...options, userAgent: "Go-http-client/1.1" },
    routes.map(explained),
    (ground) => newState(ground, options),
  );
  return { ...server, ...openCloudView(peer), host: peer.host, origin: peer.origin };
}
