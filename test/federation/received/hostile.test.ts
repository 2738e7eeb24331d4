import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import type { Call, FollowReply, FollowWay, Share } from "../../../src/protocols/protocol.ts";
import {
  endlessMultistatus,
  entityBomb,
  hrefsOutside,
  multistatusOf,
  oddlyNamed,
  outerEntity,
} from "../../world/hostile-peer/malice.ts";
import { type HostilePeer, startHostilePeer } from "../../world/hostile-peer/peer.ts";
import { startTrap, type Trap } from "../../world/trap.ts";
import { type FollowingWorld, openFollowingWorld } from "../following-world.ts";
import { lastReceived, receivedShare } from "./received-world.ts";

let world: FollowingWorld;
let peer: HostilePeer;
let victim: HostilePeer;
let trap: Trap;
let way: FollowWay;
let calls: Call[] = [];

beforeAll(async () => {
  world = await openFollowingWorld();
  peer = await world.stage.start(startHostilePeer, "cloud.eve.example", {});
  victim = await world.stage.start(startHostilePeer, "files.eve.example", {});
  trap = await startTrap("127.0.0.1");
  way = world.way("federated-share", "ocm-share");
});
afterAll(async () => {
  await trap[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});
afterEach(() => {
  peer.behave();
  for (const place of ["webdav", "token", "notifications"] as const) peer.answerWith(place, null);
  calls = [];
  expect(trap.connections).toBe(0);
  expect(victim.requests().filter(({ place }) => place === "webdav" || place === "token")).toEqual([]);
});

const ask = (ms = 60_000) => ({
  signal: AbortSignal.timeout(ms),
  record: (call: Call) => void calls.push(call),
});

/** A share of Mallory's for Dora; `webdav` is put over what an honest body says. */
async function share(providerId: string, webdav: object = {}): Promise<Share> {
  const body = peer.shareBody(world.address("dora"));
  const { protocol } = body;
  const posted = {
    ...body,
    providerId,
    protocol: { ...protocol, webdav: { ...protocol.webdav, ...webdav } },
  };
  const answer = await peer.post(world.usher.host, "/shares", posted);
  expect(answer).toMatchObject({ status: 201 });
  return receivedShare(world, "dora");
}

async function follow(of: Share): Promise<FollowReply> {
  return way.follow(of, world.dora, ask());
}

describe("a hostile peer", () => {
  test("has no say on what other servers are asked", async () => {
    const foreign = [
      `${victim.origin}/dav/ocm/trove`,
      `https://127.0.0.1:${trap.port}/dav/ocm/trove`,
      `https://${peer.host}@${victim.host}/dav/ocm/trove`,
      `http://${peer.host}/dav/ocm/trove`,
      `${peer.origin}/dav/ocm/trove?a=b`,
      "../../etc",
      "a/../../../secret",
      "trove?x",
    ];
    for (const [at, uri] of foreign.entries()) {
      const reply = await follow(await share(`foreign-${at}`, { uri, url: uri }));
      expect(reply, uri).toMatchObject({ kind: "no", because: "foreign-address" });
    }
  });

  test("leads nowhere by redirects", async () => {
    const of = await share("redirects");
    for (const target of [`${victim.origin}/dav/ocm/trove`, `https://127.0.0.1:${trap.port}/`]) {
      peer.redirectTo("webdav", target);
      expect(await follow(of)).toMatchObject({ kind: "no", because: "redirect-elsewhere" });
      expect(await way.check(of, world.dora, ask())).toMatchObject({ kind: "try-later" });
    }
    peer.answerWith("webdav", null);
    peer.redirectTo("token", `${victim.origin}/ocm/token`);
    await follow(await share("redirected-token"));
  });

  test("fills no memory with a folder that never ends", async () => {
    const of = await share("endless");
    peer.misbehave(endlessMultistatus(peer.davBase), "webdav");
    expect(await follow(of)).toMatchObject({ kind: "try-later", because: "answer-too-large" });
    peer.misbehave({ kind: "gzip-bomb", bytes: 50_000_000 }, "webdav");
    expect(await follow(of)).toMatchObject({ kind: "try-later", because: "answer-compressed" });
  });

  test("shows no more than a bounded number of entries, each once", async () => {
    const of = await share("many");
    const many = Array.from({ length: limits.davEntries + 50 }, (_, at) => `${peer.davBase}${at % 1500}`);
    peer.answerWith("webdav", multistatusOf(peer.davBase, many));
    const reply = await follow(of);
    expect(reply.kind === "followed" && reply.folders[0]?.entries.length).toBe(limits.folderEntries);
    const listed = await way.browse?.(of, world.dora, "", ask());
    expect(listed?.kind === "listed" && listed.entries.length).toBe(1500);
  });

  test("keeps nobody waiting", async () => {
    const of = await share("slow");
    peer.misbehave({ kind: "drip", everyMs: 50 }, "webdav");
    expect(await way.follow(of, world.dora, ask(1000))).toMatchObject({
      kind: "try-later",
      because: "timeout",
    });
  });

  test("declares no entities, and fetches nothing by them", async () => {
    const of = await share("entities");
    for (const bad of [
      entityBomb(peer.davBase),
      outerEntity(peer.davBase, `https://127.0.0.1:${trap.port}/`),
      outerEntity(peer.davBase, "file:///etc/passwd"),
    ]) {
      peer.answerWith("webdav", bad);
      expect(await follow(of)).toMatchObject({ kind: "try-later", because: "document-type" });
    }
  });

  test("brings nothing from outside of the share into it", async () => {
    const of = await share("outside");
    peer.answerWith("webdav", multistatusOf(peer.davBase, hrefsOutside(peer.davBase)));
    expect(await follow(of)).toMatchObject({ kind: "followed", folders: [{ entries: [] }] });
  });

  test("gives no names that climb, end lines or hide something", async () => {
    const of = await share("names");
    peer.answerWith("webdav", oddlyNamed(peer.davBase));
    const reply = await follow(of);
    const names = reply.kind === "followed" ? reply.folders[0]?.entries.map(({ name }) => name) : [];
    expect(names?.length).toBeGreaterThan(0);
    for (const name of names ?? []) expect(name).not.toMatch(/^\.{0,2}$|\/|\p{Cc}/u);
  });

  test("whose token would break out of a header field gets no request with it", async () => {
    const of = await share("odd-token", { requirements: ["must-exchange-token"] });
    for (const token of ["a b", "a\r\nX-Evil: 1", "", "ü", "x".repeat(limits.ocmForeignTokenChars + 1)]) {
      peer.answerWith("token", {
        status: 200,
        headers: [["Content-Type", "application/json"]],
        body: JSON.stringify({ access_token: token, token_type: "Bearer", expires_in: 3600 }),
      });
      expect(await follow(of)).toMatchObject({ kind: "try-later", because: "answer-not-understood" });
    }
    const secret = await share("odd-secret", { sharedSecret: "a b\r\nX-Evil: 1" });
    peer.answerWith("token", { status: 404, headers: [], body: "" });
    expect(await follow(secret)).toMatchObject({ kind: "no", because: "secret-unusable" });
  });

  test("ends nothing by claiming to be somebody else", async () => {
    const of = await share("kept");
    expect((await follow(of)).kind).toBe("followed");
    const { provider_id: providerId } = await lastReceived(world, "dora");
    const notification = { sharedSecret: "secret-of-mallory" };
    const body = { notificationType: "SHARE_UNSHARED", resourceType: "file", providerId, notification };
    await victim.post(world.usher.host, "/notifications", body);
    expect((await way.check(of, world.dora, ask())).kind).toBe("followed");
  });

  test("is recorded without its secrets", async () => {
    const of = await share("recorded");
    await follow(of);
    await way.leave(of, world.dora, ask());
    expect(calls.length).toBeGreaterThan(2);
    expect(JSON.stringify(calls)).not.toMatch(/-of-mallory/);
  });
});
