import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import { readNotification } from "../../../src/store/notifications.ts";
import { readRecord } from "../../../src/store/records.ts";
import {
  addNotification,
  addPage,
  addPerson,
  ask,
  fingerprint,
  linkCanary,
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

interface Held {
  readonly id: string;
  readonly page: string;
}

async function held(): Promise<Held> {
  const { id } = await addNotification(world, alice.accountId);
  return { id, page: await addPage(world, alice, id) };
}

async function formOf(page: string): Promise<string> {
  const reply = await ask(world, "GET", page);
  return /name="form" value="([^"]+)"/.exec(reply.text)?.[1] ?? "";
}

async function stateOf(id: string): Promise<string | undefined> {
  return (await readNotification(world.store.db, id))?.state;
}

/** Each test asks from an address of its own, so that wrong secrets of one are not counted for another. */
let askers = 0;
async function post(
  page: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Reply> {
  return ask(world, "POST", page, {
    form,
    headers: { "x-forwarded-for": `192.0.2.${++askers}`, ...headers },
  });
}

describe("the page of a notice", () => {
  test("shows what is shared, without the link of the share", async () => {
    const { page } = await held();
    const { status, text } = await ask(world, "GET", page);
    expect(status).toBe(200);
    expect(text).toContain("carla@example.com");
    expect(text).not.toContain(linkCanary);
  });

  test("accepts once, and is on record as the page", async () => {
    const { id, page } = await held();
    const form = await formOf(page);
    const done = await post(page, { form, action: "accept", password: "guest-canary" });
    expect([done.status, await stateOf(id)]).toEqual([200, "accepted"]);
    expect((await readRecord(world.store.db, id)).at(-1)?.detail).toMatchObject({
      by: "page",
      withPassword: true,
    });
    expect((await post(page, { form, action: "ignore" })).status).toBe(404);
    expect(await stateOf(id)).toBe("accepted");
    const said = world.logged.join("\n");
    expect(said).toContain("/answer/:secret");
    expect(done.text + said).not.toContain("guest-canary");
    expect(said).not.toContain(page.slice(-43));
  });

  test("two answers at once are one answer", async () => {
    const { id, page } = await held();
    const form = await formOf(page);
    const replies = await Promise.all(
      ["accept", "ignore", "accept", "ignore"].map(async (action) => post(page, { form, action })),
    );
    expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 404, 404, 404]);
    const answers = (await readRecord(world.store.db, id)).filter(({ kind }) => kind === "decision");
    expect(answers).toHaveLength(1);
  });

  test("an answer that fails half-way has not happened, and the link still works", async () => {
    const { id, page } = await held();
    const form = await formOf(page);
    const enqueue = vi.spyOn(world.queue, "enqueue").mockRejectedValueOnce(new Error("killed here"));
    expect((await post(page, { form, action: "accept" })).status).toBe(500);
    enqueue.mockRestore();
    expect(await stateOf(id)).toBe("held");
    expect((await post(page, { form, action: "accept" })).status).toBe(200);
    expect(await stateOf(id)).toBe("accepted");
  });

  test("a page that was loaded before a restart can still be answered", async () => {
    const { id, page } = await held();
    const form = await formOf(page);
    await using restarted = await world.again();
    const port = Number(new URL(restarted.address).port);
    expect((await ask({ port }, "POST", page, { form: { form, action: "ignore" } })).status).toBe(200);
    expect(await stateOf(id)).toBe("ignored");
  });

  test("the stylesheet comes from here", async () => {
    const css = await ask(world, "GET", "/pages.css");
    expect([css.status, css.headers["content-type"]]).toEqual([200, "text/css; charset=utf-8"]);
  });
});

