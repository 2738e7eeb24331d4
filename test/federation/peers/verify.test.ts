import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import type { Verified } from "../../../src/federation/parts.ts";
import { listPeerKeys } from "../../../src/store/ocm-peer-keys.ts";
import { listRefusals } from "../../../src/store/ocm-refusals.ts";
import { makeTestCertificates } from "../../http/world.ts";
import type { Certificates } from "../../world/tls.ts";
import { type CavageKey, newCavageKey } from "../../world/ocm/cavage.ts";
import { type MessageKey, newMessageKey } from "../../world/ocm/message-signature.ts";
import { byCavage, byRfc9421, openVerifyWorld, requestWith, type VerifyWorld } from "./verify-world.ts";

let certificates: Certificates & AsyncDisposable;
let made: readonly [CavageKey, CavageKey];
let world: VerifyWorld;
let cavage: CavageKey;
let message: MessageKey;

beforeAll(async () => {
  certificates = await makeTestCertificates();
  made = [await newCavageKey(""), await newCavageKey("")];
});
afterAll(async () => certificates[Symbol.asyncDispose]());

beforeEach(async () => {
  world = await openVerifyWorld(certificates);
  cavage = { ...made[0], keyId: `${world.origin}/ocm#signature` };
  message = await newMessageKey(`${world.origin}/ocm#ecdsa-p256-sha256-1`);
});
afterEach(async () => world[Symbol.asyncDispose]());

/** Another RSA key than the first. */
function otherKey(keyId: string): CavageKey {
  return { ...made[1], keyId };
}

function publishCavage({ keyId, publicKeyPem }: CavageKey): void {
  world.publishing.publicKey = { keyId, publicKeyPem };
}

function publishMessage(...keys: readonly MessageKey[]): void {
  Object.assign(world.publishing, { capabilities: ["http-sig"], jwksUri: `${world.origin}/keys` });
  world.publishing.jwks = keys.map(({ jwk }) => jwk);
}

function because(verified: Verified): string {
  return verified.kind === "bad-signature" ? verified.because : verified.kind;
}

function events(): readonly string[] {
  return world.told.map(({ event }) => event);
}

