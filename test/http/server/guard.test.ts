import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import { createWrongSecrets } from "../../../src/http/server/wrong-secrets.ts";
import { isTrustedProxy } from "../../../src/http/server/peer.ts";
import { tokenScopes } from "../../../src/store/api-tokens.ts";
import {
  addPerson,
  addToken,
  ask,
  json,
  openWorld,
  type Person,
  publicHost,
  type Reply,
  type World,
} from "./world.ts";

let world: World;
let alice: Person;
beforeAll(async () => {
  world = await openWorld({ settings: { trustedProxies: ["127.0.0.1"] } });
  alice = await addPerson(world, "alice");
});
afterAll(async () => world[Symbol.asyncDispose]());

const list = "/api/v1/notifications";

describe("tokens", () => {
  test("only the Authorization field carries one", async () => {
    const { token } = alice;
    expect((await ask(world, "GET", list, { token })).status).toBe(200);
    for (const [path, headers] of [
      [list, {}],
      [`${list}?access_token=${token}`, {}],
      [list, { cookie: `token=${token}` }],
      [list, { authorization: `Basic ${btoa(`${token}:`)}` }],
    ] as const) {
      const reply = await ask(world, "GET", path, { headers });
      expect([reply.status, json(reply)["reason"]]).toEqual([401, "token-missing"]);
      expect(reply.headers["www-authenticate"]).toBe('Bearer realm="usher"');
    }
  });

  test("expired and removed ones open nothing", async () => {
    const { accountId } = alice;
    const scopes = ["notifications:read"] as const;
    const expired = await addToken(world.store, { accountId, scopes, expiresAt: Date.now() - 1 });
    const removed = await addToken(world.store, { accountId, scopes });
    expect((await ask(world, "GET", list, { token: removed })).status).toBe(200);
    const last = world.store.db
      .selectFrom("api_token")
      .select("id")
      .orderBy("created_at", "desc")
      .orderBy("rowid" as "id", "desc")
      .limit(1);
    await world.store.db.deleteFrom("api_token").where("id", "=", last).execute();
    for (const token of [expired, removed]) {
      const reply = await ask(world, "GET", list, { token, headers: { "x-forwarded-for": "192.0.2.77" } });
      expect([reply.status, json(reply)["reason"]]).toEqual([401, "token-wrong"]);
    }
  });

  test("each operation needs its own scope, and no other opens it", async () => {
    const operations = await operationsOf(world);
    expect(operations.length).toBeGreaterThan(12);
    const tokens = new Map<string, string>();
    for (const scope of tokenScopes) {
      tokens.set(scope, await addToken(world.store, { accountId: null, scopes: [scope] }));
    }
    for (const { method, path, scope } of operations) {
      for (const [other, token] of tokens) {
        const { status } = await ask(world, method, path.replace("{id}", "0"), { token });
        expect([method, path, other, status === 403]).toEqual([method, path, other, other !== scope]);
      }
    }
  });

  test("the eleventh wrong one from an address is sent away for a while; a right one never is", async () => {
    const wrong = `ush_${"A".repeat(43)}`;
    for (let count = 0; count < limits.wrongSecrets; count++) {
      expect((await from(`2001:db8:1:2::${count + 1}`, wrong)).status).toBe(401);
    }
    const away = await from("2001:db8:1:2:ffff::1", wrong);
    expect(away.status).toBe(429);
    expect(Number(away.headers["retry-after"])).toBeGreaterThan(500);
    expect((await from("2001:db8:1:3::1", wrong)).status).toBe(401);
    expect((await from("192.0.2.1", wrong)).status).toBe(401);
    expect((await from("2001:db8:1:2::1", alice.token)).status).toBe(200);
  });
});

async function from(address: string, token: string): Promise<Reply> {
  return ask(world, "GET", list, { token, headers: { "x-forwarded-for": address } });
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly scope: string;
}

async function operationsOf({ port }: World): Promise<readonly Operation[]> {
  const document = json(await ask({ port }, "GET", "/api/v1/openapi.json"));
  const paths = document["paths"] as Record<string, Record<string, { security?: [{ token: [string] }] }>>;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { security }]) =>
      security === undefined ? [] : [{ method: method.toUpperCase(), path, scope: security[0].token[0] }],
    ),
  );
}

describe("wrong secrets", () => {
  test("are forgotten when their time is over, and the table stays bounded", () => {
    let nowMs = 0;
    const wrong = createWrongSecrets(() => nowMs);
    for (let count = 0; count < limits.wrongSecrets; count++) expect(wrong.count("192.0.2.1")).toBeNull();
    expect(wrong.count("192.0.2.1")).toBe(limits.wrongSecretsMs);
    expect(wrong.count("::ffff:192.0.2.1")).toBe(limits.wrongSecretsMs);
    nowMs = limits.wrongSecretsMs;
    expect(wrong.count("192.0.2.1")).toBeNull();
    for (let count = 0; count <= limits.wrongSecrets; count++) wrong.count("192.0.2.2");
    for (let count = 0; count < limits.wrongSecretsAddresses; count++) {
      wrong.count(`10.${count >> 16}.${(count >> 8) & 255}.${count & 255}`);
    }
    expect(wrong.count("192.0.2.2")).toBeNull();
  });
});