describe("what does not act", () => {
  test("a form that was never loaded, is another page's, or is too old, shows the page anew", async () => {
    const one = await held();
    const other = await held();
    const old = await formOf(one.page);
    const now = Date.now();
    const clock = vi.spyOn(Date, "now").mockReturnValue(now + limits.formTokenMs + 1000);
    const late = await post(one.page, { form: old, action: "accept" });
    clock.mockRestore();
    const replies = [
      late,
      await post(one.page, { action: "accept" }),
      await post(one.page, { form: "u1:guess", action: "accept" }),
      await post(one.page, { form: await formOf(other.page), action: "accept" }),
      await post(one.page, { form: old, action: "refuse" }),
    ];
    for (const { status, headers } of replies) expect([status, headers["location"]]).toEqual([303, one.page]);
    expect(await stateOf(one.id)).toBe("held");
    expect((await post(one.page, { form: old, action: "ignore" })).status).toBe(200);
  });

  test("an answer that changes nothing says why, and the link still works", async () => {
    const { id } = await addNotification(world, alice.accountId, { reason: "junk" });
    const page = await addPage(world, alice, id);
    expect((await ask(world, "GET", page)).text).toContain("lies in Junk");
    const refused = await post(page, { form: await formOf(page), action: "accept" });
    expect(refused.text).toContain("lies in Junk");
    expect(await stateOf(id)).toBe("held");
    expect((await post(page, { form: await formOf(page), action: "ignore" })).status).toBe(200);
    expect(await stateOf(id)).toBe("ignored");
  });

  test("a form of another site", async () => {
    const { id, page } = await held();
    const form = await formOf(page);
    for (const headers of [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "none" },
      { origin: "https://evil.example" },
      { origin: `http://${publicHost}` },
    ] as const) {
      expect((await post(page, { form, action: "accept" }, { ...headers })).status).toBe(403);
    }
    expect(await stateOf(id)).toBe("held");
    const own = { "sec-fetch-site": "same-origin", origin: "null" };
    expect((await post(page, { form, action: "accept" }, own)).status).toBe(200);
  });

  test("secrets that are unknown, used, expired or mailed to an address that is no longer the account's look the same", async () => {
    const used = await held();
    await post(used.page, { form: await formOf(used.page), action: "ignore" });
    const expired = await held();
    const { db } = world.store;
    await db
      .updateTable("answer_secret")
      .set({ expires_at: Date.now() })
      .where("notification_id", "=", expired.id)
      .execute();
    const moved = await held();
    await db
      .updateTable("answer_secret")
      .set({ address_key: "bob@example.org" })
      .where("notification_id", "=", moved.id)
      .execute();
    const pages = [used.page, expired.page, moved.page, `/answer/${"A".repeat(43)}`, "/answer/short"];
    const replies = await Promise.all(
      pages.map(async (page, index) =>
        ask(world, "GET", page, { headers: { "x-forwarded-for": `198.51.100.${index}` } }),
      ),
    );
    const before = await fingerprint(world.store);
    for (const page of pages) expect((await post(page, { form: "x", action: "accept" })).status).toBe(404);
    expect(await fingerprint(world.store)).toBe(before);
    for (const { status, text } of replies) expect([status, text]).toEqual([404, replies[0]?.text]);
  });

  test("guessing is slowed down", async () => {
    const headers = { "x-forwarded-for": "203.0.113.9" };
    const statuses: number[] = [];
    for (let count = 0; count <= limits.wrongSecrets; count++) {
      statuses.push(
        (await ask(world, "GET", `/answer/${String(count).padStart(43, "B")}`, { headers })).status,
      );
    }
    expect(statuses.slice(-2)).toEqual([404, 429]);
    const { page } = await held();
    expect((await ask(world, "GET", page, { headers })).status).toBe(200);
  });

  test("a share that is followed already offers nothing to answer", async () => {
    const { id } = await addNotification(world, alice.accountId, { state: "followed" });
    const page = await addPage(world, alice, id);
    expect(await formOf(page)).toBe("");
    expect((await ask(world, "GET", page)).text).toContain("followed");
  });
});
