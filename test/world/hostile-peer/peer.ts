/**
 * An emulated peer that means ill. It serves what an honest one does (discovery with both kinds of keys, JWKS, shares,
 * notifications, invites, tokens, WebDAV), takes everything, and is told by the test what to do wrong.
 *
 * | malice (reference/ocm.md 9, 11) | how |
 * | --- | --- |
 * | start | `await stage.start(startHostilePeer, "evil.example", {})` |
 * | discovery without end, slow, broken | `misbehave(endlessDiscovery, "discovery")`, `misbehave({ kind: "drip", everyMs }, place)`, `gzip-bomb`, … |
 * | redirect elsewhere, or into private space | `redirectTo(place, url)`; in tests the forbidden address is a `startTrap` on loopback |
 * | foreign authorities | `tell({ endPoint })`, `tokenEndPoint`, `jwksUri`, `inviteAcceptDialog`, `resourceTypes`: put over its discovery |
 * | any other answer | `answerWith(place, reply)`: keys, tokens, invite-accepted, multistatus; `null` is honest again |
 * | a share or message with anything in it | `post(host, "/shares", { ...shareBody(to), protocol: … }, manner)`; a text is sent as it is (`deepJson`) |
 * | unsigned after signed, old Date, another keyId, blanks, swapped body | the `manner` of `post` |
 * | another key | `changeKey("cavage" \| "rfc9421")`, with the same id |
 * | replay of its own, or of a message it got | `replay()`, `reflect(received, url)` |
 * | a folder without end, hrefs outside, entities, odd names | `misbehave(endlessMultistatus(base), "webdav")`, `answerWith("webdav", multistatusOf(base, hrefsOutside(base)))`, `entityBomb`, `outerEntity`, `oddlyNamed` |
 * | what came | `received(place)`, `sent()` |
 */
import type { Reply } from "../faulty-answers.ts";
import type { Answered } from "../ocm/caller.ts";
import { newCavageKey } from "../ocm/cavage.ts";
import type { JsonObject } from "../ocm/json.ts";
import { newMessageKey } from "../ocm/message-signature.ts";
import {
  type OcmGround,
  type OcmPlace,
  type OcmServer,
  type OcmServerOptions,
  type Received,
  type Route,
  startOcmServer,
} from "../ocm/server.ts";
import { type TreeNode, treeOf } from "../ocm/tree.ts";
import { serveWebdav } from "../ocm/webdav.ts";
import { json, type OcmRequest } from "../ocm/wire.ts";
import { discover } from "../opencloud/peers.ts";
import { type Manner, postSigned, send, type Sender, type SentMessage } from "./messages.ts";

export interface HostilePeer extends OcmServer {
  readonly host: string;
  readonly origin: string;
  /** Puts these fields over its discovery; undefined takes one away. */
  tell(fields: JsonObject): void;
  /** From now on a place is answered so; null answers honestly again. */
  answerWith(place: OcmPlace, reply: Reply | null): void;
  /** 302 from a place to an address, or another status. */
  redirectTo(place: OcmPlace, url: string, status?: number): void;
  /** Another key pair under the same id. */
  changeKey(kind: "cavage" | "rfc9421"): Promise<void>;
  /** The body of an honest share of a folder with `plan.md`, by `mallory`. */
  shareBody(shareWith: string): ShareBody;
  /** Base of `href` in what it lists. */
  readonly davBase: string;
  /** Posts to the endPoint of a host, and this path behind it; null where the host cannot be discovered. */
  post(host: string, path: string, body: object | string, manner?: Manner): Promise<Answered | null>;
  /** Sends its last message again, byte for byte. */
  replay(): Promise<Answered>;
  /** Sends on what it got from somebody: the same fields and body to another address. */
  reflect(received: Received, url: string): Promise<Answered>;
  sent(): readonly SentMessage[];
}

export interface ShareBody {
  readonly shareWith: string;
  readonly name: string;
  readonly providerId: string;
  readonly owner: string;
  readonly sender: string;
  readonly senderDisplayName: string;
  readonly shareType: string;
  readonly resourceType: string;
  readonly protocol: { readonly name: string; readonly options: object; readonly webdav: JsonObject };
}

interface HostileState extends OcmGround, Sender {
  told: JsonObject;
  readonly answers: Map<OcmPlace, Reply>;
  readonly root: TreeNode;
}

const shareId = "trove";
const davBase = `/dav/ocm/${shareId}/`;

const routes: readonly Route<HostileState>[] = [
  {
    method: "GET",
    path: /^\/(?:\.well-known\/ocm|ocm-provider\/?)$/,
    place: "discovery",
    take: showDiscovery,
  },
  { method: "GET", path: /^\/\.well-known\/jwks\.json$/, place: "keys", take: showKeys },
  { method: "POST", path: /^\/ocm\/shares$/, place: "shares", take: () => json(201, {}) },
  { method: "POST", path: /^\/ocm\/notifications$/, place: "notifications", take: () => json(201, {}) },
  { method: "POST", path: /^\/ocm\/invite-accepted$/, place: "invite", take: tellMallory },
  { method: "POST", path: /^\/ocm\/token$/, place: "token", take: giveToken },
  { method: "PROPFIND|GET|HEAD", path: /^\/dav\/ocm\/trove(?:\/(.*))?$/, place: "webdav", take: serveTrove },
];