describe("a peer that signs as Nextcloud 32 does", () => {
  test("is trusted by the first key that it signs with, and that is told and recorded", async () => {
    publishCavage(cavage);
    const first = await world.verify(byCavage(cavage));
    expect(first).toEqual({
      kind: "signed",
      host: world.host,
      keyId: cavage.keyId,
      scheme: "cavage",
      isFirstUse: true,
    });
    world.later(1000);
    expect(await world.verify(byCavage(cavage))).toMatchObject({ kind: "signed", isFirstUse: false });
    expect(world.told).toEqual([
      { event: "peer-key-trusted", fields: { host: world.host, scheme: "cavage", keyId: cavage.keyId } },
    ]);
    const [kept] = await listPeerKeys(world.store.db, world.host);
    expect(kept).toMatchObject({ key_id: cavage.keyId, public_key: cavage.publicKeyPem, conflict_at: null });
    expect(kept?.last_used_at).toBe((kept?.first_seen_at ?? 0) + 1000);
  });

  test("is not trusted by a key that its discovery does not name", async () => {
    publishCavage(cavage);
    const stranger = otherKey(cavage.keyId);
    expect(because(await world.verify(byCavage(stranger)))).toBe("signature-wrong");
    const otherId = { ...cavage, keyId: `${world.origin}/ocm#other` };
    expect(because(await world.verify(byCavage(otherId)))).toBe("key-of-other-id");
    expect(await listPeerKeys(world.store.db, world.host)).toEqual([]);
  });

  test("must sign from then on, and only from then on", async () => {
    publishCavage(cavage);
    expect(await world.verify(requestWith({}))).toEqual({ kind: "unsigned", mustSign: false });
    await world.verify(byCavage(cavage));
    expect(await world.verify(requestWith({}))).toEqual({ kind: "unsigned", mustSign: true });
  });

  test("stays refused with a changed key and key id until the first is forgotten, and verifies with the first", async () => {
    publishCavage(cavage);
    await world.verify(byCavage(cavage));
    const changed = otherKey(`${world.origin}/index.php/ocm#signature`);
    publishCavage(changed);
    world.later(limits.ocmDiscoveryPauseMs + 1);
    for (const _ of [1, 2]) {
      expect(because(await world.verify(byCavage(changed)))).toBe("key-changed");
      world.later(1000);
    }
    expect(events()).toEqual(["peer-key-trusted", "peer-key-changed"]);
    expect(await listPeerKeys(world.store.db, world.host)).toEqual([
      expect.objectContaining({
        key_id: cavage.keyId,
        conflict_key_id: changed.keyId,
        conflict_key: changed.publicKeyPem,
      }),
    ]);
    const [refusal] = await listRefusals(world.store.db);
    expect(refusal?.detail).toContain(`usher doctor peer ${world.host} --forget-key`);
    expect(because(await world.verify(byCavage(cavage)))).toBe("signed");
  });

  test("is refused with a changed key under the same key id", async () => {
    publishCavage(cavage);
    await world.verify(byCavage(cavage));
    const changed = otherKey(cavage.keyId);
    publishCavage(changed);
    expect(because(await world.verify(byCavage(changed)))).toBe("signature-wrong");
    world.later(limits.ocmDiscoveryPauseMs + 1);
    expect(because(await world.verify(byCavage(changed)))).toBe("key-changed");
  });

  test("is in no conflict because a stranger signs in its name", async () => {
    publishCavage(cavage);
    await world.verify(byCavage(cavage));
    world.later(limits.ocmDiscoveryPauseMs + 1);
    expect(because(await world.verify(byCavage(otherKey(cavage.keyId))))).toBe("signature-wrong");
    const [kept] = await listPeerKeys(world.store.db, world.host);
    expect(kept?.conflict_at).toBeNull();
    expect(events()).toEqual(["peer-key-trusted"]);
  });

  test("is looked at again where its discovery was read before it had a key", async () => {
    expect(await world.verify(requestWith({}))).toEqual({ kind: "unsigned", mustSign: false });
    publishCavage(cavage);
    expect(await world.verify(byCavage(cavage))).toEqual({ kind: "unsigned", mustSign: false });
    world.later(limits.ocmDiscoveryPauseMs + 1);
    expect(await world.verify(byCavage(cavage))).toMatchObject({ kind: "signed", isFirstUse: true });
  });

  test("may sign in the newer way as well, and is trusted by one key for each", async () => {
    publishCavage(cavage);
    publishMessage(message);
    expect(await world.verify(byCavage(cavage))).toMatchObject({ scheme: "cavage", isFirstUse: true });
    expect(await world.verify(byRfc9421(message))).toMatchObject({ scheme: "rfc9421", isFirstUse: true });
    expect(await world.verify(byCavage(cavage)).then(because)).toBe("signature-replayed");
    world.later(1000);
    expect(await world.verify(byCavage(cavage))).toMatchObject({ scheme: "cavage", isFirstUse: false });
  });
});

