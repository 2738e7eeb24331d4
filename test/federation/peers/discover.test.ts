import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import type { FederationGround } from "../../../src/federation/parts.ts";
import { discover, knownPeer } from "../../../src/federation/peers/discover.ts";
import { forgetSurplusPeers, keepFailure, readOcmPeer } from "../../../src/store/ocm-peers.ts";
import type { Store } from "../../../src/store/store.ts";
import { makeClient, privateAddress, type TestClient } from "../../http/world.ts";
import { temporaryStore } from "../../store/temporary.ts";
import { endlessDiscovery } from "../../world/hostile-peer/malice.ts";
import { type HostilePeer, startHostilePeer } from "../../world/hostile-peer/peer.ts";
import { openStage, type Stage } from "../../world/ocm/stage.ts";
import { startSeafile } from "../../world/sloppy-peer/seafile.ts";
import { startTrap, type Trap } from "../../world/trap.ts";

let stage: Stage;
let peer: HostilePeer;
let client: TestClient;
let trap: Trap;
let store: Store;
let parts: FederationGround;
let settings: { allow: string[] | null; deny: string[] };

/** As the guard gives up on a peer that drips; an answer of the machine itself needs no time. */
const patienceMs = 300;

beforeAll(async () => {
  stage = await openStage(["evil.example", "seafile.example", "other.example"]);
  trap = await startTrap(privateAddress);
});

