import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readNotification } from "../../../src/store/notifications.ts";
import { readRecord } from "../../../src/store/records.ts";
import {
  addNotification,
  addPerson,
  addToken,
  ask,
  json,
  rows,
  linkCanary,
  openWorld,
  type Person,
  type World,
} from "./world.ts";

let world: World;
let alice: Person;
let bob: Person;
let admin: string;
beforeAll(async () => {
  world = await openWorld();
  alice = await addPerson(world, "alice");
  bob = await addPerson(world, "bob");
  admin = await addToken(world.store, {
    accountId: null,
    scopes: ["notifications:read", "subscriptions:read", "jobs:read", "jobs:write"],
  });
});
afterAll(async () => world[Symbol.asyncDispose]());

describe("lists", () => {
  test("an account sees its own rows, the administrator all, and narrows them by name", async () => {
    for (const [path, mine] of [
      ["/api/v1/notifications?state=held", alice.notification.id],
      ["/api/v1/subscriptions", alice.subscription.id],
    ] as const) {
      const own = await ask(world, "GET", path, { token: alice.token });
      expect(rows(own).map((row) => row["id"])).toEqual([mine]);
      const all = rows(await ask(world, "GET", path, { token: admin }));
      expect(all.map((row) => String(row["account"])).toSorted()).toEqual(["alice", "bob"]);
      const separator = path.includes("?") ? "&" : "?";
      const narrowed = await ask(world, "GET", `${path}${separator}account=alice`, { token: admin });
      expect(rows(narrowed).map((row) => row["id"])).toEqual([mine]);
    }
  });

  test("pages follow each other without a gap or a double, also among rows of one millisecond", async () => {
    await using own = await openWorld();
    const carla = await addPerson(own, "carla");
    const created_at = carla.notification.created_at;
    for (let count = 0; count < 5; count++) await addNotification(own, carla.accountId, { created_at });
    const seen: unknown[] = [];
    let next: string | null = "/api/v1/notifications?limit=2&state=held";
    while (next !== null) {
      const reply = await ask(own, "GET", next, { token: carla.token });
      seen.push(...rows(reply).map((row) => row["id"]));
      next = /^<([^>]+)>; rel="next"$/.exec(String(reply.headers["link"]))?.[1] ?? null;
    }
    expect(seen).toHaveLength(6);
    expect(new Set(seen).size).toBe(6);
  });
});

describe("one notification", () => {
  test("it is shown and explained without its secrets", async () => {
    const { id } = alice.notification;
    const shown = await ask(world, "GET", `/api/v1/notifications/${id}`, { token: alice.token });
    expect(json(shown)).toMatchObject({ id, state: "held", title: "Plans <b>", targets: [], mails: [] });
    const explained = await ask(world, "GET", `/api/v1/notifications/${id}/explain`, { token: alice.token });
    expect(json(explained)).toMatchObject({
      id,
      record: [{ kind: "mail", detail: { evidence: { isJunk: false } } }],
    });
    for (const { text } of [shown, explained]) {
      expect(text).not.toContain("sealed");
      expect(text).not.toContain(linkCanary);
      expect(text).not.toContain(alice.notification.share_key);
    }
  });

  test("accepting plans the work at the origin once and is on record with the token's name", async () => {
    const { id } = await addNotification(world, alice.accountId);
    const path = `/api/v1/notifications/${id}/accept`;
    const accepted = await ask(world, "POST", path, {
      token: alice.token,
      body: { password: "guest-canary", trust: true },
    });
    expect(accepted.status).toBe(202);
    expect(json(accepted)).toMatchObject({ id, state: "accepted", trust: { kind: "not-trusted" } });
    const again = await ask(world, "POST", path, { token: alice.token });
    expect([again.status, json(again)["reason"]]).toEqual([409, "unchanged"]);
    const jobs = await world.store.db.selectFrom("job").select("kind").where("subject", "=", id).execute();
    expect(jobs).toEqual([{ kind: "follow" }]);
    const record = await readRecord(world.store.db, id);
    expect(record.at(-1)?.detail["by"]).toMatch(/^api: token-/);
    expect(world.logged.join("\n") + accepted.text).not.toContain("guest-canary");
  });

  test("ignoring needs no body and tells the origin nothing", async () => {
    const { id } = await addNotification(world, alice.accountId);
    const reply = await ask(world, "POST", `/api/v1/notifications/${id}/ignore`, { token: alice.token });
    expect([reply.status, json(reply)]).toEqual([200, { id, state: "ignored" }]);
    expect(await world.store.db.selectFrom("job").select("id").where("subject", "=", id).execute()).toEqual(
      [],
    );
  });

  test("refusing what cannot be refused ignores it here and says so", async () => {
    const { id } = await addNotification(world, alice.accountId);
    const reply = await ask(world, "POST", `/api/v1/notifications/${id}/refuse`, { token: alice.token });
    expect(json(reply)).toMatchObject({
      id,
      state: "ignored",
      note: expect.stringContaining("cannot be refused"),
    });
  });
});

