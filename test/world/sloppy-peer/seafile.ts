/**
 * An emulated Seafile, which speaks Open Cloud Mesh over WebDAV, or, with `native`, the older "Seafile API"
 * (reference/ocm.md 4.3, 6.3).
 *
 * | step | how |
 * | --- | --- |
 * | start | `await stage.start(startSeafile, "seafile.example", {})` |
 * | a user | `seafile.addUser("dora@mail.example")`: users are named by their mail addresses |
 * | share | `seafile.share({ owner, shareWith, resource })` gives `{ share, status }`; `seafile.unshare(share)` |
 * | decline what came | `seafile.decline(providerId)` |
 * | what came | `received(place)`, `shares()`, `notifications()`; `refusals()` is what no reference answers |
 * | faults | `misbehave(fault, place)`, `goDown()`, `comeUp()` |
 *
 * What the reference leaves open is answered in one way: endPoint is `/ocm/`, with its slash; an address whose host has no
 * scheme names the same user; a share without `sharedBy` or for nobody is 400, like a notification of another type; the
 * permissions of a sent share are `r`; every resource is a library, called a file unless the form is native.
 */
import type { Reply } from "../faulty-answers.ts";
import { statusOf } from "../ocm/caller.ts";
import { at, isObject, type JsonObject, readObject, textAt } from "../ocm/json.ts";
import {
  type OcmGround,
  type OcmServer,
  type OcmServerOptions,
  type Route,
  startOcmServer,
} from "../ocm/server.ts";
import { type Resource, treeOf, type TreeNode } from "../ocm/tree.ts";
import { alphanumerics, readAddress } from "../ocm/users.ts";
import { davUnauthorized, serveWebdav } from "../ocm/webdav.ts";
import { authorizationOf, json, type OcmRequest } from "../ocm/wire.ts";
import { discover } from "../opencloud/peers.ts";

export interface SeafileOptions extends OcmServerOptions {
  /** The older provider: `resourceTypes` an object, resourceType `library`, protocol "Seafile API". */
  readonly native?: boolean;
}

interface SentShare {
  readonly id: string;
  readonly secret: string;
  readonly shareWith: string;
  readonly name: string;
  readonly root: TreeNode;
  isOver: boolean;
}

interface Share {
  readonly providerId: string;
  readonly user: string;
  readonly secret: string;
  readonly sharedBy: string;
}

export interface Seafile extends OcmServer {
  readonly host: string;
  readonly origin: string;
  addUser(name: string): void;
  share(spec: {
    readonly owner: string;
    /** OCM address. */
    readonly shareWith: string;
    readonly resource: Resource;
  }): Promise<{ readonly share: SentShare; readonly status: number | null }>;
  /** The status of the answer to the notification; null where there is none. */
  unshare(share: SentShare): Promise<number | null>;
  decline(providerId: string): Promise<number | null>;
  shares(): readonly Share[];
  notifications(): readonly JsonObject[];
}

interface SeafileState extends OcmGround {
  readonly native: boolean;
  readonly users: Set<string>;
  readonly sent: SentShare[];
  shares: Share[];
  readonly notifications: JsonObject[];
}

const routes: readonly Route<SeafileState>[] = [
  { method: "GET", path: /^\/ocm-provider\/$/, place: "discovery", take: showDiscovery },
  { method: "GET", path: /^\/\.well-known\/ocm$/, place: "discovery", take: () => json(404, {}) },
  { method: "POST", path: /^\/ocm\/shares$/, place: "shares", take: takeShare },
  { method: "POST", path: /^\/ocm\/notifications$/, place: "notifications", take: takeNotification },
  { method: "PROPFIND|GET|HEAD", path: /^\/seafdav(\/.*)?$/, place: "webdav", take: serveLibrary },
];

export async function startSeafile(options: SeafileOptions): Promise<Seafile> {
  const { server, peer } = await startOcmServer(
    { ...options, userAgent: "python-requests/2" },
    routes,
    (ground): SeafileState => ({
      ...ground,
      native: options.native ?? false,
      users: new Set(),
      sent: [],
      shares: [],
      notifications: [],
    }),
  );
  return {
    ...server,
    host: peer.host,
    origin: peer.origin,
    addUser: (name) => void peer.users.add(name),
    share: async (spec) => sendShare(peer, spec),
    unshare: async (share) => {
      share.isOver = true;
      return notify(peer, share.shareWith, "SHARE_UNSHARED", share.id, share.secret);
    },
    decline: async (providerId) => {
      const share = peer.shares.find((each) => each.providerId === providerId);
      if (share === undefined) throw new Error(`The emulated Seafile has no share ${providerId}.`);
      peer.shares = peer.shares.filter((each) => each !== share);
      return notify(peer, share.sharedBy, "SHARE_DECLINED", providerId, share.secret);
    },
    shares: () => [...peer.shares],
    notifications: () => [...peer.notifications],
  };
}

