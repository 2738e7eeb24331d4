import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import { updateInvitation } from "../../../src/store/sharings.ts";
import {
  addPerson,
  addSharing,
  addToken,
  ask,
  json,
  linkCanary,
  openWorld,
  type Person,
  type Reply,
  rows,
  type SharedBy,
  type World,
} from "./world.ts";

let world: World;
let alice: Person;
let dora: Person;
beforeAll(async () => {
  world = await openWorld();
  alice = await addPerson(world, "alice");
  dora = await addPerson(world, "dora");
});
afterAll(async () => world[Symbol.asyncDispose]());

const newSharing = { title: "Crew list", link: "https://cloud.example.org/s/crew", to: ["bob@example.net"] };

async function post(path: string, body: unknown, options: Parameters<typeof ask>[3] = {}): Promise<Reply> {
  return ask(world, "POST", `/api/v1/sharings${path}`, { token: alice.token, body, ...options });
}

async function get(path: string, token = alice.token): Promise<Reply> {
  return ask(world, "GET", `/api/v1/sharings${path}`, { token });
}

interface Recipient {
  readonly id: string;
  readonly address: string;
  readonly state: string;
  readonly timeline: readonly { readonly detail: Readonly<Record<string, unknown>> }[];
}

function recipientsIn(reply: Reply): readonly Recipient[] {
  return json(reply)["recipients"] as readonly Recipient[];
}

/** A sharing of alice's with bob, whose invitation the mail server has taken. */
async function sent(): Promise<SharedBy> {
  const sharing = await addSharing(world, "alice");
  const { db } = world.store;
  const invitation = await db
    .selectFrom("invitation")
    .select("id")
    .where("recipient_id", "=", sharing.recipientId)
    .executeTakeFirstOrThrow();
  await updateInvitation(db, invitation.id, { state: "sent", sent_at: Date.now() });
  return sharing;
}

/** What happened to the recipient, in short. */
async function story(id: string): Promise<readonly unknown[]> {
  const [recipient] = recipientsIn(await get(`/${id}`));
  return recipient?.timeline.map(({ detail }) => detail["what"]) ?? [];
}