afterAll(async () => {
  await trap[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

beforeEach(async () => {
  peer = await stage.start(startHostilePeer, "evil.example", {});
  client = clientOf();
  store = await temporaryStore();
  settings = { allow: null, deny: [] };
  parts = partsOf(client);
});

afterEach(async () => {
  vi.useRealTimers();
  await client[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await peer[Symbol.asyncDispose]();
});

/** Reaches the hosts of the stage at their ports, and nothing else on loopback. */
function clientOf(httpLimits: { httpTotalMs?: number } = {}): TestClient {
  const exceptions = stage.hostnames.flatMap((host) => {
    const reached = stage.resolve(host);
    if (reached === null) return [];
    const { port, ca } = reached;
    return [{ host, port, ca, cidr: "127.0.0.0/8", scheme: "https" as const, address: "127.0.0.1" }];
  });
  return makeClient(exceptions, { limits: httpLimits });
}

/** Only what looking for a peer needs. */
function partsOf(http: TestClient): FederationGround {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the rest is not asked for
  return { store, http, settings: () => settings } as unknown as FederationGround;
}

async function find(host = peer.host) {
  return discover(parts, host, { signal: new AbortController().signal, record: () => {} });
}

function asked(): readonly string[] {
  return peer.received("discovery").map(({ path }) => path);
}

describe("what a server says of itself", () => {
  test("is asked once, and kept for a day", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    expect(await find()).toMatchObject({ kind: "peer", peer: { endPoint: `${peer.origin}/ocm` } });
    expect(await find(peer.host.toUpperCase())).toMatchObject({ kind: "peer" });
    expect(asked()).toEqual(["/.well-known/ocm"]);
    vi.setSystemTime(Date.now() + limits.ocmDiscoveryMs);
    await find();
    expect(asked()).toHaveLength(2);
  });

  test("is asked once by all who want to know it at the same moment", async () => {
    const found = await Promise.all([find(), find(), find()]);
    expect(found.map(({ kind }) => kind)).toEqual(["peer", "peer", "peer"]);
    expect(asked()).toHaveLength(1);
  });

  test("Seafile, Nextcloud 32 and ownCloud serve it at /ocm-provider/ alone", async () => {
    const seafile = await stage.start(startSeafile, "seafile.example", {});
    parts = partsOf((client = clientOf()));
    expect(await find(seafile.host)).toMatchObject({ kind: "peer", peer: { form: "webdav" } });
    expect(seafile.received("discovery").map(({ path }) => path)).toEqual([
      "/.well-known/ocm",
      "/ocm-provider/",
    ]);
  });

  test("counts on while the server is down, which is left alone for some minutes", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
    await find();
    vi.setSystemTime(Date.now() + limits.ocmDiscoveryMs);
    await peer.goDown();
    expect(await find()).toMatchObject({ kind: "peer" });
    await peer.comeUp();
    expect(await find()).toMatchObject({ kind: "peer" });
    expect(asked()).toHaveLength(1);
    vi.setSystemTime(Date.now() + limits.ocmDiscoveryPauseMs);
    await find();
    expect(asked()).toHaveLength(2);
  });

  test("somebody who goes while it is asked leaves no failure behind", async () => {
    const leaving = new AbortController();
    const until = Promise.withResolvers<void>();
    peer.misbehave({ kind: "held", until: until.promise }, "discovery");
    const waiting = discover(parts, peer.host, { signal: leaving.signal, record: () => {} });
    await vi.waitUntil(() => peer.requests().length > 0, { timeout: 60_000 });
    leaving.abort();
    expect(await waiting).toMatchObject({ kind: "try-later" });
    expect(await readOcmPeer(store.db, peer.host)).toBeUndefined();
    peer.behave();
    until.resolve();
    expect(await find()).toMatchObject({ kind: "peer" });
  });
});

describe("who is not asked", () => {
  test("whom the configuration shuts out", async () => {
    settings.deny = [peer.host];
    expect(await find()).toMatchObject({ kind: "no-peer", because: "not-admitted" });
    settings = { allow: ["other.example"], deny: [] };
    expect(await find()).toMatchObject({ because: "not-admitted" });
    expect(asked()).toEqual([]);
    settings = { allow: [peer.host], deny: [] };
    expect(await find()).toMatchObject({ kind: "peer" });
    settings = { allow: null, deny: [peer.host] };
    expect(await knownPeer(parts, peer.host)).toBeNull();
  });

  test("what is no name of a server, or lies in private space", async () => {
    for (const name of ["", "a b", "host/path", "user@host", "10.0.0.1", "[::1]"]) {
      expect(await find(name)).toMatchObject({ kind: "no-peer", because: "not-a-host" });
    }
    const inside = makeClient([], { resolve: async () => [privateAddress] });
    parts = partsOf(inside);
    expect(await find(`inside.example:${trap.port}`)).toMatchObject({ kind: "no-peer" });
    await inside[Symbol.asyncDispose]();
    expect(trap.connections).toBe(0);
  });
});

describe("a hostile server is contained (reference/ocm.md 9)", () => {
  test("a discovery without end", async () => {
    peer.misbehave(endlessDiscovery, "discovery");
    expect(await find()).toMatchObject({ kind: "try-later", because: "answer-too-large" });
    expect(await knownPeer(parts, peer.host)).toBeNull();
  });

  test("a discovery larger than any", async () => {
    peer.tell({ provider: "x".repeat(limits.ocmDiscoveryBytes) });
    expect(await find()).toMatchObject({ kind: "no-peer", because: "discovery-too-large" });
  });

  test("a body that drips", async () => {
    const hasty = clientOf({ httpTotalMs: patienceMs });
    parts = partsOf(hasty);
    peer.misbehave({ kind: "drip", everyMs: 50 }, "discovery");
    expect(await find()).toMatchObject({ kind: "try-later" });
    await hasty[Symbol.asyncDispose]();
    // And nobody is kept waiting again by the same server.
    peer.behave();
    expect(await find()).toMatchObject({ kind: "try-later" });
    expect(asked()).toEqual([]);
  });

  test.each([
    ["into private space", () => `https://127.0.0.1:${trap.port}/latest`],
    ["to another host", () => "https://other.example/.well-known/ocm"],
    ["to another port", () => `https://evil.example:${trap.port}/.well-known/ocm`],
    ["out of TLS", () => `http://${peer.host}/.well-known/ocm`],
  ])("a redirect %s is not followed", async (_where, target) => {
    peer.redirectTo("discovery", target());
    expect(await find()).toMatchObject({ kind: "no-peer", because: "redirect-elsewhere" });
    expect(asked()).toHaveLength(1);
    expect(trap.connections).toBe(0);
  });

  test("a redirect within the server is followed, in a circle only so often", async () => {
    peer.redirectTo("discovery", "/ocm-provider/");
    expect(await find()).toMatchObject({ kind: "no-peer", because: "redirect-loop" });
    expect(asked()).toHaveLength(limits.httpRedirects + 1);
  });

  test.each(["endPoint", "tokenEndPoint", "jwksUri", "inviteAcceptDialog"])(
    "its %s lies elsewhere: nothing of it is believed, and it is not asked under the other path",
    async (field) => {
      peer.tell({ [field]: "https://other.example/ocm" });
      expect(await find()).toMatchObject({ kind: "no-peer", because: "foreign-authority" });
      expect(asked()).toHaveLength(1);
      expect(await readOcmPeer(store.db, peer.host)).toMatchObject({
        discovery_json: null,
        failure: "foreign-authority",
        is_failure_final: 1,
      });
    },
  );

  test.each([
    ["no JSON", { status: 200, headers: [], body: "<html>" }],
    ["another document", { status: 200, headers: [], body: '{"hello":"world"}' }],
    ["nothing", { status: 404, headers: [], body: "" }],
  ])("%s is no server of Open Cloud Mesh", async (_what, reply) => {
    peer.answerWith("discovery", reply);
    expect(await find()).toMatchObject({ kind: "no-peer" });
    expect(asked()).toEqual(["/.well-known/ocm", "/ocm-provider/"]);
  });

  test("one that is overloaded may be one", async () => {
    peer.misbehave({ kind: "status", status: 503, retryAfter: null }, "discovery");
    expect(await find()).toMatchObject({ kind: "try-later", because: "http-503" });
  });
});

test("of servers that never answered only so many are kept, and those that did outlive them", async () => {
  await find();
  await store.transaction(async (db) => {
    for (let index = 0; index < limits.ocmPeers; index++) {
      await keepFailure(db, { host: `h${index}.example`, failure: "timeout", isFinal: false }, index);
    }
  });
  expect(await forgetSurplusPeers(store.db)).toBe(1);
  expect(await readOcmPeer(store.db, "h0.example")).toBeUndefined();
  expect(await knownPeer(parts, peer.host)).not.toBeNull();
});
