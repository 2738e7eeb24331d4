import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Stage } from "../ocm/stage.ts";
import { openScene, openSceneStage, shown, type Scene } from "./scene.ts";

// Notifications at Nextcloud 32 (reference/ocm.md 4.5).

let stage: Stage;
beforeAll(async () => {
  stage = await openSceneStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

let scene: Scene;
beforeAll(async () => {
  scene = await openScene(stage, 32);
});

async function notify(type: string, providerId: string, notification: object | undefined) {
  const body = { notificationType: type, resourceType: "file", providerId, notification };
  return shown(await scene.post("/notifications", JSON.stringify(body)));
}

const notFound = {
  message: "RESOURCE_NOT_FOUND",
  validationErrors: [{ name: "notification", message: "NOT_FOUND" }],
};

async function sentShare(name: string) {
  const made = await scene.cloud.createShare(`dora@${scene.stranger.host}`, { name, file: "whole" });
  if (made.kind === "failed") throw new Error("The share failed.");
  return made.share;
}

describe("a notification", () => {
  test("accepts and declines with id and secret; what is declined opens nothing", async () => {
    const { id, secret } = await sentShare("one.txt");
    const read = async () => {
      const url = `${scene.cloud.origin}/public.php/webdav/`;
      const headers = { Authorization: `Basic ${btoa(`${secret}:`)}` };
      return (await scene.stage.ask({ method: "GET", url, headers })).status;
    };
    expect(await notify("SHARE_ACCEPTED", id, { sharedSecret: secret })).toEqual([201, "[]"]);
    expect(await read()).toBe(200);
    expect(await notify("SHARE_DECLINED", id, { sharedSecret: secret })).toEqual([201, "[]"]);
    expect(await read()).toBe(401);
    expect(scene.cloud.sent().at(-1)?.state).toBe("left");
    expect(await notify("SHARE_ACCEPTED", id, { sharedSecret: secret })).toEqual([400, notFound]);
    expect(scene.cloud.refusals()).toEqual([]);
  });

  test("is refused without its payload, with a wrong secret, and of an unknown type", async () => {
    const { id, secret } = await sentShare("two.txt");
    expect(await notify("SHARE_ACCEPTED", id, undefined)).toMatchObject([400, {}]);
    expect(await notify("SHARE_ACCEPTED", id, { sharedSecret: "wrong" })).toEqual([400, notFound]);
    expect(await notify("SHARE_ACCEPTED", `${id}0`, { sharedSecret: secret })).toEqual([400, notFound]);
    expect(await notify("SHARE_ENJOYED", id, { sharedSecret: secret })).toEqual([400, notFound]);
    expect(scene.cloud.sent().at(-1)?.state).toBe("offered");
    expect(scene.cloud.refusals()).toEqual([]);
  });

  test("on resharing is noted", async () => {
    const { id, secret } = await sentShare("three.txt");
    const [status] = await notify("RESHARE_CHANGE_PERMISSION", id, { sharedSecret: secret });
    expect(status).toBe(500);
    expect(scene.cloud.refusals()).toEqual([expect.stringContaining("resharing")]);
  });

  test("has to be signed once the host's key is known", async () => {
    const { id, secret } = await sentShare("four.txt");
    const body = {
      notificationType: "SHARE_ACCEPTED",
      resourceType: "file",
      providerId: id,
      notification: { sharedSecret: secret },
    };
    expect((await scene.postSigned("/notifications", body)).status).toBe(201);
    expect(await notify("SHARE_DECLINED", id, { sharedSecret: secret })).toMatchObject([
      400,
      { message: "instance is supposed to sign its request" },
    ]);
    expect(scene.cloud.sent().at(-1)?.state).toBe("accepted");
  });
});
