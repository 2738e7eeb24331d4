import { afterAll, beforeAll, expect, test } from "vitest";
import { isObject, readObject } from "../ocm/json.ts";
import { sharesDrive } from "./home.ts";
import { openTwoClouds, type TwoClouds } from "./world.ts";

let clouds: TwoClouds;
beforeAll(async () => {
  clouds = await openTwoClouds();
});
afterAll(async () => clouds[Symbol.asyncDispose]());

async function asDora(method: string, path: string, body?: object, password = clouds.dorasUser.appPassword) {
  const headers = { Authorization: `Basic ${btoa(`dora:${password}`)}`, Depth: "1" };
  return clouds.ask(method, clouds.dora.origin + path, { headers, ...(body === undefined ? {} : { body }) });
}

async function shareWithDora(resource: Parameters<TwoClouds["ada"]["share"]>[0]["resource"]) {
  const { ada, dora, dorasUser } = clouds;
  const { share } = await ada.share({
    owner: "ada",
    shareWith: `${dorasUser.userId}@${dora.host}`,
    resource,
  });
  return { share, id: dora.shares().at(-1)?.id ?? "" };
}

const list = "/graph/v1beta1/me/drive/sharedWithMe";
const children = `/graph/v1beta1/drives/${sharesDrive}/root/children`;

async function listed(name: string): Promise<unknown> {
  const { status, text } = await asDora("GET", list);
  expect(status).toBe(200);
  const value = readObject(text)?.["value"];
  return Array.isArray(value) ? value.find((item) => isObject(item) && item["name"] === name) : null;
}

test("an item is listed only while its sender answers", async () => {
  const { share, id } = await shareWithDora({ name: "listed.pdf", file: "PDF" });
  const item = { remoteItem: { id }, "@client.synchronize": false };
  expect(await listed("listed.pdf")).toMatchObject(item);
  clouds.ada.misbehave({ kind: "status", status: 503, retryAfter: null }, "webdav");
  expect(await listed("listed.pdf")).toBeUndefined();
  clouds.ada.behave();
  expect(await listed("listed.pdf")).toMatchObject(item);
  await clouds.ada.unshare(share);
  expect(await listed("listed.pdf")).toBeUndefined();
});

test("an accepted item is synchronised, and its content stands in a space", async () => {
  const { id } = await shareWithDora({ name: "Minutes", files: { "may.md": "# May" } });
  expect((await asDora("PROPFIND", `/dav/spaces/${id}`)).status).toBe(404);
  const { status, text } = await asDora("POST", children, { name: "Minutes", remoteItem: { id } });
  expect([status, readObject(text)]).toMatchObject([201, { "@client.synchronize": true }]);
  expect(await listed("Minutes")).toMatchObject({ "@client.synchronize": true });
  const found = await asDora("PROPFIND", `/dav/spaces/${id}`);
  expect(found.text).toContain(`<d:href>/dav/spaces/${id}/may.md</d:href>`);
  expect((await asDora("GET", `/dav/spaces/${id}/may.md`)).text).toBe("# May");
  expect(clouds.dora.refusals()).toEqual([]);
});

test("a single file is its own space", async () => {
  const { id } = await shareWithDora({ name: "an nual.pdf", file: "PDF" });
  await asDora("POST", children.replace("$", "%24"), { name: "an nual.pdf", remoteItem: { id } });
  expect((await asDora("GET", `/dav/spaces/${id}`)).text).toBe("PDF");
});

test("there is no way to decline: DELETE is answered 400, OCS 404", async () => {
  const { id } = await shareWithDora({ name: "stays.pdf", file: "PDF" });
  const item = `/graph/v1beta1/drives/${sharesDrive}/items/${encodeURIComponent(`${sharesDrive}!${id}`)}`;
  expect((await asDora("DELETE", item)).status).toBe(400);
  expect(await listed("stays.pdf")).toBeDefined();
  for (const path of ["", "/pending", "/pending/3"]) {
    const remoteShares = `/ocs/v2.php/apps/files_sharing/api/v1/remote_shares${path}`;
    expect((await asDora("GET", remoteShares)).status).toBe(404);
  }
});

test("a wrong password opens nothing", async () => {
  for (const [method, path] of [
    ["GET", list],
    ["POST", children],
    ["PROPFIND", "/dav/spaces/x"],
  ] as const) {
    expect((await asDora(method, path, undefined, "wrong")).status).toBe(401);
  }
});

test("what no reference tells of is noted", async () => {
  await using fresh = await openTwoClouds();
  const { ask, dora, dorasUser } = fresh;
  const headers = { Authorization: `Basic ${btoa(`dora:${dorasUser.appPassword}`)}` };
  await ask("GET", `${dora.origin}/graph/v1.0/me`, { headers });
  await ask("POST", dora.origin + children, { headers, body: { name: "x", remoteItem: { id: "none" } } });
  expect(dora.refusals()).toHaveLength(2);
});
