import { describe, expect, test } from "vitest";
import { readObject } from "../ocm/json.ts";
import { openTwoClouds, shareBody, type TwoClouds } from "./world.ts";

const file = { name: "report.pdf", file: "PDF" };

/** Dora accepts an invite of Ada's. */
async function acquainted({ ada, dora }: TwoClouds): Promise<void> {
  const { token, providerDomain } = await ada.createInvite("ada");
  expect(await dora.acceptInvite("dora", { token, providerDomain })).toBe(200);
}

async function post({ ask, dora }: TwoClouds, path: string, body: object) {
  return ask("POST", `${dora.origin}${path}`, { body });
}

describe("oCIS", () => {
  test("takes shares of those alone whose invite was accepted: 401, then 201", async () => {
    await using clouds = await openTwoClouds({ family: "ocis" });
    const stranger = await post(clouds, "/ocm/shares", shareBody(clouds));
    expect([stranger.status, JSON.parse(stranger.text)]).toMatchObject([
      401,
      { message: "no accepted invite for this sender" },
    ]);
    await acquainted(clouds);
    expect((await post(clouds, "/ocm/shares", shareBody(clouds))).status).toBe(201);
    expect(clouds.dora.shares()).toMatchObject([{ webdav: "7f2c" }]);
  });

  test("is unshared by providerId and grantee, without secret; breaks where the notification is missing", async () => {
    await using clouds = await openTwoClouds({ family: "ocis", webdavForm: "absolute-uri" });
    const { ada, dora, dorasUser } = clouds;
    await acquainted(clouds);
    const shareWith = `${dorasUser.userId}@${dora.host}`;
    const { share, status } = await ada.share({ owner: "ada", shareWith, resource: file });
    expect([status, dora.shares()]).toMatchObject([201, [{ providerId: share.id }]]);
    const unshared = { notificationType: "SHARE_UNSHARED", resourceType: "file", providerId: share.id };
    const notification = { grantee: `eve@${dora.host}` };
    expect((await post(clouds, "/ocm/notifications", unshared)).status).toBe(500);
    expect((await post(clouds, "/ocm/notifications", { ...unshared, notification })).status).toBe(404);
    const accepted = { ...unshared, notificationType: "SHARE_ACCEPTED", notification };
    expect((await post(clouds, "/ocm/notifications", accepted)).status).toBe(400);
    expect(dora.shares()).toHaveLength(1);
    expect(await ada.unshare(share)).toMatchObject({ status: 201 });
    expect(dora.shares()).toEqual([]);
    const told = JSON.parse(dora.received("notifications").at(-1)?.body ?? "");
    expect(told).toEqual({ ...unshared, notification: { grantee: shareWith } });
  });
});

describe("reva", () => {
  const reva = { family: "reva" } as const;

  test("says 1.3.0, what it can do and demands; to Nextcloud it says 1.1", async () => {
    await using clouds = await openTwoClouds({ ...reva, exchangesTokens: true });
    const { ask, ada } = clouds;
    const discovery = async (userAgent: string) => {
      const headers = { "User-Agent": userAgent };
      return readObject((await ask("GET", `${ada.origin}/.well-known/ocm`, { headers })).text);
    };
    expect(await discovery("somebody")).toMatchObject({
      apiVersion: "1.3.0",
      capabilities: ["invites", "protocol-object", "invite-wayf", "exchange-token"],
      criteria: ["must-invite"],
      tokenEndPoint: `${ada.origin}/ocm/token`,
    });
    expect(await discovery("Nextcloud Server Crawler")).toMatchObject({ apiVersion: "1.1" });
  });

  test("refuses strangers, unknown permissions and requirements, odd URIs and types that the sender does not have", async () => {
    await using clouds = await openTwoClouds(reva);
    const good = shareBody(clouds);
    expect((await post(clouds, "/ocm/shares", good)).status).toBe(403);
    await acquainted(clouds);
    const taken = await post(clouds, "/ocm/shares", good);
    expect([taken.status, JSON.parse(taken.text)]).toEqual([201, { recipientDisplayName: "Dora Example" }]);
    const changed = (change: object) => ({
      ...good,
      protocol: { ...good.protocol, webdav: { ...good.protocol.webdav, ...change } },
    });
    for (const body of [
      changed({ permissions: ["read", "fly"] }),
      changed({ requirements: ["must-sing"] }),
      changed({ uri: "a/../../b" }),
      changed({ uri: "http://cloud.ada.example/7f2c" }),
      { ...good, resourceType: "calendar" },
    ]) {
      const { status, text } = await post(clouds, "/ocm/shares", body);
      expect([status, JSON.parse(text)]).toMatchObject([400, { code: "INVALID_PARAMETER" }]);
    }
  });

  test("takes the options of the old form", async () => {
    await using clouds = await openTwoClouds(reva);
    await acquainted(clouds);
    const options = { sharedSecret: "old", permissions: "read" };
    const body = { ...shareBody(clouds), protocol: { name: "webdav", options } };
    expect((await post(clouds, "/ocm/shares", body)).status).toBe(201);
  });

  test.each([
    ["bare", /^[0-9a-f-]{36}$/],
    ["id-at-host", /^[0-9a-f-]{36}@cloud\.ada\.example:\d+$/],
    ["base64", /^[A-Za-z0-9+/]{40,}=*$/],
  ] as const)("tells %s ids and relative URIs, which the other side finds", async (userIds, form) => {
    await using clouds = await openTwoClouds({ ...reva, userIds });
    const { ada, dora, adasUser } = clouds;
    await acquainted(clouds);
    expect(adasUser.userId).toMatch(form);
    const shareWith = dora.addressOf("dora");
    const { share, status } = await ada.share({ owner: "ada", shareWith, resource: file });
    expect([status, dora.shares()]).toMatchObject([201, [{ webdav: share.id }]]);
    expect(await dora.use(dora.shares()[0]?.id ?? "")).toMatchObject({ status: 207 });
  });

  test.each(["ocm_share", "standard"] as const)("exchanges tokens: %s", async (tokenForm) => {
    await using clouds = await openTwoClouds({ ...reva, exchangesTokens: true, tokenForm });
    const { ada, dora, dorasUser, ask } = clouds;
    await acquainted(clouds);
    const shareWith = `${dorasUser.userId}@${dora.host}`;
    const spec = { owner: "ada", shareWith, resource: file, mustExchangeToken: true };
    const { share } = await ada.share(spec);
    expect(dora.shares()).toMatchObject([{ requirements: ["must-exchange-token"] }]);
    expect(await dora.use(dora.shares()[0]?.id ?? "")).toMatchObject({ status: 207 });
    const plain = { headers: { Authorization: `Bearer ${share.secret}`, Depth: "0" } };
    expect((await ask("PROPFIND", `${ada.origin}/dav/ocm/${share.id}`, plain)).status).toBe(401);
  });

  test.each([
    ["no code", { grant_type: "ocm_share", client_id: "x.example" }, "invalid_request"],
    [
      "another grant",
      { grant_type: "password", client_id: "x.example", code: "y" },
      "unsupported_grant_type",
    ],
    ["an unknown code", { grant_type: "ocm_share", client_id: "x.example", code: "y" }, "invalid_grant"],
  ])("gives no token for %s", async (_, body, error) => {
    await using clouds = await openTwoClouds({ ...reva, exchangesTokens: true });
    const { status, text } = await post(clouds, "/ocm/token", body);
    expect([status, JSON.parse(text)]).toEqual([400, { error }]);
  });
});
