import { afterAll, beforeAll, expect, test } from "vitest";
import { startNextcloud } from "./nextcloud.ts";
import { basic } from "../ocm/wire.ts";
import type { Stage } from "../ocm/stage.ts";
import { openScene, openSceneStage, type Scene, shown } from "./scene.ts";

// What a user's own Nextcloud serves to programs with an app password (reference/ocm.md 5.1 and 5.3).

let stage: Stage;
beforeAll(async () => {
  stage = await openSceneStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

const ocs = { Accept: "application/json", "OCS-APIRequest": "true" };
const shares = "/ocs/v2.php/apps/files_sharing/api/v1/remote_shares";

async function ask(
  { cloud }: Scene,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {
    ...ocs,
    Authorization: basic("ada", cloud.appPassword("ada")),
  },
) {
  return shown(await stage.ask({ method, url: `${cloud.origin}${path}`, headers }));
}

/** Ada of the scene's cloud is offered folders of Eve at another Nextcloud. */
async function offered(...names: readonly string[]) {
  const scene = await openScene(stage, 32);
  const users = [{ uid: "eve", displayName: "Eve E." }];
  const other = await stage.start(startNextcloud, "stranger.example", { generation: 32, users });
  for (const name of names) {
    const made = await other.createShare(scene.cloud.address("ada"), { name, files: { "a.txt": "a" } });
    if (made.kind === "failed") throw new Error("The share failed.");
  }
  return { scene, other };
}

test("pending shares are listed, accepted, shown and left", async () => {
  const { scene, other } = await offered("Reports", "Plans");
  const meta = { status: "ok", statuscode: 200, message: "OK" };
  const [first, second] = scene.cloud.taken();
  const entry = {
    id: 1,
    remote: `${other.origin}/`,
    remote_id: first?.providerId,
    share_token: first?.secret,
    name: "/Reports",
    owner: "eve",
    user: "ada",
    mountpoint: "{{TemporaryMountPointName#/Reports}}",
    accepted: 0,
  };
  expect(await ask(scene, "GET", `${shares}/pending`)).toEqual([
    200,
    { ocs: { meta, data: [entry, expect.objectContaining({ id: 2, name: "/Plans" })] } },
  ]);
  expect((await ask(scene, "POST", `${shares}/pending/1`))[0]).toBe(200);
  expect((await ask(scene, "DELETE", `${shares}/pending/2`))[0]).toBe(200);
  expect([first?.state, second?.state]).toEqual(["accepted", "declined"]);
  expect(other.sent().map(({ state }) => state)).toEqual(["accepted", "declined"]);
  expect(other.received("notifications").map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([
    { notificationType: "SHARE_ACCEPTED", notification: { message: "Recipient accept the share" } },
    { notificationType: "SHARE_DECLINED", notification: { message: "Recipient declined the share" } },
  ]);
  expect(other.received("webdav").map(({ method }) => method)).toEqual(["PROPFIND"]);
  const accepted = { ...entry, mountpoint: "/Reports", accepted: 1 };
  expect(await ask(scene, "GET", shares)).toEqual([200, { ocs: { meta, data: [accepted] } }]);
  expect(await ask(scene, "GET", `${shares}/1`)).toEqual([200, { ocs: { meta, data: accepted } }]);
  expect((await ask(scene, "DELETE", `${shares}/1`))[0]).toBe(200);
  expect(other.sent()[0]?.state).toBe("left");
  expect([...scene.cloud.refusals(), ...other.refusals()]).toEqual([]);
});

test("an unknown id is not found, nor is another user's share", async () => {
  const { scene } = await offered("Reports");
  const missing = { ocs: { meta: { statuscode: 404, message: "wrong share ID, share does not exist." } } };
  expect(await ask(scene, "POST", `${shares}/pending/9`)).toMatchObject([404, missing]);
  const bob = { ...ocs, Authorization: basic("bob", scene.cloud.appPassword("bob")) };
  expect(await ask(scene, "POST", `${shares}/pending/1`, bob)).toMatchObject([404, missing]);
});

test("a wrong password is 401; requests without the fields of OCS are noted", async () => {
  const scene = await openScene(stage, 32);
  const path = `${shares}/pending`;
  expect((await ask(scene, "GET", path, { ...ocs, Authorization: basic("ada", "wrong") }))[0]).toBe(401);
  expect(scene.cloud.refusals()).toEqual([]);
  const Authorization = basic("ada", scene.cloud.appPassword("ada"));
  expect((await ask(scene, "GET", path, { Accept: "application/json", Authorization }))[0]).toBe(412);
  expect((await ask(scene, "GET", path, { "OCS-APIRequest": "true", Authorization }))[0]).toBe(406);
  expect(scene.cloud.refusals()).toHaveLength(2);
});

test("notifications carry ready answers", async () => {
  const { scene } = await offered("Reports");
  const link = `${scene.cloud.origin}${shares}/pending/1`;
  const actions = [
    { link, type: "POST" },
    { link, type: "DELETE" },
  ];
  const answer = await ask(scene, "GET", "/ocs/v2.php/apps/notifications/api/v2/notifications");
  expect(answer).toMatchObject([
    200,
    { ocs: { data: [{ app: "files_sharing", object_type: "remote_share", object_id: "1", actions }] } },
  ]);
});

test("an invitation is accepted by PATCH where the contacts app is", async () => {
  const scene = await openScene(stage, 34);
  const users = [{ uid: "eve", displayName: "Eve E.", mail: "eve@mail.example" }];
  const other = await stage.start(startNextcloud, "stranger.example", { generation: 34, users });
  const { token } = other.createInvite("eve");
  const path = `/index.php/apps/contacts/ocm/invitations/${token}/accept`;
  expect((await ask(scene, "PATCH", `${path}?provider=${other.host}`, {}))[0]).toBe(401);
  expect((await ask(scene, "PATCH", `${path}?provider=${other.host}`))[0]).toBe(200);
  expect(scene.cloud.contacts()).toMatchObject([{ of: "ada", address: other.address("eve") }]);
  expect((await ask(scene, "PATCH", `${path}?provider=${other.host}`))[0]).toBe(409);
  expect(scene.cloud.refusals()).toEqual([]);
});