describe("hosts and proxies", () => {
  test("another Host finds nothing, whatever it asks for", async () => {
    for (const host of [
      "evil.example",
      `${publicHost}.evil.example`,
      `${publicHost}:8443`,
      "127.0.0.1",
      `a@${publicHost}`,
    ]) {
      const reply = await ask(world, "GET", list, { token: alice.token, headers: { host } });
      expect([host, reply.status, json(reply)["reason"]]).toEqual([host, 404, "no-such-route"]);
    }
    for (const host of [publicHost.toUpperCase(), `${publicHost}:443`]) {
      expect((await ask(world, "GET", list, { token: alice.token, headers: { host } })).status).toBe(200);
    }
  });

  test("monitors ask for health by address and without a token", async () => {
    const headers = { host: "127.0.0.1" };
    expect(json(await ask(world, "GET", "/health/live", { headers }))).toEqual({ status: "alive" });
    expect(json(await ask(world, "GET", "/health/ready", { headers }))).toEqual({ status: "ready" });
  });

  test("forwarded fields count from configured proxies only", async () => {
    const proxied = { host: "backend.internal", "x-forwarded-host": publicHost };
    expect((await ask(world, "GET", list, { token: alice.token, headers: proxied })).status).toBe(200);
    await using open = await openWorld();
    expect((await ask(open, "GET", "/api/v1/openapi.json", { headers: proxied })).status).toBe(404);
    await ask(open, "GET", "/api/v1/openapi.json", { headers: { "x-forwarded-for": "192.0.2.1" } });
    expect(open.logged.join("\n")).toContain("forwarded-fields-ignored");
  });

  test.each([
    ["127.0.0.1", ["127.0.0.0/8"], true],
    ["::ffff:127.0.0.1", ["127.0.0.1"], true],
    ["10.0.0.1", ["127.0.0.0/8", "::1"], false],
    ["2001:db8::5", ["2001:db8::/32"], true],
    ["rubbish", ["0.0.0.0/0"], false],
    [undefined, [], true],
  ])("a peer %s is a proxy of %j: %s", (peer, trusted, expected) => {
    expect(isTrustedProxy(peer, trusted)).toBe(expected);
  });
});

describe("every answer", () => {
  test("carries the security fields, also where it refuses", async () => {
    for (const [path, status] of [
      ["/health/live", 200],
      [list, 401],
      ["/nowhere", 404],
      ["/%ff", 400],
      ["/answer/unknown", 404],
    ] as const) {
      const reply = await ask(world, "GET", path);
      expect([path, reply.status]).toEqual([path, status]);
      expect(reply.headers).toMatchObject({
        "content-security-policy": expect.stringContaining("default-src 'none'"),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-robots-tag": "noindex",
        "cache-control": "no-store",
      });
    }
  });

  test("names what is wrong with the request, and never repeats it", async () => {
    const accept = `/api/v1/notifications/${alice.notification.id}/accept`;
    const { token } = alice;
    const post = async (headers: Record<string, string>, body: unknown) =>
      ask(world, "POST", accept, { token, headers, body });
    const cases = [
      [await post({}, { password: 7, surplus: "canary" }), 400, "invalid-request"],
      [await post({}, { password: "canary".repeat(50_000) }), 413, "body-too-large"],
      [await post({ "content-type": "text/xml" }, "canary"), 415, "not-json"],
      [await ask(world, "GET", `${list}?limit=canary&cursor=canary`, { token }), 400, "invalid-request"],
      [await ask(world, "GET", "/api/v1/notifications/CANARY", { token }), 400, "invalid-request"],
    ] as const;
    for (const [reply, status, reason] of cases) {
      expect([reply.status, json(reply)["reason"]]).toEqual([status, reason]);
      expect(reply.headers["content-type"]).toContain("application/problem+json");
      expect(reply.text).not.toMatch(/"canary|canarycanary|CANARY|stack|\/src\//);
    }
    expect(json(cases[0][0])["fields"]).toMatchObject([{ field: "body.password" }, { field: "body" }]);
    expect(json(cases[3][0])["fields"]).toMatchObject([{ field: "query.limit" }, { field: "query.cursor" }]);
  });

  test("broken JSON is refused without quoting it", async () => {
    const reply = await rawPost(
      `/api/v1/notifications/${alice.notification.id}/accept`,
      '{"password": canary}',
    );
    expect(reply).toMatch(/^HTTP\/1.1 400 /);
    expect(reply).not.toContain("canary");
  });

  test("what is no HTTP is turned away", async () => {
    expect(await raw("canary\r\n\r\n")).toMatch(/^HTTP\/1.1 400 /);
  });
});

async function rawPost(path: string, body: string): Promise<string> {
  return raw(
    `POST ${path} HTTP/1.1\r\nHost: ${publicHost}\r\nAuthorization: Bearer ${alice.token}\r\nConnection: close\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}

async function raw(bytes: string): Promise<string> {
  const socket = connect(world.port, "127.0.0.1");
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  socket.write(bytes);
  await once(socket, "close");
  return text;
}
