/**
 * An emulated ocm-stub: the peer that is careless in every call, and that Usher is to bear with (reference/ocm.md 4.5,
 * 4.7, 4.8, 6.3).
 *
 * | step | how |
 * | --- | --- |
 * | start | `await stage.start(startOcmStub, "stub.example", {})` |
 * | its triggers | `stub.shareWith("user@host")`, `publicLink("user@host")`, `forwardInvite("token@host")`, `acceptShare()`, `deleteAcceptedShare()` |
 * | what came | `received(place)`, `shares()`, `fetched()` (what it got by `code` of a share); `refusals()` is what no reference answers |
 * | faults | `misbehave(fault, place)`, `goDown()`, `comeUp()` |
 *
 * What the reference leaves open is answered in one way: the signature is one field `Signature` with key id, algorithm and
 * value; the resource is `file.txt`, whose address stands in `protocol.webdav.URI`, and which PROPFIND finds too; a share
 * has the code, or on demand a shared secret; `publicLink` posts the same share; `deleteAcceptedShare` declines; a token
 * is refused with 400.
 */
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { Reply } from "../faulty-answers.ts";
import { type Answered, statusOf } from "../ocm/caller.ts";
import { type JsonObject, readObject, textAt } from "../ocm/json.ts";
import {
  type OcmGround,
  type OcmServer,
  type OcmServerOptions,
  type Route,
  startOcmServer,
} from "../ocm/server.ts";
import { treeOf } from "../ocm/tree.ts";
import { serveWebdav } from "../ocm/webdav.ts";
import { authorizationOf, json, type OcmRequest, page, typeOf } from "../ocm/wire.ts";
import { discover } from "../opencloud/peers.ts";
import { hostIn } from "../opencloud/state.ts";

export interface OcmStubOptions extends OcmServerOptions {
  /** The client ids for which tokens are given: they are hard-coded there. */
  readonly clientIds?: readonly string[];
}

export interface OcmStub extends OcmServer {
  readonly host: string;
  readonly origin: string;
  /** `/shareWith?user@host`: the status of the answer, null where there is none. It is opened by its code, or a secret. */
  shareWith(address: string, opener?: "code" | "secret"): Promise<number | null>;
  /** `/publicLink?saveTo=user@host`. */
  publicLink(saveTo: string): Promise<number | null>;
  /** `/forwardInvite?token@host`: posts to the old path `/invites/accept`. */
  forwardInvite(invite: string): Promise<number | null>;
  /** About the last share that came. */
  acceptShare(): Promise<number | null>;
  deleteAcceptedShare(): Promise<number | null>;
  /** Bodies as they came. */
  shares(): readonly JsonObject[];
  /** What stood at `protocol.webdav.URI` of shares with a `code`. */
  fetched(): readonly Fetched[];
}

interface Fetched {
  readonly status: number | null;
  readonly text: string;
}

interface StubState extends OcmGround {
  readonly clientIds: readonly string[];
  readonly privateKey: KeyObject;
  /** PKCS1, as a bare text in the discovery. */
  readonly publicKey: string;
  readonly shares: JsonObject[];
  readonly fetched: Fetched[];
}

const token = "asdfgh";
const code = "123456";
const content = treeOf({ name: "webdav-api", files: { "file.txt": "Content of the stub.\n" } });

const routes: readonly Route<StubState>[] = [
  {
    method: "GET",
    path: /^\/(?:ocm-provider\/|\.well-known\/ocm)$/,
    place: "discovery",
    take: showDiscovery,
  },
  { method: "POST", path: /^\/ocm\/shares$/, place: "shares", take: takeShare },
  { method: "POST", path: /^\/ocm\/notifications$/, place: "notifications", take: notServed },
  { method: "POST", path: /^\/ocm\/token$/, place: "token", take: giveToken },
  { method: "PROPFIND|GET|HEAD", path: /^\/webdav-api\/(.*)$/, place: "webdav", take: serveFile },
  { method: "GET", path: /^\/(?:meshdir)?$/, place: "page", take: () => page(200, "<p>ocm-stub</p>") },
];

export async function startOcmStub(options: OcmStubOptions): Promise<OcmStub> {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const { server, peer } = await startOcmServer(
    { ...options, userAgent: "node" },
    routes,
    (ground): StubState => ({
      ...ground,
      clientIds: options.clientIds ?? [],
      privateKey,
      publicKey: publicKey.export({ type: "pkcs1", format: "pem" }).toString(),
      shares: [],
      fetched: [],
    }),
  );
  const { host, origin } = peer;
  return {
    ...server,
    host,
    origin,
    shareWith: async (address, opener = "code") => postShare(peer, address, opener),
    publicLink: async (address) => postShare(peer, address, "code"),
    forwardInvite: async (invite) => forwardInvite(peer, invite),
    acceptShare: async () => notify(peer, "SHARE_ACCEPTED"),
    deleteAcceptedShare: async () => notify(peer, "SHARE_DECLINED"),
    shares: () => [...peer.shares],
    fetched: () => [...peer.fetched],
  };
}

function showDiscovery({ origin, publicKey }: StubState): Reply {
  const protocols = { webdav: "/webdav-api/" };
  return json(200, {
    enabled: true,
    apiVersion: "1.0-proposal1",
    endPoint: `${origin}/ocm`,
    resourceTypes: [{ name: "file", shareTypes: ["user"], protocols }],
    publicKey,
  });
}