function showDiscovery({ native, origin }: SeafileState): Reply {
  const shareTypes = ["user"];
  const library = { name: "library", shareTypes, protocols: { "Seafile API": "/api2/" } };
  const file = { name: "file", shareTypes, protocols: { webdav: "seafdav" } };
  return json(200, {
    enabled: true,
    apiVersion: "1.0-proposal1",
    endPoint: `${origin}/ocm/`,
    resourceTypes: native ? library : [file],
  });
}

/** 201; reads `options.sharedSecret` and `sharedBy`, and cuts `shareWith` at `http`. */
function takeShare(seafile: SeafileState, request: OcmRequest): Reply {
  const body = readObject(request.body.toString("utf8"));
  const user = userIn(seafile, textAt(body, "shareWith"));
  const share: Share = {
    providerId: textAt(body, "providerId"),
    user,
    secret: textAt(body, "protocol", "options", "sharedSecret"),
    sharedBy: textAt(body, "sharedBy"),
  };
  const missing = Object.entries(share).find(([, value]) => value === "");
  if (missing !== undefined) return json(400, { error_msg: `${missing[0]} invalid.` });
  seafile.shares.push(share);
  return json(201, { recipientDisplayName: user });
}

/** "" where it names nobody. What follows `http` is cut off, wherever it stands. */
function userIn({ users, host }: SeafileState, shareWith: string): string {
  const [cut = ""] = shareWith.split("http");
  const name = cut.replace(/@$/, "");
  return (
    [name, name.endsWith(`@${host}`) ? name.slice(0, -host.length - 1) : name].find((each) =>
      users.has(each),
    ) ?? ""
  );
}

function takeNotification(seafile: SeafileState, request: OcmRequest): Reply {
  const body = readObject(request.body.toString("utf8"));
  const type = textAt(body, "notificationType");
  const [id, secret] = [textAt(body, "providerId"), textAt(body, "notification", "sharedSecret")];
  if (!isObject(at(body, "notification")) || body === null)
    return json(400, { error_msg: "notification invalid." });
  seafile.notifications.push(body);
  const sent = seafile.sent.find((each) => each.id === id && each.secret === secret);
  const taken = seafile.shares.find((each) => each.providerId === id && each.secret === secret);
  if (type === "SHARE_DECLINED" && sent !== undefined) sent.isOver = true;
  else if (type === "SHARE_UNSHARED" && taken !== undefined) {
    seafile.shares = seafile.shares.filter((each) => each !== taken);
  } else return json(400, { error_msg: "notificationType or share invalid." });
  return json(201, {});
}

/** Basic with the shared secret as the user's name. */
function serveLibrary(seafile: SeafileState, request: OcmRequest, below = ""): Reply {
  const given = authorizationOf(request);
  const share = seafile.sent.find(
    ({ secret, isOver }) =>
      given.kind === "basic" && given.user === secret && given.password === "" && !isOver,
  );
  if (share === undefined) return davUnauthorized();
  return serveWebdav(request, { root: share.root, base: "/seafdav/", below, refuse: seafile.refuse });
}

async function sendShare(seafile: SeafileState, spec: Parameters<Seafile["share"]>[0]) {
  const { owner, shareWith, resource } = spec;
  const share: SentShare = {
    id: `${seafile.sent.length + 1}`,
    secret: alphanumerics(15),
    shareWith,
    name: resource.name,
    root: treeOf(resource),
    isOver: false,
  };
  seafile.sent.push(share);
  const address = `${owner}@${seafile.host}`;
  const status = await post(seafile, shareWith, "shares", {
    shareWith,
    shareType: "user",
    name: share.name,
    resourceType: seafile.native ? "library" : "file",
    description: "",
    providerId: share.id,
    owner: address,
    ownerDisplayName: owner,
    sender: address,
    senderDisplayName: owner,
    sharedBy: address,
    protocol: {
      name: seafile.native ? "Seafile API" : "webdav",
      options: { sharedSecret: share.secret, permissions: "r" },
    },
  });
  return { share, status };
}

async function notify(
  seafile: SeafileState,
  address: string,
  notificationType: string,
  providerId: string,
  sharedSecret: string,
): Promise<number | null> {
  const notification = { sharedSecret, message: "" };
  const body = { notificationType, resourceType: "file", providerId, notification };
  return post(seafile, address, "notifications", body);
}

/** To `/` and the path behind an endPoint, whatever that ends with: where it ends with a slash, there are two. */
async function post(
  seafile: SeafileState,
  address: string,
  path: string,
  body: JsonObject,
): Promise<number | null> {
  const host = readAddress(address)?.host ?? "";
  const peer = await discover(seafile, host, "/ocm-provider/");
  if (peer === null) return null;
  const answer = await seafile.call({
    method: "POST",
    url: `${textAt(peer.whole, "endPoint")}/${path}`,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return statusOf(answer);
}
