import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Stage } from "../ocm/stage.ts";
import { readObject } from "../ocm/json.ts";
import { basic } from "../ocm/wire.ts";
import { startNextcloud } from "./nextcloud.ts";
import { asForm, openScene, openSceneStage, type Scene, shown } from "./scene.ts";

// Public links and what makes shares of them (reference/ocm.md 2.4 and 5.2).

let stage: Stage;
beforeAll(async () => {
  stage = await openSceneStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

const photos = { name: "Photos", files: { "sea.jpg": "blue" } };

async function convert({ cloud }: Scene, fields: Readonly<Record<string, string>>) {
  const url = `${cloud.origin}/index.php/apps/federatedfilesharing/createFederatedShare`;
  const body = String(new URLSearchParams(fields));
  return shown(await stage.ask({ method: "POST", url, headers: asForm, body }));
}

describe("createFederatedShare", () => {
  test("shares a link with an address, whoever asks, and says so when it is shared already", async () => {
    const scene = await openScene(stage, 32);
    const { token, url } = scene.cloud.link(photos);
    expect(url).toBe(`${scene.cloud.origin}/index.php/s/${token}`);
    expect(token).toMatch(/^[A-Za-z0-9]{15}$/);
    const shareWith = `dora@${scene.stranger.host}`;
    const fields = { shareWith, token, password: "" };
    expect(await convert(scene, fields)).toEqual([200, { remoteUrl: scene.stranger.origin }]);
    expect(scene.stranger.received("shares")).toHaveLength(1);
    const [status, answer] = await convert(scene, fields);
    expect([status, JSON.stringify(answer)]).toEqual([
      400,
      expect.stringContaining("already shared with the account"),
    ]);
    expect(scene.cloud.refusals()).toEqual([]);
  });

  test("refuses what cannot be shared", async () => {
    const scene = await openScene(stage, 32);
    const shareWith = `dora@${scene.stranger.host}`;
    const closed = scene.cloud.link({ ...photos, password: "reef" });
    const drop = scene.cloud.link({ ...photos, isFileDrop: true });
    const plain = scene.cloud.link(photos);
    const message = async (fields: Readonly<Record<string, string>>) => {
      const [status, answer] = await convert(scene, { shareWith, password: "", ...fields });
      return `${status} ${JSON.stringify(answer)}`;
    };
    expect(await message({ token: closed.token })).toBe(
      '400 {"message":"No permission to access the share"}',
    );
    expect(await message({ token: "wrong" })).toBe(
      '400 {"message":"The requested share does not exist anymore"}',
    );
    expect(await message({ token: drop.token })).toBe('400 {"message":"Mounting file drop not supported"}');
    expect(await message({ token: plain.token, shareWith: "dora" })).toBe(
      '400 {"message":"Invalid Federated Cloud ID"}',
    );
    scene.stranger.sharesStatus = 400;
    expect(await message({ token: plain.token })).toMatch(/^400 .*could not find/);
    scene.stranger.sharesStatus = 201;
    expect(await message({ token: closed.token, password: "reef" })).toContain("200");
  });
});

test("a user's home asks another Nextcloud for a federated share", async () => {
  const { cloud } = await openScene(stage, 32);
  const users = [{ uid: "eve", displayName: "Eve E." }];
  const home = await stage.start(startNextcloud, "stranger.example", { generation: 32, users });
  const ask = async (headers: Readonly<Record<string, string>>, token: string) =>
    stage.ask({
      method: "POST",
      url: `${home.origin}/index.php/apps/federatedfilesharing/askForFederatedShare`,
      headers: { ...asForm, ...headers },
      body: String(new URLSearchParams({ remote: cloud.origin, token, password: "" })),
    });
  const login = { Authorization: basic("eve", home.appPassword("eve")) };
  const { token } = cloud.link(photos);
  const answer = await ask({ ...login, "OCS-APIRequest": "true" }, token);
  expect(shown(answer)).toMatchObject([
    200,
    { message: expect.stringContaining("Federated Share request sent") },
  ]);
  expect(home.taken()).toMatchObject([{ name: "Photos", user: "eve", owner: cloud.address("ada") }]);
  expect((await ask({ ...login, "OCS-APIRequest": "true" }, "wrong")).status).toBe(400);
  expect((await ask({ "OCS-APIRequest": "true" }, token)).status).toBe(401);
  expect(home.refusals()).toEqual([]);
  expect((await ask(login, token)).status).toBe(412);
  expect(home.refusals()).toHaveLength(1);
});

test("status.php names the product", async () => {
  const { cloud } = await openScene(stage, 32);
  const status = await stage.ask({ method: "GET", url: `${cloud.origin}/status.php` });
  expect(readObject(status.text)).toMatchObject({ productname: "Nextcloud" });
});