/** 201 whatever it says; a `code` is exchanged, and what `protocol.webdav.URI` names is got with the token. */
async function takeShare(stub: StubState, request: OcmRequest): Promise<Reply> {
  const body = readObject(request.body.toString("utf8")) ?? {};
  stub.shares.push(body);
  if (textAt(body, "code") !== "") stub.fetched.push(await fetchByCode(stub, body));
  return json(201, {});
}

async function fetchByCode(stub: StubState, body: JsonObject): Promise<Fetched> {
  const nothing = { status: null, text: "" };
  const peer = await discover(stub, hostIn(textAt(body, "sender")), "/ocm-provider/");
  if (peer === null) return nothing;
  const fields = { client_id: stub.host, code: textAt(body, "code") };
  const given = await post(stub, `${peer.endPoint}/token`, {
    grant_type: "ocm_authorization_code",
    ...fields,
  });
  const access = given.kind === "answered" ? textAt(readObject(given.text), "access_token") : "";
  const url = textAt(body, "protocol", "webdav", "URI");
  if (access === "" || !URL.canParse(url)) return nothing;
  const answer = await stub.call({ method: "GET", url, headers: { Authorization: `Bearer ${access}` } });
  return answer.kind === "answered" ? { status: answer.status, text: answer.text } : nothing;
}

/** There is no such route, which the stub says with 200. */
function notServed(): Reply {
  return {
    status: 200,
    headers: [["Content-Type", "text/plain"]],
    body: "OK, nothing is done about it",
  };
}

function giveToken({ clientIds }: StubState, request: OcmRequest): Reply {
  const body = typeOf(request) === "application/json" ? readObject(request.body.toString("utf8")) : null;
  if (body === null) return json(400, { error: "invalid_request" });
  if (textAt(body, "grant_type") !== "ocm_authorization_code") {
    return json(400, { error: "unsupported_grant_type" });
  }
  if (!clientIds.includes(textAt(body, "client_id"))) return json(400, { error: "invalid_client" });
  if (textAt(body, "code") !== code) return json(400, { error: "invalid_grant" });
  return json(200, { access_token: token, token_type: "Bearer", expires_in: 3600 });
}

/** PROPFIND for everybody, GET by Bearer. */
function serveFile({ refuse }: StubState, request: OcmRequest, below: string): Reply {
  const given = authorizationOf(request);
  const isOpen = request.method === "PROPFIND" || (given.kind === "bearer" && given.token === token);
  if (!isOpen) return page(401, "<p>Who are you?</p>");
  return serveWebdav(request, { root: content, base: "/webdav-api/", below, refuse });
}

async function postShare(
  stub: StubState,
  shareWith: string,
  opener: "code" | "secret",
): Promise<number | null> {
  const owner = `alice@${stub.host}`;
  const secret = opener === "secret" ? { sharedSecret: token } : {};
  return postTo(stub, shareWith, "shares", {
    shareWith,
    name: "file.txt",
    providerId: "42",
    owner,
    sender: owner,
    ownerDisplayName: "Alice",
    senderDisplayName: "Alice",
    shareType: "user",
    resourceType: "file",
    ...(opener === "code" ? { code } : {}),
    protocol: { name: "multi", webdav: { URI: `${stub.origin}/webdav-api/file.txt`, ...secret } },
  });
}

async function forwardInvite(stub: StubState, invite: string): Promise<number | null> {
  return postTo(stub, invite, "invites/accept", {
    recipientProvider: stub.host,
    token: invite.slice(0, invite.lastIndexOf("@")),
    userID: "alice",
    email: `alice@${stub.hostname}`,
    name: "Alice",
  });
}

/** The field is called `type`, and nothing says that the body is JSON. */
async function notify(stub: StubState, type: string): Promise<number | null> {
  const share = stub.shares.at(-1);
  if (share === undefined) throw new Error("No share came to the stub.");
  const sharedSecret =
    textAt(share, "protocol", "options", "sharedSecret") ||
    textAt(share, "protocol", "webdav", "sharedSecret");
  const body = {
    type,
    resourceType: "file",
    providerId: textAt(share, "providerId"),
    notification: { sharedSecret },
  };
  return postTo(stub, textAt(share, "sender"), "notifications", body, {});
}

async function postTo(
  stub: StubState,
  address: string,
  path: string,
  body: JsonObject,
  headers?: Readonly<Record<string, string>>,
): Promise<number | null> {
  const peer = await discover(stub, hostIn(address), "/ocm-provider/");
  return peer === null ? null : statusOf(await post(stub, `${peer.endPoint}/${path}`, body, headers));
}

/** Signed in a form of its own: one list, of values alone (reference/ocm.md 4.8). */
async function post(
  { call, privateKey, origin }: StubState,
  url: string,
  value: JsonObject,
  headers: Readonly<Record<string, string>> = { "Content-Type": "application/json" },
): Promise<Answered> {
  const body = JSON.stringify(value);
  const date = new Date().toUTCString();
  const { pathname, host } = new URL(url);
  const signed = [`post ${pathname}`, host, date, body].join(",");
  const signature = sign("sha256", Buffer.from(signed), privateKey).toString("base64");
  const list = [`${origin}/ocm#key`, "rsa-sha256", signature].join(",");
  return call({ method: "POST", url, headers: { ...headers, Date: date, Signature: list }, body });
}
