import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { json, publicHost, rows } from "../http/server/world.ts";
import { addressOf } from "../world/world.ts";
import {
  type AnswerScene,
  noticeArrives,
  noticesAbout,
  noWorkLeft,
  openAnswerScene,
} from "./answer-scene.ts";
import { deliverAndFind, notificationIn, subscriptionOf, until } from "./scene.ts";

const bob = addressOf("bob");
const answering = ["notifications:read", "notifications:answer", "subscriptions:read", "files:read"];
let scene: AnswerScene;
let bobsToken: string;
let carlasToken: string;

beforeAll(async () => {
  scene = await openAnswerScene({}, { accounts: ["bob", "carla"] });
  bobsToken = await scene.addToken("bobs-phone", answering, "bob");
  carlasToken = await scene.addToken("carlas-phone", answering, "carla");
  await scene.start();
});
afterAll(async () => scene[Symbol.asyncDispose]());

async function held(title: string, share: { readonly isAuthenticated?: boolean } = {}) {
  const shared = scene.world.share(bob, { title, files: ["quay.odt"], ...share });
  return { ...shared, id: (await deliverAndFind(scene, shared.mail, title)).id };
}

describe("answers on the command line", () => {
  test("accept and trust the sender, so that his next share counts as one of a trusted sender", async () => {
    const { id } = await held("By command", { isAuthenticated: true });
    const run = await scene.usher("notification", "accept", id, "--trust", "--wait");
    expect([run.code, run.err]).toEqual([0, expect.stringContaining("alice@origin.example is trusted")]);
    expect(await subscriptionOf(scene, id)).toMatchObject({ state: "SUBSCRIBED" });
    const next = await held("Of a trusted one", { isAuthenticated: true });
    const { out } = await scene.usher("notification", "explain", next.id);
    expect(out).toContain("contact: trusted by the account");
  });

  test("trust nobody whom the mail server did not vouch for", async () => {
    const { id } = await held("Unproven");
    const run = await scene.usher("notification", "accept", id, "--trust", "--wait");
    expect([run.code, run.err]).toEqual([0, expect.stringContaining("not trusted")]);
    await notificationIn(scene, "Unproven", "followed");
  });
});

