import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { addressOf } from "../world/world.ts";
import {
  accept,
  bodyOf,
  browsed,
  type CozyApp,
  type CozyScene,
  held,
  openCozyScene,
  subscriptionIn,
  whenAt,
} from "./cozy-scene.ts";
import { makeJobsDue, until } from "./scene.ts";

const doctype = "io.cozy.notes";
let scene: CozyScene;
let app: CozyApp;

// Alice knows where Bob's and Carla's Cozys are.
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

describe("the recipient's Cozy", () => {
  test.each(["down", "nonsense", "slow"] as const)(
    "is %s while Alice answers him: one state in the end",
    async (how) => {
      const title = `trouble-${how}`;
      const id = await share(title, "bob");
      const notification = await held(scene.bob, title);
      scene.bob.front.behave(how === "slow" ? { slowMs: 1500 } : how);
      await accept(scene.bob, "bob", notification);
      const { asked } = scene.bob.front;
      const called = (): boolean => asked.some(({ path }) => path.includes(id));
      await until("Alice has called", called, () => asked);
      scene.bob.front.behave(null);
      await until("he is ready", async () => {
        await makeJobsDue(scene.alice, "tell-member");
        return (await members(id))[1]?.status === "ready";
      });
      const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
      await until("the note came", async () => {
        await makeJobsDue(scene.alice, "tell-member");
        return (await browsed(scene.bob, subscription)).length === 1;
      });
      await becomes(id, "ready");
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

test("the same link accepted at once by two people leads to one member", async () => {
  const startedMs = Date.now();
  const id = await share("twice", "bob");
  const first = await held(scene.bob, "twice");
  const mail = await scene.bob.world.dovecot.doveadm(
    "-f",
    "json",
    "fetch",
    "-u",
    addressOf("bob"),
    "text",
    "mailbox",
    "INBOX",
  );
  const { text = "" } = (JSON.parse(mail) as readonly { readonly text?: string }[]).at(-1) ?? {};
  await scene.bob.world.deliver("carla", text);
  const both = async () =>
    scene.bob.store.db
      .selectFrom("notification")
      .select(["id", "account_id", "state", "reason"])
      .where("origin", "like", "%alice%")
      .where("created_at", ">=", startedMs)
      .execute();
  await until("Carla has it too", async () => (await both()).length === 2, both);
  const second = (await both()).find((row) => row.id !== first)?.id ?? "";
  await Promise.all([accept(scene.bob, "bob", first), accept(scene.bob, "carla", second)]);
  await until(
    "Alice has one member, and one of them follows",
    async () => {
      await makeJobsDue(scene.alice, "tell-member");
      await makeJobsDue(scene.bob, "follow");
      const following = (await both()).filter(({ state }) => state === "followed");
      return (await members(id))[1]?.status === "ready" && following.length > 0;
    },
    async () => [await both(), await members(id)],
    15_000,
  );
  expect((await both()).filter(({ state }) => state === "followed")).toHaveLength(1);
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