describe("a peer that signs by RFC 9421", () => {
  test("is trusted by the keys of its key set, which is fetched over TLS from its own address", async () => {
    publishMessage(message);
    expect(await world.verify(byRfc9421(message))).toEqual({
      kind: "signed",
      host: world.host,
      keyId: message.kid,
      scheme: "rfc9421",
      isFirstUse: true,
    });
    expect(world.calls.at(-1)).toMatchObject({ what: "fetch signing keys", status: 200, meaning: "ok" });
    world.later(1000);
    world.restart();
    expect(await world.verify(byRfc9421(message))).toMatchObject({ isFirstUse: false });
    expect(world.asked("/keys")).toBe(1);
  });

  test("may go on with a new key under a new name, which is told and recorded beside the first", async () => {
    publishMessage(message);
    await world.verify(byRfc9421(message));
    const next = await newMessageKey(`${world.origin}/ocm#ecdsa-p256-sha256-2`);
    publishMessage(message, next);
    world.later(limits.ocmDiscoveryPauseMs + 1);
    expect(await world.verify(byRfc9421(next))).toMatchObject({ kind: "signed", isFirstUse: true });
    expect(await world.verify(byRfc9421(message))).toMatchObject({ kind: "signed", isFirstUse: false });
    const kept = await listPeerKeys(world.store.db, world.host);
    expect(kept.map((row) => row.key_id)).toEqual([message.kid, next.kid]);
    expect(events()).toEqual(["peer-key-trusted", "peer-key-trusted"]);
  });

  test("is refused with another key under the same name", async () => {
    publishMessage(message);
    await world.verify(byRfc9421(message));
    const changed = await newMessageKey(message.kid);
    publishMessage(changed);
    world.later(limits.ocmDiscoveryPauseMs + 1);
    expect(because(await world.verify(byRfc9421(changed)))).toBe("key-changed");
    expect(events()).toEqual(["peer-key-trusted", "peer-key-changed"]);
    expect(because(await world.verify(byRfc9421(message)))).toBe("signed");
  });

  test("is asked once in five minutes, however often strangers name keys that it does not have", async () => {
    publishMessage(message);
    for (const number of [1, 2, 3, 4]) {
      const forged = await newMessageKey(`${world.origin}/ocm#forged-${number}`);
      expect(because(await world.verify(byRfc9421(forged)))).toBe("key-not-published");
    }
    expect(world.asked("/keys")).toBe(1);
    world.later(limits.ocmDiscoveryPauseMs + 1);
    await world.verify(byRfc9421(await newMessageKey(`${world.origin}/ocm#forged-5`)));
    expect(world.asked("/keys")).toBe(2);
  });

  test("is asked once also where strangers send and go before it could answer", async () => {
    publishMessage(message);
    const forged = await newMessageKey(`${world.origin}/ocm#forged`);
    for (const _ of [1, 2, 3]) await world.verify(byRfc9421(forged), world.host, AbortSignal.abort());
    expect([world.asked("/.well-known/ocm"), world.asked("/keys")]).toEqual([1, 1]);
  });

  test("has its keys at the fixed place where it names none", async () => {
    publishMessage(message);
    world.publishing.jwksUri = null;
    expect(because(await world.verify(byRfc9421(message)))).toBe("signed");
    expect(world.asked("/.well-known/jwks.json")).toBe(1);
  });

  test("has no keys at another address than its own", async () => {
    publishMessage(message);
    world.publishing.jwksUri = world.origin.replace("cloud.example.com", "evil.example.com");
    expect(because(await world.verify(byRfc9421(message)))).toBe("key-not-fetched");
    expect(world.calls.map(({ url }) => url)).toEqual([`${world.origin}/.well-known/ocm`]);
  });

  test.each([
    ["nonsense", "<html>"],
    ["no key set", "[]"],
    ["too long", JSON.stringify({ keys: [], filler: "x".repeat(limits.ocmDiscoveryBytes) })],
  ])("has no keys in an answer that is %s", async (_, answer) => {
    publishMessage(message);
    world.publishing.jwks = answer;
    expect(because(await world.verify(byRfc9421(message)))).toBe("key-not-fetched");
    expect(world.calls.at(-1)).toMatchObject({ meaning: "answer-not-understood" });
  });
});