describe("answers over the API", () => {
  test("accept: the share is followed, its files are listed and read, and a notice tells the account", async () => {
    const { id } = await held("By API");
    const path = `/api/v1/notifications/${id}`;
    const listed = rows(await scene.ask("GET", "/api/v1/notifications?state=held", { token: bobsToken }));
    expect(listed.map((row) => row["id"])).toContain(id);
    expect((await scene.ask("POST", `${path}/accept`, { token: bobsToken, body: {} })).status).toBe(202);
    await notificationIn(scene, "By API", "followed");
    const row = await subscriptionOf(scene, id);
    const below = `/api/v1/subscriptions/${row.id}`;
    expect(json(await scene.ask("GET", below, { token: bobsToken }))).toMatchObject({ state: "SUBSCRIBED" });
    const files = await scene.ask("GET", `${below}/browse`, { token: bobsToken });
    expect([files.status, files.text]).toEqual([200, expect.stringContaining("quay.odt")]);
    const told = json(await scene.ask("GET", `${path}/explain`, { token: bobsToken }));
    expect(JSON.stringify(told)).toContain("api: bobs-phone");
    await noticeArrives(scene, "By API", { count: 2 });
  });

  test("ignore: nothing is asked of the origin, then and later", async () => {
    const { id, token } = await held("Ignored by API");
    const path = `/api/v1/notifications/${id}/ignore`;
    expect((await scene.ask("POST", path, { token: bobsToken })).status).toBeLessThan(300);
    await notificationIn(scene, "Ignored by API", "ignored");
    await noWorkLeft(scene);
    expect(scene.world.origin.guestLogins(token)).toEqual({ successful: 0, failed: 0 });
    expect(scene.world.origin.counters().linkOpens[token] ?? 0).toBe(0);
    expect((await scene.ask("POST", path, { token: bobsToken })).status).toBe(409);
  });

  test("accept at once from many sides is one acceptance", async () => {
    const { id, token } = await held("All at once");
    const path = `/api/v1/notifications/${id}/accept`;
    const replies = await Promise.all(
      [1, 2, 3, 4].map(async () => scene.ask("POST", path, { token: bobsToken, body: {} })),
    );
    const said = replies.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(said).toEqual([202, 409, 409, 409]);
    await notificationIn(scene, "All at once", "followed");
    expect(scene.world.origin.guestLogins(token).successful).toBe(1);
  });

  test("another account's token finds nothing, reads nothing and answers nothing", async () => {
    const { id } = await held("Not hers");
    const path = `/api/v1/notifications/${id}`;
    for (const [method, way] of [
      ["GET", path],
      ["GET", `${path}/explain`],
      ["POST", `${path}/accept`],
      ["POST", `${path}/ignore`],
      ["POST", `${path}/refuse`],
    ] as const) {
      const reply = await scene.ask(method, way, { token: carlasToken });
      const nothing = await scene.ask(method, way.replace(id, "n000000000"), { token: carlasToken });
      expect([way, reply.status, reply.text]).toEqual([way, 404, nothing.text]);
    }
    expect(rows(await scene.ask("GET", "/api/v1/notifications", { token: carlasToken }))).toEqual([]);
    expect((await scene.ask("GET", "/api/v1/notifications?account=bob", { token: carlasToken })).status).toBe(
      404,
    );
    expect((await notificationIn(scene, "Not hers", "held")).state).toBe("held");
  });

  test("a token without the scope, a removed one and none at all are refused", async () => {
    const { id } = await held("Scopes");
    const path = `/api/v1/notifications/${id}/accept`;
    const reading = await scene.addToken("only-reads", ["notifications:read"], "bob");
    expect((await scene.ask("POST", path, { token: reading })).status).toBe(403);
    expect((await scene.ask("POST", path)).status).toBe(401);
    expect((await scene.ask("GET", `/api/v1/notifications/${id}`, { token: reading })).status).toBe(200);
    await scene.usherJson("token", "remove", "only-reads");
    const after = await scene.ask("GET", `/api/v1/notifications/${id}`, { token: reading });
    expect([after.status, after.text]).toEqual([401, expect.stringContaining("token-wrong")]);
    expect((await notificationIn(scene, "Scopes", "held")).state).toBe("held");
  });

  test("are heard under the public name only, and described by an OpenAPI document there", async () => {
    const url = "/api/v1/openapi.json";
    expect(json(await scene.ask("GET", url))).toMatchObject({ openapi: "3.1.0" });
    for (const host of ["127.0.0.1", "bob.example.org", `${publicHost}.example.net`, "localhost"]) {
      expect((await scene.ask("GET", url, { headers: { host } })).status).toBe(404);
      const asked = await scene.ask("GET", "/api/v1/notifications", { headers: { host }, token: bobsToken });
      expect([asked.status, asked.text]).toEqual([404, expect.stringContaining("no-such-route")]);
    }
    expect((await scene.ask("GET", "/health/live", { headers: { host: "127.0.0.1" } })).status).toBe(200);
  });

  test("the link of a share and tokens are in no answer and no log", async () => {
    const { id, token } = await held("Secrets stay");
    const path = `/api/v1/notifications/${id}`;
    await scene.ask("POST", `${path}/accept`, { token: bobsToken, body: {} });
    await until("it is followed", async () => (await subscriptionOf(scene, id).catch(() => null)) !== null);
    const replies = await Promise.all(
      [path, `${path}/explain`].map(async (way) => scene.ask("GET", way, { token: bobsToken })),
    );
    const said = replies.map(({ text }) => text).join("\n") + scene.daemon.text();
    for (const secret of [token, bobsToken, carlasToken]) expect(said).not.toContain(secret);
    expect(await noticesAbout(scene, "Secrets stay", "carla")).toEqual([]);
  });
});
