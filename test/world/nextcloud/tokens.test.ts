import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Stage } from "../ocm/stage.ts";
import { messageFields } from "../ocm/message-signature.ts";
import type { SentShare } from "../ocm/shares.ts";
import { basic } from "../ocm/wire.ts";
import { tokenPath } from "./discovery.ts";
import { asForm, openScene, openSceneStage, shown, type Scene } from "./scene.ts";
import { readObject, textAt } from "../ocm/json.ts";

// The token endpoint of the master line and what its tokens open (reference/ocm.md 4.7).

let stage: Stage;
beforeAll(async () => {
  stage = await openSceneStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

async function exchange({ cloud, stranger }: Scene, change: object = {}, isSigned = true) {
  const fields = { grant_type: "authorization_code", client_id: stranger.host, ...change };
  const body = String(new URLSearchParams(fields));
  const url = new URL(tokenPath, cloud.origin);
  const signature = isSigned ? messageFields(stranger.keys.message, url, body, new Date()) : {};
  const headers = { ...asForm, ...signature };
  return stage.ask({ method: "POST", url: url.href, headers, body });
}

async function tokenFrom(scene: Scene, { secret }: SentShare): Promise<string> {
  return textAt(readObject((await exchange(scene, { code: secret })).text), "access_token");
}

async function statusWith({ cloud }: Scene, authorization: string): Promise<number> {
  const url = `${cloud.origin}/public.php/webdav/`;
  return (await stage.ask({ method: "GET", url, headers: { Authorization: authorization } })).status;
}

async function sentShare({ cloud, stranger }: Scene): Promise<SentShare> {
  const made = await cloud.createShare(`dora@${stranger.host}`, { name: "one.txt", file: "whole" });
  if (made.kind === "failed") throw new Error("The share failed.");
  return made.share;
}

describe("an exchange", () => {
  test("gives a JWT that opens WebDAV until the next exchange, and the secret opens nothing any more", async () => {
    const scene = await openScene(stage, 34);
    const share = await sentShare(scene);
    expect(await statusWith(scene, basic(share.secret, ""))).toBe(200);
    const answer = await exchange(scene, { code: share.secret });
    expect(shown(answer)).toMatchObject([200, { token_type: "Bearer", expires_in: 3600 }]);
    const first = textAt(readObject(answer.text), "access_token");
    const [header, claims] = first
      .split(".")
      .map((part) => readObject(Buffer.from(part, "base64url").toString()));
    expect(header).toMatchObject({ typ: "at+jwt", alg: "ES256" });
    expect(claims).toMatchObject({ iss: scene.cloud.origin, aud: share.to });
    expect(await statusWith(scene, `Bearer ${first}`)).toBe(200);
    const second = await tokenFrom(scene, share);
    expect(await statusWith(scene, `Bearer ${first}`)).toBe(401);
    expect(await statusWith(scene, `Bearer ${second}`)).toBe(200);
    expect(scene.cloud.refusals()).toEqual([]);
    expect(await statusWith(scene, `Bearer ${share.secret}`)).toBe(401);
    expect(await statusWith(scene, basic(share.secret, ""))).toBe(401);
    expect(scene.cloud.refusals()).toEqual([expect.stringContaining("exchanged")]);
    scene.cloud.expireTokens();
    expect(await statusWith(scene, `Bearer ${second}`)).toBe(401);
  });

  test("is refused with a wrong code, unsigned, or of another grant", async () => {
    const scene = await openScene(stage, 34);
    const { secret } = await sentShare(scene);
    const errorOf = async (...how: [object, boolean?]) => shown(await exchange(scene, ...how));
    expect(await errorOf({ code: "wrong" })).toEqual([401, { error: "invalid_grant" }]);
    expect(await errorOf({ code: secret }, false)).toEqual([401, { error: "invalid_request" }]);
    expect(await errorOf({ code: secret, client_id: "elsewhere.example" })).toEqual([
      401,
      { error: "invalid_request" },
    ]);
    expect(await errorOf({ code: secret, grant_type: "ocm_share" })).toEqual([
      400,
      { error: "unsupported_grant_type" },
    ]);
    expect(scene.cloud.sent()).toMatchObject([{ exchanges: 0 }]);
  });

  test("at the same time as another of the same share is noted", async () => {
    const scene = await openScene(stage, 34);
    const share = await sentShare(scene);
    const release = scene.cloud.holdExchanges();
    const both = [tokenFrom(scene, share), tokenFrom(scene, share)];
    await vi.waitFor(() => expect(scene.cloud.refusals()).toHaveLength(1), { timeout: 60_000 });
    release();
    await Promise.all(both);
    expect(scene.cloud.refusals()).toEqual([expect.stringContaining("at the same time")]);
  });
});

test("Nextcloud 32 opens WebDAV by Basic alone", async () => {
  const scene = await openScene(stage, 32);
  const share = await sentShare(scene);
  expect(await statusWith(scene, `Bearer ${share.secret}`)).toBe(401);
  expect(await statusWith(scene, basic(share.secret, ""))).toBe(200);
  expect(scene.cloud.refusals()).toEqual([]);
  expect(await statusWith(scene, basic(share.secret, "password"))).toBe(401);
  expect((await exchange(scene, { code: share.secret }, false)).status).toBe(404);
  expect(scene.cloud.refusals()).toHaveLength(2);
});