describe("any peer", () => {
  test("must sign where its discovery says that it does", async () => {
    world.publishing.capabilities = ["http-sig"];
    expect(await world.verify(requestWith({}))).toEqual({ kind: "unsigned", mustSign: true });
    world.later(limits.ocmDiscoveryMs + 1);
    Object.assign(world.publishing, { capabilities: [], criteria: ["must-use-http-sig"] });
    expect(await world.verify(requestWith({}))).toEqual({ kind: "unsigned", mustSign: true });
  });

  test("is unsigned where it signs with a key that nobody can know, as ocm-stub does", async () => {
    world.publishing.publicKey = cavage.publicKeyPem;
    expect(await world.verify(byCavage(cavage))).toEqual({ kind: "unsigned", mustSign: false });
    expect(await world.verify(byRfc9421(message))).toEqual({ kind: "unsigned", mustSign: false });
  });

  test("is refused where it cannot be asked for its first key, and heard while it is down where it is known", async () => {
    publishCavage(cavage);
    world.publishing.isDown = true;
    expect(because(await world.verify(byCavage(cavage)))).toBe("key-not-fetched");
    world.publishing.isDown = false;
    world.later(limits.ocmDiscoveryPauseMs + 1);
    expect(because(await world.verify(byCavage(cavage)))).toBe("signed");
    world.publishing.isDown = true;
    world.later(limits.ocmDiscoveryMs + 1);
    expect(because(await world.verify(byCavage(cavage)))).toBe("signed");
  });

  test("is refused where it signs in a way for which it publishes no key, once it is known", async () => {
    publishCavage(cavage);
    await world.verify(byCavage(cavage));
    expect(because(await world.verify(byRfc9421(message)))).toBe("key-not-published");
  });

  test("speaks for itself alone", async () => {
    publishCavage(cavage);
    publishMessage(message);
    for (const request of [byCavage(cavage), byRfc9421(message)]) {
      for (const other of ["cloud.example.com", "other.example.com", `${world.host}0`]) {
        expect(because(await world.verify(request, other))).toBe("signed-by-other-host");
      }
    }
    expect(because(await world.verify(byCavage(cavage), world.host.toUpperCase()))).toBe("signed");
  });

  test("is heard once with each request, also after a restart and with the signature spelled otherwise", async () => {
    publishCavage(cavage);
    const request = byCavage(cavage);
    expect(because(await world.verify(request))).toBe("signed");
    expect(because(await world.verify(request))).toBe("signature-replayed");
    world.restart();
    const signature = (request.headers["signature"] ?? "").replaceAll(",", ", ").replace(/=*"$/, '"');
    const spelled = { ...request, headers: { ...request.headers, signature } };
    expect(because(await world.verify(spelled))).toBe("signature-replayed");
    world.later(limits.ocmSignatureAgeMs - 1000);
    expect(because(await world.verify(request))).toBe("signature-replayed");
    world.later(2000);
    expect(because(await world.verify(request))).toBe("signature-too-old");
    world.later(1000);
    expect(because(await world.verify(byCavage(cavage)))).toBe("signed");
    const seen = await world.store.db.selectFrom("ocm_seen_signature").selectAll().execute();
    expect(seen).toHaveLength(1);
  });

  test("is heard once where the same request comes twice at a time", async () => {
    publishCavage(cavage);
    const request = byCavage(cavage);
    const both = await Promise.all([world.verify(request), world.verify(request)]);
    expect(both.map(because).toSorted()).toEqual(["signature-replayed", "signed"]);
  });

  test("is refused with a body that was changed on its way", async () => {
    publishMessage(message);
    const changed = { ...byRfc9421(message), body: Buffer.from("x".repeat(80)) };
    expect(because(await world.verify(changed))).toBe("length-mismatch");
    expect(because(await world.verify({ ...byRfc9421(message), target: "/ocm/notifications" }))).toBe(
      "signature-wrong",
    );
    expect(because(await world.verify({ ...byRfc9421(message), body: null }))).toBe("length-mismatch");
  });

  test("shows since when it does not verify, until it does", async () => {
    publishCavage(cavage);
    await world.verify(byCavage(cavage));
    world.later(1000);
    const late = byCavage(cavage);
    world.later(400_000);
    const sinceMs = Date.now();
    await world.verify(late);
    world.later(5000);
    await world.verify(late);
    expect(await listRefusals(world.store.db)).toEqual([
      expect.objectContaining({
        host: world.host,
        sinceMs,
        lastMs: sinceMs + 5000,
        because: "signature-too-old",
      }),
    ]);
    await world.verify(byCavage(cavage));
    expect(await listRefusals(world.store.db)).toEqual([]);
  });

  test("leaves no trace where it is none", async () => {
    await world.verify(byCavage(cavage), "unknown.example.com");
    expect(await listRefusals(world.store.db)).toEqual([]);
  });
});