/** What a test said comes before what is honest. */
function disguised(route: Route<HostileState>): Route<HostileState> {
  return {
    ...route,
    take: async (peer, request, ...parts) =>
      peer.answers.get(route.place) ?? route.take(peer, request, ...parts),
  };
}

export async function startHostilePeer(options: OcmServerOptions): Promise<HostilePeer> {
  const { server, peer } = await startOcmServer(
    { ...options, userAgent: "mallory" },
    routes.map(disguised),
    async (ground): Promise<HostileState> => ({
      ...ground,
      cavageKey: await newCavageKey(`${ground.origin}/ocm#signature`),
      messageKey: await newMessageKey(`${ground.origin}/ocm#ec`),
      sent: [],
      told: {},
      answers: new Map(),
      root: treeOf({ name: "Trove", files: { "plan.md": "# Plan" } }),
    }),
  );
  return { ...server, ...controls(peer), host: peer.host, origin: peer.origin, davBase };
}

function controls(peer: HostileState): Omit<HostilePeer, keyof OcmServer | "host" | "origin" | "davBase"> {
  const answerWith = (place: OcmPlace, reply: Reply | null): void => {
    if (reply === null) peer.answers.delete(place);
    else peer.answers.set(place, reply);
  };
  return {
    tell: (fields) => void (peer.told = { ...peer.told, ...fields }),
    answerWith,
    redirectTo: (place, url, status = 302) =>
      answerWith(place, { status, headers: [["Location", url]], body: "" }),
    changeKey: async (kind) => {
      if (kind === "cavage") peer.cavageKey = await newCavageKey(peer.cavageKey.keyId);
      else peer.messageKey = await newMessageKey(peer.messageKey.kid);
    },
    shareBody: (shareWith) => shareBody(peer, shareWith),
    post: async (host, path, body, manner = {}) => {
      const found = await discover(peer, host);
      const text = typeof body === "string" ? body : JSON.stringify(body);
      return found === null ? null : postSigned(peer, found.endPoint + path, text, manner);
    },
    replay: async () => {
      const last = peer.sent.at(-1);
      if (last === undefined) throw new Error("The hostile peer has sent nothing yet.");
      return send(peer, last.url, last.headers, last.body);
    },
    reflect: async ({ headers, body }, url) => {
      const own = new Set(["host", "connection", "content-length", "transfer-encoding"]);
      const kept = [...headers].filter(([name]) => !own.has(name));
      return send(peer, url, Object.fromEntries(kept), body);
    },
    sent: () => [...peer.sent],
  };
}

function showDiscovery({ origin, cavageKey, told }: HostileState): Reply {
  const { keyId, publicKeyPem } = cavageKey;
  const protocols = { webdav: "/dav/ocm/", "webdav-receive": { uri: "absolute" } };
  return json(200, {
    enabled: true,
    apiVersion: "1.4.0",
    version: "1.4.0",
    endPoint: `${origin}/ocm`,
    provider: "Mallory",
    resourceTypes: ["file", "folder"].map((name) => ({ name, shareTypes: ["user"], protocols })),
    capabilities: [
      "exchange-token",
      "http-sig",
      "invites",
      "invite-wayf",
      "notifications",
      "protocol-object",
    ],
    criteria: [],
    inviteAcceptDialog: `${origin}/invite/accept`,
    tokenEndPoint: `${origin}/ocm/token`,
    jwksUri: `${origin}/.well-known/jwks.json`,
    publicKey: { keyId, id: keyId, publicKeyPem },
    ...told,
  });
}

function showKeys({ messageKey }: HostileState): Reply {
  return json(200, { keys: [messageKey.jwk] });
}

function tellMallory(): Reply {
  return json(200, { userID: "mallory", email: "mallory@mail.example", name: "Mallory" });
}

function giveToken(): Reply {
  return json(200, { access_token: "token-of-mallory", token_type: "Bearer", expires_in: 3600 });
}

function serveTrove({ root, refuse }: HostileState, request: OcmRequest, below = ""): Reply {
  return serveWebdav(request, { root, base: davBase, below, refuse });
}

function shareBody({ host, origin }: HostileState, shareWith: string): ShareBody {
  const mallory = `mallory@${host}`;
  const uri = origin + davBase.slice(0, -1);
  const webdav = { uri, url: uri, sharedSecret: "secret-of-mallory", permissions: ["read"] };
  return {
    shareWith,
    name: "Trove",
    providerId: shareId,
    owner: mallory,
    sender: mallory,
    senderDisplayName: "Mallory",
    shareType: "user",
    resourceType: "folder",
    protocol: { name: "multi", options: {}, webdav },
  };
}
