import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Stage } from "../ocm/stage.ts";
import { newCavageKey } from "../ocm/cavage.ts";
import { asJson, offer, openScene, openSceneStage, shown, type Scene } from "./scene.ts";

// Signatures at the server's door (reference/ocm.md 4.8).

let stage: Stage;
beforeAll(async () => {
  stage = await openSceneStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

const invalid = { message: "Invalid signature" };

async function signed(scene: Scene, change: object = {}, date?: Date) {
  return shown(await scene.postSigned("/shares", offer(scene, change), date));
}

describe.each([
  ["32", 32],
  ["the master line", 34],
] as const)("Nextcloud, %s", (_, generation) => {
  test("trusts a key on first use, and wants signatures of its host from then on", async () => {
    const scene = await openScene(stage, generation);
    const unsigned = async () => shown(await scene.post("/shares", JSON.stringify(offer(scene))));
    expect((await unsigned())[0]).toBe(201);
    expect((await signed(scene))[0]).toBe(201);
    expect(scene.cloud.signatories()).toEqual([scene.stranger.host]);
    expect(await unsigned()).toMatchObject([400, { message: "instance is supposed to sign its request" }]);
    scene.cloud.forgetKeys();
    expect((await unsigned())[0]).toBe(201);
    expect(scene.cloud.refusals()).toEqual([]);
  });

  test("refuses a signature for another owner's host, and one older than 300 s", async () => {
    const scene = await openScene(stage, generation);
    expect(await signed(scene, { owner: "dora@elsewhere.example" })).toMatchObject([400, invalid]);
    scene.cloud.setNow(Date.parse("2026-10-01T08:00:00Z"));
    expect(await signed(scene, {}, new Date("2026-10-01T07:54:59Z"))).toMatchObject([400, invalid]);
    expect((await signed(scene, {}, new Date("2026-10-01T07:55:00Z")))[0]).toBe(201);
    expect(scene.cloud.signatureTroubles()).toEqual([
      expect.stringContaining("owner"),
      expect.stringContaining("300 s"),
    ]);
  });

  test("refuses a body that was changed on its way", async () => {
    const scene = await openScene(stage, generation);
    expect((await signed(scene))[0]).toBe(201);
    const [posted] = scene.cloud.received("shares");
    const headers = Object.fromEntries(
      [...(posted?.headers ?? [])].filter(([name]) =>
        /^(host|date|digest|content-digest|signature.*)$/.test(name),
      ),
    );
    const body = (posted?.body ?? "").replace("plan", "plot");
    expect(shown(await scene.post("/shares", body, { ...asJson, ...headers }))).toMatchObject([400, invalid]);
    expect(scene.cloud.signatureTroubles()).toEqual(["the digest is of another body"]);
  });
});

describe("Nextcloud 32", () => {
  test("has a conflict with a key that changed under the same id", async () => {
    const scene = await openScene(stage, 32);
    expect((await signed(scene))[0]).toBe(201);
    const changed = await newCavageKey(scene.stranger.keys.cavage.keyId);
    const { keyId, publicKeyPem } = changed;
    scene.stranger.discovery = { ...scene.stranger.discovery, publicKey: { keyId, publicKeyPem } };
    Object.assign(scene.stranger.keys, { cavage: changed });
    expect(await signed(scene)).toMatchObject([400, invalid]);
    Object.assign(scene.stranger.keys, { cavage: { ...changed, keyId: `${keyId}-2` } });
    expect(await signed(scene)).toMatchObject([400, invalid]);
    expect(scene.cloud.signatureTroubles()).toEqual([
      expect.stringContaining("the key changed"),
      expect.stringContaining("keyId changed"),
    ]);
  });

  test("refuses a keyId that discovery does not name, and bodies over 50000 bytes", async () => {
    const scene = await openScene(stage, 32);
    const { keys } = scene.stranger;
    const right = keys.cavage;
    Object.assign(keys, { cavage: { ...right, keyId: `${right.keyId}-2` } });
    expect(await signed(scene)).toMatchObject([400, invalid]);
    Object.assign(keys, { cavage: right });
    expect(await signed(scene, { description: "x".repeat(50_000) })).toMatchObject([400, invalid]);
    expect(scene.cloud.signatureTroubles()).toEqual([
      "keyId is not the one of discovery",
      "the body is longer than 50000 bytes",
    ]);
  });

  test("cannot read a field with blanks behind the commas", async () => {
    const scene = await openScene(stage, 32);
    await signed(scene);
    const [posted] = scene.cloud.received("shares");
    const headers = Object.fromEntries(posted?.headers ?? []);
    const spaced = { ...headers, signature: (headers["signature"] ?? "").replaceAll(",", ", ") };
    expect(shown(await scene.post("/shares", posted?.body ?? "", spaced))).toMatchObject([400, invalid]);
    expect(scene.cloud.signatureTroubles()).toEqual(["the field Signature cannot be read"]);
  });
});