describe("one subscription", () => {
  test("a look at the origin and the end of it are planned", async () => {
    const carla = await addPerson(world, "carla");
    const path = `/api/v1/subscriptions/${carla.subscription.id}`;
    const { token } = carla;
    expect(json(await ask(world, "GET", path, { token }))).toMatchObject({
      state: "SUBSCRIBED",
      folders: [],
    });
    expect((await ask(world, "POST", `${path}/check`, { token, body: {} })).status).toBe(202);
    expect((await ask(world, "DELETE", path, { token })).status).toBe(202);
    const jobs = await world.store.db
      .selectFrom("job")
      .select("kind")
      .where("subject", "=", carla.subscription.id)
      .orderBy("id")
      .execute();
    expect(jobs).toEqual([{ kind: "check-subscription" }, { kind: "leave" }]);
    const ended = { ended_at: Date.now(), state: "UNSUBSCRIBED" as const };
    await world.store.db
      .updateTable("subscription")
      .set(ended)
      .where("id", "=", carla.subscription.id)
      .execute();
    for (const [method, suffix] of [
      ["DELETE", ""],
      ["POST", "/check"],
      ["GET", "/browse"],
      ["GET", "/content?path=a"],
    ] as const) {
      const reply = await ask(world, method, path + suffix, { token });
      expect([reply.status, json(reply)["reason"]]).toEqual([409, "subscription-ended"]);
    }
  });
});

describe("parked work", () => {
  test("the administrator sees it with its reason and makes it due again", async () => {
    await world.queue.enqueue(world.store.db, { kind: "follow", subject: "n1", lane: "origin/x" });
    const change = { state: "parked" as const, last_error: "three tries" };
    await world.store.db.updateTable("job").set(change).where("subject", "=", "n1").execute();
    const parked = rows(await ask(world, "GET", "/api/v1/jobs/parked", { token: admin }));
    expect(parked).toMatchObject([{ kind: "follow", subject: "n1", lastError: "three tries" }]);
    const path = `/api/v1/jobs/${String(parked[0]?.["id"])}/run-again`;
    expect(json(await ask(world, "POST", path, { token: admin }))).toEqual({ dueAgain: [parked[0]?.["id"]] });
    expect((await ask(world, "POST", path, { token: admin })).status).toBe(404);
  });
});

describe("nothing reaches across accounts", () => {
  test("another account's ids look like ids that do not exist, on every route, and nothing changes", async () => {
    const foreign = { notifications: bob.notification.id, subscriptions: bob.subscription.id };
    const routes = [
      ["GET", "/notifications/ID"],
      ["GET", "/notifications/ID/explain"],
      ["POST", "/notifications/ID/accept"],
      ["POST", "/notifications/ID/ignore"],
      ["POST", "/notifications/ID/refuse"],
      ["GET", "/subscriptions/ID"],
      ["POST", "/subscriptions/ID/check"],
      ["DELETE", "/subscriptions/ID"],
      ["GET", "/subscriptions/ID/browse"],
      ["GET", "/subscriptions/ID/content?path=a"],
    ] as const;
    for (const [method, route] of routes) {
      const id = route.startsWith("/n") ? foreign.notifications : foreign.subscriptions;
      const foreignReply = await ask(world, method, `/api/v1${route.replace("ID", id)}`, {
        token: alice.token,
      });
      const unknownReply = await ask(world, method, `/api/v1${route.replace("ID", "x000000000")}`, {
        token: alice.token,
      });
      expect([route, foreignReply.status, foreignReply.text]).toEqual([route, 404, unknownReply.text]);
    }
    for (const list of ["notifications", "subscriptions"]) {
      const narrowed = await ask(world, "GET", `/api/v1/${list}?account=bob`, { token: alice.token });
      const unknown = await ask(world, "GET", `/api/v1/${list}?account=nobody`, { token: alice.token });
      expect([narrowed.status, narrowed.text]).toEqual([404, unknown.text]);
    }
    expect((await readNotification(world.store.db, bob.notification.id))?.state).toBe("held");
    expect(
      await world.store.db
        .selectFrom("job")
        .selectAll()
        .where("subject", "in", Object.values(foreign))
        .execute(),
    ).toEqual([]);
  });

  test("work of the site is not shown to an account, even with a scope it should not have", async () => {
    const token = await addToken(world.store, {
      accountId: alice.accountId,
      scopes: ["jobs:read", "jobs:write"],
    });
    expect((await ask(world, "GET", "/api/v1/jobs/parked", { token })).status).toBe(404);
    expect((await ask(world, "POST", "/api/v1/jobs/1/run-again", { token })).status).toBe(404);
  });
});
