import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { addressOf } from "../world/world.ts";
import { type CozyApp, type CozyScene, openCozyScene } from "./cozy-scene.ts";
import { accept, bodyOf, browsed, held, subscriptionIn, whenAt } from "./followed.ts";
import { makeJobsDue, until } from "./scene.ts";

const doctype = "io.cozy.notes";
let scene: CozyScene;
let app: CozyApp;

beforeAll(async () => {
  scene = await openCozyScene();
  app = await scene.alice.app("alice", `${doctype}:ALL sharing event:ALL io.cozy.contacts:ALL`);
});
afterAll(async () => scene[Symbol.asyncDispose]());
beforeEach(() => {
  scene.alice.front.behave(null);
  scene.bob.front.behave(null);
});

/** Alice shares one note over today's protocol, which is mailed; gives the sharing's id. */
async function share(title: string, ...names: readonly string[]): Promise<string> {
  bodyOf(await app("PUT", `/data/${doctype}/${title}`, { text: "first" }));
  const rule = { title, doctype, values: [title], add: "sync", update: "sync", remove: "sync" };
  const data = names.map((name) => ({ type: "io.cozy.contacts", email: addressOf(name) }));
  const attributes = { description: title, rules: [rule] };
  const relationships = { recipients: { data } };
  const asked = { data: { type: "io.cozy.sharings", attributes, relationships } };
  const { id } = bodyOf(await app("POST", "/sharings/", asked))["data"] as { readonly id: string };
  return id;
}

interface Document {
  readonly attributes: {
    readonly members: readonly { readonly status: string; readonly instance?: string }[];
  };
}

async function members(id: string): Promise<Document["attributes"]["members"]> {
  return (bodyOf(await app("GET", `/sharings/${id}`))["data"] as Document).attributes.members;
}

async function becomes(id: string, status: string): Promise<void> {
  await whenAt(scene.alice, `he is ${status}`, async () => (await members(id))[1]?.status, status);
}

/** The only mail in the INBOX of somebody, as soon as it is there. */
async function mailOf(name: string): Promise<string> {
  const query = ["-f", "json", "fetch", "-u", addressOf(name), "text", "mailbox", "INBOX"];
  let mails: readonly { readonly text: string }[] = [];
  await until(`${name} has mail`, async () => {
    mails = JSON.parse((await scene.bob.world.dovecot.doveadm(...query).catch(() => "")) || "[]");
    return mails.length === 1;
  });
  return mails[0]?.text ?? "";
}

// The first test, since Bob is asked by mail: Alice learns with his answer where his Cozy is.
test("the same link accepted at once by Bob and by Carla, whom he passed it on to, leads to one member", async () => {
  const startedMs = Date.now();
  const id = await share("twice", "bob");
  const text = await mailOf("bob");
  await scene.bob.world.deliver("carla", text);
  const both = async () =>
    scene.bob.store.db
      .selectFrom("notification")
      .innerJoin("account", "account.id", "notification.account_id")
      .select(["notification.id", "account.name", "notification.state", "notification.reason"])
      .where("notification.created_at", ">=", startedMs)
      .execute();
  await until("both have it", async () => (await both()).length === 2, both);
  const answers = (await both()).map(async (row) => accept(scene.bob, row.name, row.id));
  await Promise.all(answers);
  await until(
    "Alice has Bob for a member",
    async () => {
      await makeJobsDue(scene.alice, "tell-member");
      await makeJobsDue(scene.bob, "follow");
      const isAnswered = (await both()).every(({ state }) => state === "followed" || state === "failed");
      return isAnswered && (await members(id))[1]?.status === "ready";
    },
    async () => [await both(), await members(id)],
  );
  // The invitation names his address, which is none of hers.
  const ends = (await both()).map(({ name, state, reason }) => ({ name, state, reason }));
  expect(ends).toHaveLength(2);
  expect(ends).toContainEqual({ name: "bob", state: "followed", reason: null });
  expect(ends).toContainEqual({ name: "carla", state: "failed", reason: "wrong-account" });
  expect((await members(id))[1]?.instance).toBe(scene.bob.cozyOf("bob"));
});

describe("the recipient's Cozy", () => {
  test.each(["down", "nonsense", "slow"] as const)(
    "is %s while Alice answers him: one state in the end",
    async (how) => {
      const title = `trouble-${how}`;
      const id = await share(title, "bob");
      const notification = await held(scene.bob, title);
      const before = scene.bob.front.asked.length;
      scene.bob.front.behave(how === "slow" ? { slowMs: 1500 } : how);
      await accept(scene.bob, "bob", notification);
      const { asked } = scene.bob.front;
      const called = (): boolean => asked.slice(before).some(({ path }) => path.includes(id));
      await until("Alice has called", called, () => asked);
      scene.bob.front.behave(null);
      await oneStateInTheEnd(id, notification);
    },
  );
});

test("Alice's Cozy is down while Bob says yes, then tells nonsense, and in the end takes his answer", async () => {
  const id = await share("absent", "bob");
  const notification = await held(scene.bob, "absent");
  const before = scene.alice.front.asked.length;
  scene.alice.front.behave("down");
  await accept(scene.bob, "bob", notification);
  await until("Bob's Cozy has tried", () => scene.alice.front.asked.length > before);
  scene.alice.front.behave("nonsense");
  const between = scene.alice.front.asked.length;
  await until("Bob's Cozy has tried again", async () => {
    await makeJobsDue(scene.bob, "follow");
    return scene.alice.front.asked.length > between;
  });
  scene.alice.front.behave(null);
  await until(
    "he follows",
    async () => {
      await makeJobsDue(scene.bob, "follow");
      const rows = await scene.bob.store.db
        .selectFrom("notification")
        .select("state")
        .where("id", "=", notification)
        .execute();
      return rows[0]?.state === "followed";
    },
    async () => scene.bob.daemon.text().slice(-3000),
  );
  await becomes(id, "ready");
  await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
});

describe("a daemon is killed", () => {
  test("Bob's, when his answer was taken and he was not told", async () => {
    const id = await share("killed-bob", "bob");
    const notification = await held(scene.bob, "killed-bob");
    const answer = scene.alice.front.hold(({ path }) => path === `/sharings/${id}/answer`, "answered");
    await accept(scene.bob, "bob", notification);
    await answer.reached;
    await scene.bob.daemon.end("SIGKILL");
    answer.drop();
    await scene.bob.start();
    await oneStateInTheEnd(id, notification);
  });

  test("Alice's, when she had taken an answer and was sending", async () => {
    const id = await share("killed-alice", "bob");
    const notification = await held(scene.bob, "killed-alice");
    const sending = scene.bob.front.hold(({ path }) => path.startsWith(`/sharings/${id}/_`), "before");
    await accept(scene.bob, "bob", notification);
    await sending.reached;
    await scene.alice.daemon.end("SIGKILL");
    sending.drop();
    await scene.alice.start();
    await oneStateInTheEnd(id, notification);
  });
});

/** One subscription, one member who is ready, and the note, whatever was repeated. */
async function oneStateInTheEnd(id: string, notification: string): Promise<void> {
  const due = async (): Promise<void> => {
    await makeJobsDue(scene.alice, "tell-member");
    await makeJobsDue(scene.bob, "follow");
  };
  await until("he is ready", async () => {
    await due();
    return (await members(id))[1]?.status === "ready";
  });
  const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
  await until("the note came", async () => {
    await due();
    return (await browsed(scene.bob, subscription)).length === 1;
  });
  expect((await members(id)).map(({ status }) => status)).toEqual(["owner", "ready"]);
}
