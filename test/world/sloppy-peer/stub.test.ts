import { afterAll, beforeAll, expect, test } from "vitest";
import { newCaller } from "../ocm/caller.ts";
import { at, readObject } from "../ocm/json.ts";
import { openStage, type Stage } from "../ocm/stage.ts";
import { type OcmStub, startOcmStub } from "./stub.ts";

let stage: Stage;
let stub: OcmStub;
let other: OcmStub;
beforeAll(async () => {
  stage = await openStage(["stub.example", "other.example"]);
  stub = await stage.start(startOcmStub, "stub.example", { clientIds: ["receiver.example"] });
  other = await stage.start(startOcmStub, "other.example", { clientIds: [stub.host] });
});
afterAll(async () => stage[Symbol.asyncDispose]());

async function ask(
  method: string,
  path: string,
  more: { body?: string; headers?: Record<string, string> } = {},
) {
  const { signal } = new AbortController();
  const { call } = newCaller({ resolve: stage.resolve, userAgent: "somebody", signal });
  const answer = await call({ method, url: stub.origin + path, ...more });
  if (answer.kind === "unreachable") throw new Error(answer.reason);
  return answer;
}

test("is found on both paths, with a bare PKCS1 key", async () => {
  for (const path of ["/ocm-provider/", "/.well-known/ocm"]) {
    const { publicKey } = readObject((await ask("GET", path)).text) ?? {};
    expect(publicKey).toMatch(/^-----BEGIN RSA PUBLIC KEY-----/);
  }
});

test("takes any share with 201, and gets by its code what URI names", async () => {
  expect((await ask("POST", "/ocm/shares", { body: "nonsense" })).status).toBe(201);
  expect(await other.shareWith(`alice@${stub.host}`)).toBe(201);
  expect(stub.shares().at(-1)).toMatchObject({
    code: "123456",
    protocol: { webdav: { URI: `${other.origin}/webdav-api/file.txt` } },
  });
  const [asked] = other.received("token");
  expect(readObject(asked?.body ?? "")).toEqual({
    grant_type: "ocm_authorization_code",
    client_id: stub.host,
    code: "123456",
  });
  expect(other.received("webdav").at(-1)).toMatchObject({ method: "GET", path: "/webdav-api/file.txt" });
  expect(stub.fetched()).toEqual([{ status: 200, text: "Content of the stub.\n" }]);
});

test("shares by a secret when it is told to", async () => {
  const got = stub.fetched().length;
  expect(await other.shareWith(`alice@${stub.host}`, "secret")).toBe(201);
  expect(at(stub.shares().at(-1), "protocol", "webdav", "sharedSecret")).toBe("asdfgh");
  expect(stub.shares().at(-1)).not.toHaveProperty("code");
  expect(stub.fetched()).toHaveLength(got);
});

test("answers notifications with 200 and a text: there is no such route", async () => {
  const answer = await ask("POST", "/ocm/notifications", { body: "{}" });
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/plain"]);
});

test("notifies with a field type and no content-type, signed in a form of its own", async () => {
  await other.shareWith(`alice@${stub.host}`);
  expect(await stub.acceptShare()).toBe(200);
  expect(await stub.deleteAcceptedShare()).toBe(200);
  const [accepted, declined] = other.received("notifications");
  expect(readObject(accepted?.body ?? "")).toMatchObject({ type: "SHARE_ACCEPTED", providerId: "42" });
  expect(accepted?.headers.has("content-type")).toBe(false);
  expect(accepted?.headers.get("signature")).toMatch(
    /^https:\/\/stub\.example:\d+\/ocm#key,rsa-sha256,[^,"=]+=*$/,
  );
  expect(readObject(declined?.body ?? "")).toMatchObject({ type: "SHARE_DECLINED" });
});

test("forwards an invite to the old path", async () => {
  expect(await stub.forwardInvite(`5f0f8a2e@${other.host}`)).toBe(404);
  expect(other.received("page").at(-1)).toMatchObject({ method: "POST", path: "/ocm/invites/accept" });
  expect(other.refusals()).toHaveLength(1);
});

test("a public link is saved as a share", async () => {
  const before = stub.shares().length;
  expect(await other.publicLink(`alice@${stub.host}`)).toBe(201);
  expect(stub.shares()).toHaveLength(before + 1);
});

test("gives tokens by JSON, for one code, to hard-coded clients", async () => {
  const good = { grant_type: "ocm_authorization_code", client_id: "receiver.example", code: "123456" };
  const json = { "Content-Type": "application/json" };
  const token = async (fields: object) => {
    const { status, text } = await ask("POST", "/ocm/token", { body: JSON.stringify(fields), headers: json });
    return [status, readObject(text)];
  };
  expect(await token(good)).toMatchObject([200, { access_token: "asdfgh" }]);
  expect(await token({ ...good, code: "1" })).toEqual([400, { error: "invalid_grant" }]);
  expect(await token({ ...good, client_id: "x.example" })).toEqual([400, { error: "invalid_client" }]);
  const standard = { ...good, grant_type: "authorization_code" };
  expect(await token(standard)).toEqual([400, { error: "unsupported_grant_type" }]);
  const form = await ask("POST", "/ocm/token", { body: String(new URLSearchParams(good)) });
  expect(form.status).toBe(400);
});

test("lists for everybody, and shows the file by Bearer", async () => {
  const listed = await ask("PROPFIND", "/webdav-api/", { headers: { Depth: "1" } });
  expect([listed.status, listed.text]).toEqual([207, expect.stringContaining("file.txt")]);
  const file = async (authorization: string) =>
    ask("GET", "/webdav-api/file.txt", { headers: { Authorization: authorization } });
  expect((await file("Bearer asdfgh")).text).toContain("stub");
  expect((await file("Bearer wrong")).status).toBe(401);
});
