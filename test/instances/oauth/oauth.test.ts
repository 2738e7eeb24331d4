import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { registerClient } from "../../../src/instances/oauth/clients.ts";
import { exchangeCode, issueCode } from "../../../src/instances/oauth/tokens.ts";
import { limits } from "../../../src/domain/limits.ts";
import { cozyClientOf } from "../../../src/store/cozy-clients.ts";
import type { Answer } from "../../world/cozy-v1a/stack/outgoing.ts";
import { openStage, type Stage } from "../../world/cozy-v1a/stack/stage.ts";
import { readObject } from "../../world/cozy-v1a/stack/wire.ts";
import { startUsher, type Usher } from "../usher.ts";

let stage: Stage;
let usher: Usher;
beforeAll(async () => {
  stage = await openStage();
  usher = await stage.start(startUsher, "alice");
});
afterAll(async () => {
  await usher[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

const metadata = {
  redirect_uris: ["https://bob.cozy.example/sharings/answer"],
  client_name: "Bob",
  client_kind: "sharing",
  client_uri: "https://bob.cozy.example",
  software_id: "github.com/cozy/cozy-stack",
};
const scope = "io.cozy.tests:ALL:t1";

async function register(change: object = {}): Promise<Answer> {
  return usher.ask("POST", "/auth/register", { body: { ...metadata, ...change } });
}

/** A registered client, and a code that was issued to it. */
async function withCode(nowMs = Date.now()) {
  const { store } = usher.site;
  const client = readObject((await register()).text) ?? {};
  const [clientId, clientSecret] = [String(client["client_id"]), String(client["client_secret"])];
  const grant = { accountId: usher.accountId, clientId, cozySharingId: null, scope };
  const code = await store.transaction(async (db) => issueCode(db, grant, nowMs));
  return { client_id: clientId, client_secret: clientSecret, code };
}

async function token(form: Readonly<Record<string, string>>): Promise<Answer> {
  return usher.ask("POST", "/auth/access_token", { form });
}

describe("a Cozy that registers", () => {
  test("is told its id and secrets once, and gets a number where its name is taken", async () => {
    const first = await register({ client_name: "Twice" });
    expect(first.status).toBe(201);
    expect(readObject(first.text)).toMatchObject({
      redirect_uris: metadata.redirect_uris,
      client_name: "Twice",
      client_kind: "sharing",
      client_secret_expires_at: 0,
      client_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      // Base64url of 24 bytes (reference/cozy.md 5.5).
      client_secret: expect.stringMatching(/^[\w-]{32}$/),
      registration_access_token: expect.stringMatching(/^[\w-]{20,}$/),
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
    });
    const names = [await register({ client_name: "Twice" }), await register({ client_name: "Twice" })];
    expect(names.map(({ text }) => readObject(text)?.["client_name"])).toEqual(["Twice-2", "Twice-3"]);
  });

  test.each([
    ["no redirect", { redirect_uris: [] }, "invalid_redirect_uri"],
    ["redirects that are no list", { redirect_uris: "https://bob.cozy.example/" }, "invalid_redirect_uri"],
    [
      "a redirect without TLS",
      { redirect_uris: ["http://bob.cozy.example/sharings/answer"] },
      "invalid_redirect_uri",
    ],
    ["a fragment", { redirect_uris: ["https://bob.cozy.example/#x"] }, "invalid_redirect_uri"],
    ["a password in it", { redirect_uris: ["https://u:p@bob.cozy.example/"] }, "invalid_redirect_uri"],
    ["no name", { client_name: "" }, "invalid_client_metadata"],
    ["no software", { software_id: undefined }, "invalid_client_metadata"],
  ])("is refused with %s", async (_, change, error) => {
    const { status, text } = await register(change);
    expect([status, readObject(text)?.["error"]]).toEqual([400, error]);
  });

  test("is refused with a redirect to this very host", async () => {
    const { status, text } = await register({ redirect_uris: [`${usher.origin}/sharings/answer`] });
    expect([status, readObject(text)?.["error"]]).toEqual([400, "invalid_redirect_uri"]);
  });

  test("is dropped after half a year without a sharing", async () => {
    const { store } = usher.site;
    const old = await registerFrom("203.0.113.9", "Old", Date.now() - limits.oauthUnboundMs - 1);
    expect(await cozyClientOf(store.db, usher.accountId, old)).toBeDefined();
    await register();
    expect(await cozyClientOf(store.db, usher.accountId, old)).toBeUndefined();
  });
});

/** A client that somebody of a network registered then, with a name that was free: its id. */
async function registerFrom(network: string, name: string, nowMs: number): Promise<string> {
  const of = { accountId: usher.accountId, cozySharingId: null, network };
  const own = { redirectUris: [], name, kind: "", uri: "", softwareId: "x" };
  const { store } = usher.site;
  return (await store.transaction(async (db) => registerClient(db, of, own, nowMs))).clientId;
}

async function stands(clientId: string): Promise<boolean> {
  return (await cozyClientOf(usher.site.store.db, usher.accountId, clientId)) !== undefined;
}

describe("strangers who register without end", () => {
  let honest: string;
  beforeAll(async () => {
    honest = String(readObject((await register({ client_name: "Honest" })).text)?.["client_id"]);
  });

  test("from one network lose their own first clients, and nobody else's", async () => {
    const from = Date.now() - 1_000_000;
    const ids: string[] = [];
    for (let n = 0; n <= limits.oauthUnboundClientsOfNetwork; n += 1)
      ids.push(await registerFrom("2001:db8:0:1", `Stranger ${n}`, from + n));
    expect([await stands(ids[0] ?? ""), await stands(ids[1] ?? "")]).toEqual([false, true]);
    expect(await stands(honest)).toBe(true);
  });

  test("from many networks leave room for whoever registers from another", async () => {
    const from = Date.now() - 500_000;
    for (let n = 0; n < limits.oauthUnboundClients; n += 1)
      await registerFrom(`198.51.100.${n % 6}`, `Crowd ${n}`, from + n);
    expect((await register({ client_name: "Late" })).status).toBe(201);
    expect(await stands(honest)).toBe(true);
    const { db } = usher.site.store;
    const unbound = db.selectFrom("cozy_client").select("id").where("cozy_sharing_id", "is", null);
    expect((await unbound.execute()).length).toBe(limits.oauthUnboundClients);
  });
});

describe("a code", () => {
  test("is exchanged once, and its refresh token gives further access tokens", async () => {
    const { code, ...client } = await withCode();
    const asked = { grant_type: "authorization_code", code, ...client };
    const first = await token(asked);
    expect(first.status).toBe(200);
    const tokens = readObject(first.text) ?? {};
    expect(tokens).toEqual({
      token_type: "bearer",
      scope,
      access_token: expect.stringMatching(/^[\w-]{43}$/),
      refresh_token: expect.stringMatching(/^[\w-]{43}$/),
    });
    const again = await token(asked);
    expect([again.status, readObject(again.text)?.["error"]]).toEqual([400, "invalid_grant"]);
    const refreshed = await token({
      grant_type: "refresh_token",
      refresh_token: String(tokens["refresh_token"]),
      ...client,
    });
    expect(readObject(refreshed.text)).toEqual({
      token_type: "bearer",
      scope,
      access_token: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(readObject(refreshed.text)?.["access_token"]).not.toBe(tokens["access_token"]);
    const swapped = await token({
      grant_type: "refresh_token",
      refresh_token: String(tokens["access_token"]),
      ...client,
    });
    expect(swapped.status).toBe(400);
  });

  test("is exchanged by one of two who ask at once", async () => {
    const { code, ...client } = await withCode();
    const { db } = usher.site.store;
    const row = await cozyClientOf(db, usher.accountId, client.client_id);
    if (row === undefined) throw new Error("There is no client.");
    const once = async () =>
      usher.site.store.transaction(async (tx) => exchangeCode(tx, row, code, Date.now()));
    const got = await Promise.all([once(), once()]);
    expect(got.filter((each) => each !== null)).toHaveLength(1);
  });

  test("is nothing to another client, with a wrong secret, or after its time", async () => {
    const mine = await withCode();
    const other = await withCode();
    const late = await withCode(Date.now() - limits.oauthCodeMs - 1);
    const wrong = [
      { ...other, code: mine.code },
      { ...mine, client_secret: other.client_secret },
      { ...mine, client_id: "0".repeat(32) },
      late,
    ];
    const got = await Promise.all(
      wrong.map(async (form) => token({ grant_type: "authorization_code", ...form })),
    );
    expect(got.map(({ status, text }) => [status, readObject(text)?.["error"]])).toEqual([
      [400, "invalid_grant"],
      [400, "invalid_client"],
      [400, "invalid_client"],
      [400, "invalid_grant"],
    ]);
    expect((await token({ grant_type: "authorization_code", ...mine })).status).toBe(200);
  });

  test("opens what it is for, until its client goes", async () => {
    const { code, ...client } = await withCode();
    const answer = await token({ grant_type: "authorization_code", code, ...client });
    const headers = { authorization: `Bearer ${String(readObject(answer.text)?.["access_token"])}` };
    const app = await usher.app("io.cozy.tests");
    await app("PUT", "/data/io.cozy.tests/t1", { text: "shared" });
    await app("PUT", "/data/io.cozy.tests/t2", { text: "not shared" });
    expect((await usher.ask("GET", "/data/io.cozy.tests/t1", { headers })).status).toBe(200);
    expect((await usher.ask("GET", "/data/io.cozy.tests/t2", { headers })).status).toBe(403);
    await usher.site.store.db.deleteFrom("cozy_client").where("id", "=", client.client_id).execute();
    expect((await usher.ask("GET", "/data/io.cozy.tests/t1", { headers })).status).toBe(401);
  });
});

describe("the page that asks an owner", () => {
  test.each(["GET", "POST"])(
    "tells a browser where the account answers, and gives no code (%s)",
    async (method) => {
      const { client_id } = await withCode();
      const query = new URLSearchParams({
        client_id,
        redirect_uri: metadata.redirect_uris[0] ?? "",
        response_type: "code",
        scope,
        state: "wccKeeGnAppnHgXWqBxKqSpKNpZiMeFR",
      });
      const before = await codes();
      const shown = await usher.ask(method, `/auth/authorize?${query.toString()}`);
      expect([shown.status, shown.headers["content-type"]]).toEqual([401, "text/html; charset=utf-8"]);
      expect(shown.text).toContain("Answer this invitation elsewhere");
      expect(shown.headers.location).toBeUndefined();
      expect(await codes()).toBe(before);
    },
  );

  test.each([
    ["another redirect", { redirect_uri: "https://mallory.example/sharings/answer" }],
    ["no state", { state: "" }],
    ["an unknown client", { client_id: "0".repeat(32) }],
    ["another kind of response", { response_type: "token" }],
  ])("does not know a link with %s", async (_, change) => {
    const { client_id } = await withCode();
    const right = { client_id, redirect_uri: metadata.redirect_uris[0] ?? "", response_type: "code" };
    const query = new URLSearchParams({ ...right, scope, state: "wccKeeGnAppnHgXWqB", ...change });
    const shown = await usher.ask("GET", `/auth/authorize?${query.toString()}`);
    expect(shown.status).toBe(400);
    expect(shown.text).toContain("There is nothing at this link");
  });
});

async function codes(): Promise<number> {
  const rows = await usher.site.store.db.selectFrom("cozy_token").select("secret_hash").execute();
  return rows.length;
}

test("too many wrong secrets send their address away, and right ones still work", async () => {
  const { code, ...client } = await withCode();
  const wrong = { grant_type: "authorization_code", code: "wrong", ...client };
  const statuses: number[] = [];
  for (let tries = 0; tries <= limits.wrongSecrets; tries += 1) statuses.push((await token(wrong)).status);
  expect(statuses.at(-1)).toBe(429);
  expect((await token({ ...wrong, code })).status).toBe(200);
});
