import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Stage } from "../ocm/stage.ts";
import { offer, openScene, openSceneStage, shown, type Scene } from "./scene.ts";

// The tables of reference/ocm.md 6.2: what Nextcloud takes.

let stage: Stage;
beforeAll(async () => {
  stage = await openSceneStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

describe("Nextcloud 32", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene(stage, 32);
  });
  const post = async (change: object) => scene.post("/shares", JSON.stringify(offer(scene, change)));

  const options = { sharedSecret: "secret" };
  test.each([
    ["webdav with options, unsigned", {}],
    ["the same with a webdav object", { protocol: { name: "webdav", options, webdav: { uri: "7" } } }],
    ["an address with a scheme", "scheme"],
  ] as const)("takes %s", async (_, change) => {
    const shareWith = { shareWith: `bob@https://${scene.cloud.host}` };
    const answer = await post(change === "scheme" ? shareWith : change);
    expect(shown(answer)).toEqual([201, { recipientDisplayName: "Bob B.", recipientUserId: "bob" }]);
    expect(scene.cloud.refusals()).toEqual([]);
  });

  test.each([
    ["multi without options", { protocol: { name: "multi", webdav: options } }, 400, "Missing arguments"],
    ["multi with empty options", { protocol: { name: "multi", options: {} } }, 400, "Missing arguments"],
    [
      "multi with options",
      { protocol: { name: "multi", options } },
      501,
      "Unsupported protocol for data exchange.",
    ],
    ["a folder", { resourceType: "folder" }, 501, expect.any(String)],
    ["the share type federation", { shareType: "federation" }, 501, expect.any(String)],
    ["an owner without @", { owner: "dora" }, 400, expect.any(String)],
  ])("refuses %s", async (_, change, status, message) => {
    const before = scene.cloud.taken().length;
    expect(shown(await post(change))).toMatchObject([status, { message }]);
    expect(scene.cloud.taken()).toHaveLength(before);
  });

  test("refuses an unknown user, and does not read sender", async () => {
    expect((await post({ shareWith: `nobody@${scene.cloud.host}` })).status).toBe(400);
    expect((await post({ sender: "x" })).status).toBe(201);
    expect((await post({ sender: undefined })).status).toBe(201);
  });

  test("notes what the reference does not tell", async () => {
    await scene.post("/shares", JSON.stringify(offer(scene)), { "Content-Type": "text/plain" });
    await scene.post("/request-share", "{}");
    expect(scene.cloud.refusals()).toEqual([
      'POST shares with content type "text/plain"',
      "POST /ocm/request-share: Nextcloud 32 does not serve this",
    ]);
  });
});

describe("the master line", () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene(stage, 34, { sharesPer1200s: null });
  });
  const post = async (change: object) => scene.post("/shares", JSON.stringify(offer(scene, change)));

  test("takes every envelope with a secret", async () => {
    const webdav = { uri: "7", sharedSecret: "secret", permissions: ["read"] };
    expect((await post({})).status).toBe(201);
    expect((await post({ protocol: { name: "multi", options: {}, webdav } })).status).toBe(201);
    expect(shown(await post({ protocol: { name: "multi", options: {} } }))).toMatchObject([
      400,
      { message: "Missing sharedSecret in protocol" },
    ]);
  });

  test("refuses hosts that look like others", async () => {
    const message = "Suspicious domain detected on owner or sharedBy field";
    for (const change of [{ owner: "dora@xn--exmple-cua.example" }, { sharedBy: "dora@exаmple.example" }]) {
      expect(shown(await post(change))).toMatchObject([400, { message }]);
    }
  });

  test("takes five shares of a host in 1200 s", async () => {
    const limited = await openScene(stage, 34);
    limited.cloud.setNow(1_000_000);
    const next = async () => (await limited.post("/shares", JSON.stringify(offer(limited)))).status;
    const first = [await next(), await next(), await next(), await next(), await next()];
    expect([...first, await next()]).toEqual([201, 201, 201, 201, 201, 429]);
    limited.cloud.setNow(1_000_000 + 1_200_000);
    expect(await next()).toBe(201);
  });

  test("answers 404 to other posts that no app takes", async () => {
    const answer = await scene.post("/request-share", "{}");
    expect([answer.status, answer.text]).toEqual([404, '""']);
  });
});