describe("a sharing is made", () => {
  test("for the token's account, and the answer tells what becomes of each recipient, but not the link", async () => {
    const made = await post("", {
      ...newSharing,
      message: "Ahoy",
      locale: "de",
      expires_at: Date.now() + 1e9,
    });
    expect(made.status).toBe(201);
    const sharing = json(made);
    expect(sharing).toMatchObject({
      account_id: alice.accountId,
      title: "Crew list",
      message: "Ahoy",
      revoked_at: null,
    });
    expect(recipientsIn(made)).toMatchObject([
      { address: "bob@example.net", locale: "de", state: "pending", mail: "planned", attempts: 0 },
    ]);
    const read = await get(`/${String(sharing["id"])}`);
    expect(json(read)).toEqual(sharing);
    expect(await story(String(sharing["id"]))).toEqual(["queued"]);
    expect(made.text + read.text + world.logged.join("")).not.toContain("/s/crew");
    const job = await world.store.db
      .selectFrom("job")
      .innerJoin("invitation", "invitation.id", "job.subject")
      .innerJoin("recipient", "recipient.id", "invitation.recipient_id")
      .select("job.kind")
      .where("recipient.sharing_id", "=", String(sharing["id"]))
      .execute();
    expect(job).toEqual([{ kind: "send-invitation" }]);
  });

  test("by the administrator for an account that he names", async () => {
    const admin = await addToken(world.store, { accountId: null, scopes: ["sharings:write"] });
    const made = await post("", { ...newSharing, account: "dora" }, { token: admin });
    expect([made.status, json(made)["account_id"]]).toEqual([201, dora.accountId]);
    expect((await post("", newSharing, { token: admin })).status).toBe(400);
    expect(json(await post("", { ...newSharing, account: "nobody" }, { token: admin }))).toMatchObject({
      status: 404,
      reason: "no-such-account",
    });
    expect((await post("", { ...newSharing, account: "dora" })).status).toBe(404);
  });

  test("once for each key, by field or header, however often it is asked for, also at once", async () => {
    const headers = { "idempotency-key": "order 1" };
    const replies = await Promise.all([1, 2, 3].map(async () => post("", newSharing, { headers })));
    expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 201]);
    expect(new Set(replies.map((reply) => json(reply)["id"])).size).toBe(1);
    expect((await post("", { ...newSharing, key: "order 1" })).status).toBe(200);
    const other = await post("", { ...newSharing, title: "Another" }, { headers });
    expect([other.status, json(other)["reason"]]).toEqual([409, "key-reused"]);
    const hers = await post("", newSharing, { headers, token: dora.token });
    expect(hers.status).toBe(201);
    const long = { "idempotency-key": "x".repeat(limits.idempotencyKeyChars + 1) };
    expect((await post("", newSharing, { headers: long })).status).toBe(400);
  });

  test("or refused with every field that is wrong", async () => {
    const wrong = await post("", {
      title: "",
      link: "ftp://example.org",
      to: ["bob@example.net", "bob", "bob@EXAMPLE.net"],
      expires_at: 1,
    });
    expect([wrong.status, wrong.headers["content-type"]]).toEqual([400, "application/problem+json"]);
    expect(json(wrong)).toMatchObject({
      reason: "invalid-request",
      fields: [
        { field: "body.title" },
        { field: "body.link" },
        { field: "body.expires_at" },
        { field: "body.to.1", detail: expect.stringContaining("name@domain") },
        { field: "body.to.2" },
      ],
    });
    const unknown = await post("", { ...newSharing, colour: "red" });
    expect(unknown.status).toBe(400);
    const many = Array.from(
      { length: limits.recipientsPerSharing + 1 },
      (_, place) => `x${place}@example.net`,
    );
    expect((await post("", { ...newSharing, to: many })).status).toBe(400);
  });
});

describe("sharings are listed", () => {
  test("by the page, newest first, each account its own", async () => {
    const first = await get("?limit=1");
    expect(rows(first)).toHaveLength(1);
    expect(rows(first)[0]).toMatchObject({ account: "alice", recipients: 1, notSent: 0 });
    const next = /<(.+)>; rel="next"/.exec(String(first.headers["link"]))?.[1] ?? "";
    const second = await ask(world, "GET", next, { token: alice.token });
    expect(rows(second)[0]?.["id"]).not.toBe(rows(first)[0]?.["id"]);
    const mine = rows(await get("?limit=200")).map((row) => row["account"]);
    expect(new Set(mine)).toEqual(new Set(["alice"]));
    expect((await get("?limit=200")).text).not.toContain("canary");
  });
});

