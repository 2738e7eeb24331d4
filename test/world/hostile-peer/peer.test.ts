import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newCaller } from "../ocm/caller.ts";
import { cavageFlaw, isCavageSignedBy, readCavage } from "../ocm/cavage.ts";
import { at, firstObject, readObject, textAt } from "../ocm/json.ts";
import { isMessageSignedBy, messageFlaw, readMessageSignature } from "../ocm/message-signature.ts";
import type { Received } from "../ocm/server.ts";
import { openStage, type Stage } from "../ocm/stage.ts";
import type { OcmRequest } from "../ocm/wire.ts";
import { startTrap } from "../trap.ts";
import {
  deepJson,
  endlessDiscovery,
  endlessMultistatus,
  entityBomb,
  hrefsOutside,
  multistatusOf,
  oddlyNamed,
  oddNames,
  outerEntity,
} from "./malice.ts";
import type { Manner } from "./messages.ts";
import { type HostilePeer, startHostilePeer } from "./peer.ts";

let stage: Stage;
let peer: HostilePeer;
let victim: HostilePeer;
beforeAll(async () => {
  stage = await openStage(["evil.example", "victim.example"]);
  peer = await stage.start(startHostilePeer, "evil.example", {});
  victim = await stage.start(startHostilePeer, "victim.example", {});
});
afterAll(async () => stage[Symbol.asyncDispose]());

async function ask(method: string, path: string) {
  const { signal } = new AbortController();
  const { call } = newCaller({ resolve: stage.resolve, userAgent: "somebody", signal });
  return call({ method, url: peer.origin + path, headers: { Depth: "1" } });
}

async function told(path: string) {
  const answer = await ask("GET", path);
  return answer.kind === "answered" ? readObject(answer.text) : null;
}

async function publishedKeys() {
  return [await told("/.well-known/jwks.json"), (await told("/.well-known/ocm"))?.["publicKey"]];
}

/** What the victim got from one post. */
async function posted(manner: Manner, body: object | string = peer.shareBody(`dora@${victim.host}`)) {
  expect(await peer.post(victim.host, "/shares", body, manner)).toMatchObject({ status: 201 });
  return lastOf(victim.received("shares"));
}

function lastOf(received: readonly Received[]): Received {
  const last = received.at(-1);
  if (last === undefined) throw new Error("Nothing came.");
  return last;
}

function requestOf({ method, path, headers, body }: Received): OcmRequest {
  const host = headers.get("host") ?? "";
  const query = new URLSearchParams();
  return { method, host, target: path, path, query, headers, body: Buffer.from(body), isTooLarge: false };
}

async function isProven(received: Received): Promise<boolean> {
  const request = requestOf(received);
  const keys = (await told("/.well-known/jwks.json"))?.["keys"];
  const message = readMessageSignature(request);
  if (message !== null) {
    const isFresh = messageFlaw(request, message, Date.now()) === null;
    return isFresh && isMessageSignedBy(firstObject(keys) ?? {}, request, message, victim.host);
  }
  const cavage = readCavage(received.headers.get("signature") ?? "");
  const pem = textAt(await told("/.well-known/ocm"), "publicKey", "publicKeyPem");
  if (cavage === null || cavageFlaw(request, cavage, victim.host, Date.now()) !== null) return false;
  return isCavageSignedBy(pem, request, cavage);
}

