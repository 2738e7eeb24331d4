import { afterAll, beforeAll, expect, test } from "vitest";
import { newCaller } from "../ocm/caller.ts";
import { readObject } from "../ocm/json.ts";
import { openStage, type Stage } from "../ocm/stage.ts";
import { type Seafile, startSeafile } from "./seafile.ts";

let stage: Stage;
let seafile: Seafile;
let other: Seafile;
beforeAll(async () => {
  stage = await openStage(["seafile.example", "other.example", "native.example"]);
  seafile = await stage.start(startSeafile, "seafile.example", {});
  other = await stage.start(startSeafile, "other.example", {});
  seafile.addUser("dora@mail.example");
});
afterAll(async () => stage[Symbol.asyncDispose]());

async function ask(method: string, url: string, more: { body?: object; user?: string } = {}) {
  const { signal } = new AbortController();
  const { call } = newCaller({ resolve: stage.resolve, userAgent: "somebody", signal });
  const headers = more.user === undefined ? {} : { Authorization: `Basic ${btoa(more.user)}` };
  const answer = await call({
    method,
    url,
    headers: { Depth: "1", ...headers },
    ...(more.body === undefined ? {} : { body: JSON.stringify(more.body) }),
  });
  if (answer.kind === "unreachable") throw new Error(answer.reason);
  return answer;
}

const share = (shareWith: string) => ({
  shareWith,
  name: "Plans",
  providerId: "9",
  owner: "ada@sender.example",
  sender: "ada@sender.example",
  sharedBy: "ada@sender.example",
  shareType: "user",
  resourceType: "file",
  protocol: { name: "webdav", options: { sharedSecret: "fifteen", permissions: "read" } },
});

async function post(body: object) {
  return (await ask("POST", `${seafile.origin}/ocm/shares`, { body })).status;
}

test("is found at /ocm-provider/ alone, and ends its endPoint with a slash", async () => {
  const { text } = await ask("GET", `${seafile.origin}/ocm-provider/`);
  expect(readObject(text)).toMatchObject({
    apiVersion: "1.0-proposal1",
    endPoint: `${seafile.origin}/ocm/`,
    resourceTypes: [{ protocols: { webdav: "seafdav" } }],
  });
  expect((await ask("GET", `${seafile.origin}/.well-known/ocm`)).status).toBe(404);
  expect((await ask("POST", `${seafile.origin}/ocm//shares`, { body: share("x") })).status).toBe(404);
  expect(seafile.refusals()).toHaveLength(1);
});

test("takes a share of the old form that has sharedBy", async () => {
  const good = share(`dora@mail.example@${seafile.host}`);
  expect(await post(good)).toBe(201);
  expect(seafile.shares()).toMatchObject([{ user: "dora@mail.example", secret: "fifteen" }]);
  expect(await post({ ...good, sharedBy: undefined })).toBe(400);
  const webdav = { uri: "9", sharedSecret: "fifteen", permissions: ["read"] };
  expect(await post({ ...good, protocol: { name: "multi", options: {}, webdav } })).toBe(400);
});

test("cuts shareWith at http, which serves a scheme and ruins a name", async () => {
  seafile.addUser("http-ada@mail.example");
  expect(await post(share(`dora@mail.example@https://${seafile.host}`))).toBe(201);
  expect(await post(share(`http-ada@mail.example@${seafile.host}`))).toBe(400);
});

test("sends the old form, puts a slash behind any endPoint, and is read by Basic", async () => {
  const resource = { name: "Plans", files: { "pier.md": "# Pier" } };
  const spec = { owner: "dora@mail.example", shareWith: `eve@mail.example@${other.host}`, resource };
  const sent = await seafile.share(spec);
  expect(sent.status).toBe(404);
  expect(other.received().at(-1)?.path).toBe("/ocm//shares");
  const body = readObject(other.received().at(-1)?.body ?? "");
  expect(body).toMatchObject({
    sharedBy: `dora@mail.example@${seafile.host}`,
    resourceType: "file",
    protocol: { name: "webdav", options: { sharedSecret: sent.share.secret } },
  });
  const dav = `${seafile.origin}/seafdav/`;
  expect((await ask("PROPFIND", dav, { user: `${sent.share.secret}:` })).text).toContain("pier.md");
  expect((await ask("PROPFIND", dav, { user: `${sent.share.secret}:x` })).status).toBe(401);
  expect((await ask("GET", `${dav}pier.md`)).status).toBe(401);
  const declined = {
    notificationType: "SHARE_DECLINED",
    providerId: sent.share.id,
    notification: { sharedSecret: sent.share.secret },
  };
  const notify = async (change: object) =>
    (await ask("POST", `${seafile.origin}/ocm/notifications`, { body: { ...declined, ...change } })).status;
  expect(await notify({ notificationType: "SHARE_ACCEPTED" })).toBe(400);
  expect(await notify({ notification: { sharedSecret: "wrong" } })).toBe(400);
  expect(await notify({})).toBe(201);
  expect((await ask("PROPFIND", dav, { user: `${sent.share.secret}:` })).status).toBe(401);
});

test("tells of ends with the shared secret", async () => {
  const resource = { name: "Plans", files: {} };
  const spec = { owner: "dora@mail.example", shareWith: `eve@${other.host}`, resource };
  const { share: made } = await seafile.share(spec);
  await seafile.unshare(made);
  expect(readObject(other.received().at(-1)?.body ?? "")).toMatchObject({
    notificationType: "SHARE_UNSHARED",
    notification: { sharedSecret: made.secret },
  });
  await post({
    ...share(`dora@mail.example@${seafile.host}`),
    providerId: "10",
    sharedBy: `ada@${other.host}`,
  });
  await seafile.decline("10");
  expect(readObject(other.received().at(-1)?.body ?? "")).toMatchObject({
    notificationType: "SHARE_DECLINED",
    providerId: "10",
    notification: { sharedSecret: "fifteen" },
  });
});

test("its native form has resourceTypes as an object, and shares libraries", async () => {
  const native = await stage.start(startSeafile, "native.example", { native: true });
  const { text } = await ask("GET", `${native.origin}/ocm-provider/`);
  expect(readObject(text)?.["resourceTypes"]).toMatchObject({ name: "library" });
  const resource = { name: "Plans", files: {} };
  await native.share({ owner: "dora@mail.example", shareWith: `eve@${other.host}`, resource });
  expect(readObject(other.received().at(-1)?.body ?? "")).toMatchObject({
    resourceType: "library",
    protocol: { name: "Seafile API" },
  });
});