describe("a sharing goes on", () => {
  test("with more recipients, nobody twice", async () => {
    const { id } = await sent();
    const added = await post(`/${id}/recipients`, { to: ["carla@example.com"], locale: "fr" });
    expect(added.status).toBe(201);
    expect(recipientsIn(added)).toMatchObject([
      { address: "bob@example.net" },
      { address: "carla@example.com" },
    ]);
    const twice = await post(`/${id}/recipients`, { to: ["bob@example.net"] });
    expect(json(twice)).toMatchObject({
      status: 400,
      reason: "already-invited",
      fields: [{ field: "body.to.0" }],
    });
  });

  test("with reminders, for all or for one", async () => {
    const { id, recipientId } = await sent();
    const reminded = await post(`/${id}/remind`, { recipient: recipientId });
    expect([reminded.status, json(reminded)]).toEqual([200, { done: ["bob@example.net"], left: [] }]);
    const again = json(await post(`/${id}/remind`, undefined));
    expect(again).toMatchObject({ done: [], left: [{ address: "bob@example.net" }] });
    const nobody = await post(`/${id}/remind`, { recipient: "carla@example.com" });
    expect([nobody.status, json(nobody)["reason"]]).toEqual([404, "no-such-recipient"]);
    expect(await story(id)).toEqual(["queued", "reminded", "queued"]);
  });

  test("with the answers that the application hears, which reach the timeline once", async () => {
    const { id, recipientId } = await sent();
    const path = `/${id}/recipients/${recipientId}`;
    expect(json(await post(`${path}/accepted`, undefined))).toEqual({ id: recipientId, state: "accepted" });
    expect(json(await post(`${path}/accepted`, undefined))).toEqual({ id: recipientId, state: "accepted" });
    expect(json(await post(`${path}/refused`, undefined))).toEqual({ id: recipientId, state: "refused" });
    expect(await story(id)).toEqual(["queued", "accepted", "refused"]);
    expect((await post(`/${id}/recipients/${dora.sharing.recipientId}/accepted`, undefined)).status).toBe(
      404,
    );
  });

  test("until it is revoked, from one and then from all; then it changes no more", async () => {
    const { id, recipientId } = await sent();
    await post(`/${id}/recipients`, { to: ["carla@example.com"] });
    const one = await ask(world, "DELETE", `/api/v1/sharings/${id}/recipients/${recipientId}`, {
      token: alice.token,
    });
    expect([one.status, json(one)]).toEqual([200, { done: ["bob@example.net"], left: [] }]);
    expect(recipientsIn(await get(`/${id}`)).map(({ state }) => state)).toEqual(["revoked", "pending"]);
    expect(json(await post(`/${id}/revoke`, undefined))).toMatchObject({
      done: ["carla@example.com"],
      left: [{ address: "bob@example.net", because: "is revoked already" }],
    });
    expect(json(await get(`/${id}`))["revoked_at"]).not.toBeNull();
    for (const act of ["remind", "revoke", "resend"]) {
      expect(json(await post(`/${id}/${act}`, undefined))).toMatchObject({
        status: 409,
        reason: "sharing-ended",
      });
    }
    expect(json(await post(`/${id}/recipients`, { to: ["x@example.net"] }))["status"]).toBe(409);
    const late = await post(`/${id}/recipients/${recipientId}/accepted`, undefined);
    expect([late.status, json(late)["reason"]]).toEqual([409, "revoked"]);
  });
});

describe("who may not", () => {
  test("use another account's sharings, which look as if they were not there", async () => {
    const { id, recipientId } = dora.sharing;
    const replies = [
      await get(`/${id}`),
      await get("/hnowhere00"),
      await post(`/${id}/revoke`, undefined),
      await post(`/${id}/recipients`, { to: ["x@example.net"] }),
      await post(`/${id}/recipients/${recipientId}/accepted`, undefined),
      await ask(world, "DELETE", `/api/v1/sharings/${id}/recipients/${recipientId}`, { token: alice.token }),
    ];
    expect(new Set(replies.map((reply) => reply.text)).size).toBe(1);
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 404));
  });

  test("change with a token that reads, nor read with one that changes", async () => {
    const reading = await addToken(world.store, { accountId: alice.accountId, scopes: ["sharings:read"] });
    const writing = await addToken(world.store, { accountId: alice.accountId, scopes: ["sharings:write"] });
    expect((await post("", newSharing, { token: reading })).status).toBe(403);
    expect((await post(`/${alice.sharing.id}/revoke`, undefined, { token: reading })).status).toBe(403);
    expect((await get(`/${alice.sharing.id}`, writing)).status).toBe(403);
  });
});

test("the link is sealed in the store and stands in no log", async () => {
  const [row] = await world.store.db.selectFrom("sharing").select("link_sealed").execute();
  expect(row?.link_sealed).not.toContain("cloud.example");
  expect(world.logged.join("\n")).not.toContain(linkCanary);
});