describe("messages", () => {
  test.each(["rfc9421", "cavage"] as const)("are good when nothing else is said: %s", async (signature) => {
    expect(await isProven(await posted({ signature }))).toBe(true);
  });

  test.each<[string, Manner]>([
    ["unsigned", { signature: "none" }],
    ["301 s old", { ageSeconds: 301 }],
    ["301 s old, the old way", { signature: "cavage", ageSeconds: 301 }],
    ["with blanks behind commas", { signature: "cavage", hasBlanks: true }],
    ["with another body", { swappedBody: "{}" }],
  ])("can be %s", async (_, manner) => {
    expect(await isProven(await posted(manner))).toBe(false);
  });

  test("can name somebody else's key", async () => {
    const keyId = "https://elsewhere.example/ocm#signature";
    for (const signature of ["cavage", "rfc9421"] as const) {
      const { headers } = await posted({ signature, keyId });
      expect(`${headers.get("signature")} ${headers.get("signature-input")}`).toContain(`"${keyId}"`);
    }
  });

  test.each(["rfc9421", "cavage"] as const)(
    "do not fit the new key of the same id: %s",
    async (signature) => {
      const before = await posted({ signature });
      const keys = await publishedKeys();
      await peer.changeKey(signature);
      expect(await publishedKeys()).not.toEqual(keys);
      expect(await isProven(before)).toBe(false);
      expect(await isProven(await posted({ signature }))).toBe(true);
    },
  );

  test("come again, byte for byte", async () => {
    const first = await posted({});
    await peer.replay();
    const second = lastOf(victim.received("shares"));
    expect([second.body, [...second.headers]]).toEqual([first.body, [...first.headers]]);
    expect(await isProven(second)).toBe(true);
  });

  test("of others are sent on", async () => {
    await victim.post(peer.host, "/notifications", { providerId: "1" });
    const theirs = lastOf(peer.received("notifications"));
    await peer.reflect(theirs, `${victim.origin}/ocm/notifications`);
    const reflected = lastOf(victim.received("notifications"));
    expect(reflected.body).toBe(theirs.body);
    expect(reflected.headers.get("signature")).toBe(theirs.headers.get("signature"));
    expect(reflected.headers.get("host")).toBe(victim.host);
  });

  test("are long and deep", async () => {
    const long = { ...peer.shareBody(`dora@${victim.host}`), description: "x".repeat(50_000) };
    expect((await posted({ signature: "cavage" }, long)).body.length).toBeGreaterThan(50_000);
    expect((await posted({}, deepJson(5000))).body).toBe(`${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`);
    expect(readObject(deepJson(2))).toEqual({ a: { a: 1 } });
  });

  test("hold an address of another server when they are told to", async () => {
    const body = peer.shareBody(`dora@${victim.host}`);
    const uri = "https://elsewhere.example/dav/ocm/trove";
    const webdav = { ...body.protocol.webdav, uri };
    const got = await posted({}, { ...body, protocol: { ...body.protocol, webdav } });
    expect(at(readObject(got.body), "protocol", "webdav", "uri")).toBe(uri);
  });
});

describe("answers", () => {
  test("of discovery name other servers", async () => {
    const fields = ["endPoint", "tokenEndPoint", "jwksUri", "inviteAcceptDialog"];
    const elsewhere = Object.fromEntries(fields.map((name) => [name, `https://elsewhere.example/${name}`]));
    const honest = Object.fromEntries(fields.map((name) => [name, undefined]));
    const before = await told("/.well-known/ocm");
    peer.tell(elsewhere);
    expect(await told("/.well-known/ocm")).toMatchObject(elsewhere);
    peer.tell(honest);
    expect(await told("/.well-known/ocm")).not.toHaveProperty("endPoint");
    peer.tell(Object.fromEntries(fields.map((name) => [name, before?.[name]])));
    expect(await told("/.well-known/ocm")).toEqual(before);
  });

  test("lead into a place that is forbidden", async () => {
    await using trap = await startTrap("127.0.0.1");
    peer.redirectTo("discovery", `https://127.0.0.1:${trap.port}/`);
    const answer = await ask("GET", "/.well-known/ocm");
    expect(answer).toMatchObject({ status: 302 });
    expect(answer.kind === "answered" && answer.headers.get("location")).toContain(`${trap.port}`);
    peer.answerWith("discovery", null);
    expect(await ask("GET", "/.well-known/ocm")).toMatchObject({ status: 200 });
    expect(trap.connections).toBe(0);
  });

  test("never end", async () => {
    peer.misbehave(endlessDiscovery, "discovery");
    peer.misbehave(endlessMultistatus(peer.davBase), "webdav");
    for (const [method, path] of [
      ["GET", "/.well-known/ocm"],
      ["PROPFIND", peer.davBase],
    ] as const) {
      expect(await ask(method, path)).toMatchObject({ reason: expect.stringContaining("too long") });
    }
    peer.behave();
  });

  test("list what is not in the share", async () => {
    const hrefs = hrefsOutside(peer.davBase);
    peer.answerWith("webdav", multistatusOf(peer.davBase, hrefs));
    const answer = await ask("PROPFIND", peer.davBase);
    for (const href of hrefs) {
      expect(answer).toMatchObject({
        status: 207,
        text: expect.stringContaining(`<d:href>${href}</d:href>`),
      });
    }
    peer.answerWith("webdav", null);
    expect(await ask("PROPFIND", peer.davBase)).toMatchObject({ text: expect.stringContaining("plan.md") });
  });

  test("list odd names, each as one segment", () => {
    const { body } = oddlyNamed(peer.davBase);
    const names = [...body.toString().matchAll(/<d:href>([^<]*)<\/d:href>/g)].slice(1);
    const found = names.map(([, href = ""]) => decodeURIComponent(href.slice(peer.davBase.length)));
    expect(found).toEqual(oddNames);
  });

  test("have entities that grow, or that lie elsewhere", () => {
    const bomb = entityBomb(peer.davBase).body.toString();
    expect(bomb.match(/<!ENTITY/g)).toHaveLength(10);
    expect(bomb.length).toBeLessThan(2000);
    const outer = outerEntity(peer.davBase, "https://elsewhere.example/x").body.toString();
    expect(outer).toContain('SYSTEM "https://elsewhere.example/x"');
  });
});
