import { afterAll, beforeAll, expect, test } from "vitest";
import { readDiscovery } from "../../../src/protocols/ocm/discovery.ts";
import { startUsher, type Usher } from "../usher.ts";
import { openStage, type Stage } from "../../world/ocm/stage.ts";

let stage: Stage;
let usher: Usher;

beforeAll(async () => {
  stage = await openStage(["usher.example", "off.example"]);
  usher = await startUsher(stage, {
    hostname: "usher.example",
    ocm: { provider: "Example Cloud", mustInvite: true, deny: ["evil.example"] },
  });
});

afterAll(async () => {
  await usher[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

const paths = ["/.well-known/ocm", "/ocm-provider", "/ocm-provider/"];

async function discovery(path: string, headers = {}) {
  const answer = await usher.ask("GET", path, { headers });
  const body: Record<string, unknown> = JSON.parse(answer.text);
  return { ...answer, body };
}

test("one discovery on all three paths, without redirect, to be kept for a while", async () => {
  const answers = await Promise.all(paths.map(async (path) => discovery(path)));
  for (const { status, headers, text } of answers) {
    expect([status, headers.get("content-type")]).toEqual([200, "application/json; charset=utf-8"]);
    expect(headers.get("cache-control")).toMatch(/^public, max-age=\d+$/);
    expect(text).toBe(answers[0]?.text);
  }
});

test("it has the fields of both generations", async () => {
  const { body } = await discovery("/.well-known/ocm");
  const { origin } = usher;
  expect(body).toMatchObject({
    enabled: true,
    apiVersion: "1.4.0",
    version: "1.4.0",
    endPoint: `${origin}/ocm`,
    provider: "Example Cloud",
    criteria: ["denylist", "must-invite"],
    inviteAcceptDialog: `${origin}/ocm/invite-accept`,
    tokenEndPoint: `${origin}/ocm/token`,
    jwksUri: `${origin}/.well-known/jwks.json`,
    publicKey: {
      keyId: `${origin}/ocm#signature`,
      id: `${origin}/ocm#signature`,
      publicKeyPem: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n/),
    },
  });
  expect(body["resourceTypes"]).toEqual(
    ["file", "folder"].map((name) => ({ name, shareTypes: ["user"], protocols: { webdav: "/dav/ocm/" } })),
  );
  expect(body["shareTypes"]).toEqual(body["resourceTypes"]);
  const today = ["exchange-token", "http-sig", "invites", "invite-wayf", "notifications", "protocol-object"];
  // Nextcloud's contacts app looks for the older names (reference/ocm.md 4.2, NCC).
  expect(body["capabilities"]).toEqual([...today, "/notifications", "/invite-accepted"]);
});

test("what nobody asks for is not there (reference/ocm.md 4.4, 6.2)", async () => {
  // Nextcloud 32 tries the last two where a share was not taken.
  for (const [method, path] of [
    ["POST", "/ocm/request-share"],
    ["POST", "/ocm/anything"],
    ["GET", "/ocs-provider/"],
    ["POST", "/ocs/v2.php/cloud/shares?format=json"],
  ] as const) {
    const body = method === "GET" ? {} : { body: {} };
    expect([path, (await usher.ask(method, path, body)).status]).toEqual([path, 404]);
  }
});

test("Usher reads of itself that it wants the form multi", async () => {
  const { body } = await discovery("/.well-known/ocm");
  const read = readDiscovery(usher.host, body);
  expect(read).toMatchObject({ kind: "peer", peer: { form: "multi", webdavPath: "/dav/ocm/" } });
});

test("Nextcloud before 32 turns away what is neither 1.0 nor 1.1", async () => {
  const crawler = { "user-agent": "Nextcloud Server Crawler" };
  const { body, headers } = await discovery("/ocm-provider/", crawler);
  expect([body["apiVersion"], headers.get("vary")]).toEqual(["1.1", "user-agent"]);
});

test("the key set holds the public half of one key, under the name that the site signs with", async () => {
  const answer = await usher.ask("GET", "/.well-known/jwks.json");
  const { keys }: { keys: object[] } = JSON.parse(answer.text);
  expect(keys).toEqual([
    {
      kty: "OKP",
      crv: "Ed25519",
      x: expect.any(String),
      kid: `${usher.origin}/ocm#ed25519-1`,
      alg: "Ed25519",
      use: "sig",
    },
  ]);
});

test("nothing of it is served where Open Cloud Mesh is switched off", async () => {
  const off = await startUsher(stage, { hostname: "off.example", ocm: { enabled: false } });
  for (const path of [...paths, "/.well-known/jwks.json"]) {
    expect([path, (await off.ask("GET", path)).status]).toEqual([path, 404]);
  }
  for (const path of ["/ocm/shares", "/ocm/notifications"]) {
    expect([path, (await off.ask("POST", path, { body: {} })).status]).toEqual([path, 404]);
  }
  await off[Symbol.asyncDispose]();
});
