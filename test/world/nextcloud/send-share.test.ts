import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Stage } from "../ocm/stage.ts";
import { isCavageSignedBy, readCavage } from "../ocm/cavage.ts";
import { readObject } from "../ocm/json.ts";
import { openScene, openSceneStage } from "./scene.ts";

// What Nextcloud does as a client (reference/ocm.md 6.2).

let stage: Stage;
beforeAll(async () => {
  stage = await openSceneStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

const report = { name: "report.pdf", file: "%PDF" };

describe("a share of Nextcloud 32", () => {
  test("has the observed body, and is signed", async () => {
    const { cloud, stranger } = await openScene(stage, 32);
    const made = await cloud.createShare(`dora@${stranger.host}`, report);
    if (made.kind === "failed") throw new Error("The share failed.");
    const ada = cloud.address("ada");
    const [posted] = stranger.received("shares");
    expect(readObject(posted?.body ?? "")).toEqual({
      shareWith: `dora@https://${stranger.host}`,
      shareType: "user",
      name: "report.pdf",
      resourceType: "file",
      description: "",
      providerId: made.share.id,
      owner: ada,
      ownerDisplayName: "ada",
      sharedBy: ada,
      sharedByDisplayName: "ada",
      sender: ada,
      senderDisplayName: "ada",
      protocol: {
        name: "webdav",
        options: {
          sharedSecret: made.share.secret,
          permissions: "{http://open-cloud-mesh.org/ns}share-permissions",
        },
      },
    });
    expect(made.share.secret).toMatch(/^[A-Za-z0-9]{15}$/);
    const signature = readCavage(posted?.headers.get("signature") ?? "");
    expect(signature).toMatchObject({
      keyId: `${cloud.origin}/ocm#signature`,
      algorithm: "rsa-sha512",
      names: ["(request-target)", "content-length", "date", "digest", "host"],
    });
    const told = await stage.ask({ method: "GET", url: `${cloud.origin}/ocm-provider` });
    const { publicKey }: { publicKey: { publicKeyPem: string } } = JSON.parse(told.text);
    const request = {
      method: "POST",
      host: stranger.host,
      target: "/ocm/shares",
      path: "/ocm/shares",
      query: new URLSearchParams(),
      headers: posted?.headers ?? new Map<string, string>(),
      body: Buffer.from(posted?.body ?? ""),
      isTooLarge: false,
    };
    expect(signature !== null && isCavageSignedBy(publicKey.publicKeyPem, request, signature)).toBe(true);
    expect(stranger.received("discovery")).toMatchObject([{ path: "/ocm-provider/" }]);
    expect(stranger.received("discovery")[0]?.headers.get("user-agent")).toBe("Nextcloud Server Crawler");
  });

  test("that is not answered 201 is offered as before Open Cloud Mesh, and fails", async () => {
    const { cloud, stranger } = await openScene(stage, 32);
    stranger.sharesStatus = 200;
    const made = await cloud.createShare(`dora@${stranger.host}`, report);
    expect(made).toMatchObject({ kind: "failed", ocsStatus: 403, isRepeated: false });
    expect(cloud.called().map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /ocm-provider/",
      "POST /ocm/shares",
      "GET /ocs-provider/",
      "POST /ocs/v2.php/cloud/shares",
    ]);
    const form = new URLSearchParams(stranger.received("page").at(-1)?.body);
    expect(Object.fromEntries(form)).toMatchObject({
      shareWith: "dora",
      name: "report.pdf",
      ownerFederatedId: cloud.address("ada"),
      remote: `${cloud.origin}/`,
      shareType: "6",
    });
  });

  test.each([
    ["publicKey is a text", { publicKey: "-----BEGIN RSA PUBLIC KEY-----" }],
    ["there is no endPoint", { endPoint: "" }],
    ["there is no version", { apiVersion: undefined }],
  ])("goes nowhere where %s", async (_, change) => {
    const { cloud, stranger } = await openScene(stage, 32);
    stranger.discovery = { ...stranger.discovery, ...change };
    expect(await cloud.createShare(`dora@${stranger.host}`, report)).toMatchObject({ kind: "failed" });
    expect(stranger.received("shares")).toEqual([]);
  });

  test("that stands already fails", async () => {
    const { cloud, stranger } = await openScene(stage, 32);
    await cloud.createShare(`dora@${stranger.host}`, report);
    const again = await cloud.createShare(`dora@${stranger.host}`, report);
    expect(again).toEqual({ kind: "failed", ocsStatus: 403, answers: [], isRepeated: true });
    expect(stranger.received("shares")).toHaveLength(1);
  });
});

test("the master line looks at the well-known address first, and signs after RFC 9421 for those who read it", async () => {
  const { cloud, stranger } = await openScene(stage, 34);
  await cloud.createShare(`dora@${stranger.host}`, report);
  stranger.discovery = { ...stranger.discovery, capabilities: {} };
  await cloud.createShare(`emil@${stranger.host}`, report);
  expect(stranger.received("discovery").map(({ path }) => path)).toEqual([
    "/.well-known/ocm",
    "/.well-known/ocm",
  ]);
  expect(stranger.received("shares").map(({ headers }) => headers.has("signature-input"))).toEqual([
    true,
    false,
  ]);
});

describe("discovery", () => {
  test("of 32 lies at three paths, and not at the well-known one", async () => {
    const { cloud } = await openScene(stage, 32);
    for (const path of ["/ocm-provider", "/ocm-provider/", "/index.php/ocm-provider"]) {
      const answer = await stage.ask({ method: "GET", url: `${cloud.origin}${path}` });
      expect([answer.status, answer.headers.get("x-nextcloud-ocm-providers")]).toEqual([200, "1"]);
      expect(readObject(answer.text)).toMatchObject({
        apiVersion: "1.0-proposal1",
        version: "1.1.0",
        endPoint: `${cloud.origin}/index.php/ocm`,
        publicKey: { keyId: `${cloud.origin}/ocm#signature` },
        resourceTypes: [{ name: "file", protocols: { webdav: "/public.php/webdav/" } }],
        capabilities: ["/invite-accepted", "/notifications", "/shares"],
      });
    }
    const known = await stage.ask({ method: "GET", url: `${cloud.origin}/.well-known/ocm` });
    expect([known.status, known.text]).toEqual([404, '{"message":"ocm not supported"}']);
    expect(cloud.refusals()).toEqual([]);
  });

  test("of the master line names keys and tokens, its capabilities perhaps as an object", async () => {
    const { cloud } = await openScene(stage, 34);
    const known = async () =>
      readObject((await stage.ask({ method: "GET", url: `${cloud.origin}/.well-known/ocm` })).text);
    expect(await known()).toMatchObject({
      jwksUri: `${cloud.origin}/.well-known/jwks.json`,
      tokenEndPoint: `${cloud.origin}/index.php/apps/cloud_federation_api/api/v1/access-token`,
      capabilities: expect.arrayContaining(["http-sig", "exchange-token", "invites"]),
    });
    cloud.settings.capabilitiesAsObject = true;
    cloud.settings.contactsApp = false;
    expect(await known()).toMatchObject({
      capabilities: { "0": "notifications", "1": "http-sig", "2": "exchange-token" },
    });
    const keys = await stage.ask({ method: "GET", url: `${cloud.origin}/.well-known/jwks.json` });
    expect(readObject(keys.text)).toMatchObject({
      keys: [{ alg: "ES256", kid: `${cloud.origin}/ocm#ecdsa-p256-sha256-1` }],
    });
  });
});
