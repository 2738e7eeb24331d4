import { createPublicKey } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ownKeys } from "../../../src/federation/peers/own-keys.ts";
import { post } from "../../../src/federation/peers/post.ts";
import { OutboundError, type OutboundRequest } from "../../../src/http/outbound.ts";
import type { Peer } from "../../../src/protocols/ocm/peer.ts";
import type { Call } from "../../../src/protocols/protocol.ts";
import { createSealer, generateKey } from "../../../src/store/sealing.ts";
import type { Store } from "../../../src/store/store.ts";
import { temporaryStore } from "../../store/temporary.ts";
import { cavageFlaw, isCavageSignedBy, readCavage } from "../../world/ocm/cavage.ts";
import { isMessageSignedBy, messageFlaw, readMessageSignature } from "../../world/ocm/message-signature.ts";
import type { OcmRequest } from "../../world/ocm/wire.ts";
import { peer } from "../sent/deliver-world.ts";

const siteUrl = "https://usher.example.net";
const sealer = createSealer(generateKey());
let store: Store;
let sent: OutboundRequest[] = [];
let calls: Call[] = [];
let answer: () => { readonly status: number; readonly text: string };

beforeEach(async () => {
  store = await temporaryStore();
  [sent, calls] = [[], []];
  answer = () => ({ status: 201, text: '{"a":1}' });
});
afterEach(async () => store[Symbol.asyncDispose]());

const parts = () => ({
  store,
  sealer,
  siteUrl: () => siteUrl,
  settings: () => ({
    enabled: true,
    provider: "Usher",
    allow: null,
    deny: [],
    mustInvite: false,
    inviteLifeMs: 1,
    servers: [],
    keys: null,
  }),
  http: {
    request: async (request: OutboundRequest) => {
      sent.push(request);
      return { ...answer(), headers: {}, url: request.url };
    },
    download: async () => Promise.reject(new Error("Nothing is downloaded.")),
  },
});

const ask = () => ({
  what: "accept the share",
  signal: new AbortController().signal,
  record: (call: Call) => void calls.push(call),
});

/** As it reaches the peer. */
function arrived(): OcmRequest {
  const { url, headers = {}, body = "" } = sent.at(-1) ?? { url: "" };
  const { host, pathname, searchParams } = new URL(url);
  const bytes = Buffer.from(body);
  const all = { ...headers, host, "content-length": `${bytes.length}` };
  return {
    method: "POST",
    host,
    target: pathname,
    path: pathname,
    query: searchParams,
    headers: new Map(Object.entries(all)),
    body: bytes,
    isTooLarge: false,
  };
}

const postTo = async (to: Peer, path = "/notifications", body: object = { providerId: "é" }) =>
  post(parts(), { peer: to, path, body }, ask());

describe("a post to a peer", () => {
  test("that verifies draft-cavage is signed so, as strictly as Nextcloud 32 reads it", async () => {
    await postTo({ ...peer, publicKey: { keyId: "https://cloud.example/ocm#signature", pem: "" } });
    const request = arrived();
    const signature = readCavage(request.headers.get("signature") ?? "");
    if (signature === null) throw new Error("It is not signed.");
    expect(signature).toMatchObject({ keyId: `${siteUrl}/ocm#signature`, algorithm: "rsa-sha512" });
    expect(cavageFlaw(request, signature, "cloud.example", Date.now())).toBeNull();
    const keys = await ownKeys(parts());
    expect(isCavageSignedBy(keys?.cavage.publicPem ?? "", request, signature)).toBe(true);
  });

  test("that verifies RFC 9421 is signed so, also where it has a key for the older way", async () => {
    const publicKey = { keyId: "https://cloud.example/ocm#signature", pem: "" };
    await postTo({ ...peer, publicKey, capabilities: new Set(["http-sig"]) });
    const request = arrived();
    const signature = readMessageSignature(request);
    if (signature === null) throw new Error("It is not signed.");
    expect(messageFlaw(request, signature, Date.now())).toBeNull();
    const keys = await ownKeys(parts());
    const jwk = createPublicKey(keys?.rfc9421.publicPem ?? "").export({ format: "jwk" });
    expect(isMessageSignedBy({ ...jwk, alg: "Ed25519" }, request, signature, peer.host)).toBe(true);
    expect(request.headers.has("digest")).toBe(false);
  });

  test("that verifies nothing is not signed", async () => {
    await postTo(peer);
    expect(Object.keys(sent[0]?.headers ?? {}).toSorted()).toEqual(["accept", "content-type"]);
  });

  test("goes behind its endPoint, or to an address of its own, and to no other server", async () => {
    await postTo(peer, "/shares");
    await postTo(peer, "https://cloud.example/index.php/token");
    expect(sent.map(({ url }) => url)).toEqual([
      "https://cloud.example/ocm/shares",
      "https://cloud.example/index.php/token",
    ]);
    for (const elsewhere of [
      "https://evil.example/token",
      "http://cloud.example/token",
      "https://cloud.example@evil.example/",
      "token",
    ]) {
      expect(await postTo(peer, elsewhere)).toMatchObject({ kind: "refused", because: "foreign-address" });
    }
    expect(sent).toHaveLength(2);
  });

  test("is JSON, or a form where it is given as one", async () => {
    await postTo(peer);
    await postTo(peer, "/token", new URLSearchParams({ code: "a b" }));
    expect(sent.map(({ headers, body }) => [headers?.["content-type"], String(body)])).toEqual([
      ["application/json", '{"providerId":"é"}'],
      ["application/x-www-form-urlencoded", "code=a+b"],
    ]);
  });

  test("tells what was answered, whatever it is, and is recorded", async () => {
    expect(await postTo(peer)).toMatchObject({ kind: "answered", status: 201, body: { a: 1 } });
    answer = () => ({ status: 400, text: "<html>" });
    expect(await postTo(peer)).toMatchObject({ kind: "answered", status: 400, body: undefined });
    answer = () => {
      throw new OutboundError("connection-refused", true);
    };
    expect(await postTo(peer)).toMatchObject({ kind: "try-later", because: "connection-refused" });
    answer = () => {
      throw new OutboundError("address-not-public", false);
    };
    expect(await postTo(peer)).toMatchObject({ kind: "refused", because: "address-not-public" });
    expect(calls.map(({ status, meaning }) => [status, meaning])).toEqual([
      [201, "ok"],
      [400, "http-400"],
      [null, "connection-refused"],
      [null, "address-not-public"],
    ]);
  });
});
