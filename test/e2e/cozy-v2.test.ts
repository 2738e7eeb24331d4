import { afterAll, beforeAll, expect, test } from "vitest";
import { type CozyApp, type CozyScene, idle, openCozyScene } from "./cozy-scene.ts";
import { accept, bodyOf, browsed, gotten, held, subscriptionIn, whenAt } from "./followed.ts";

// Platform 2 asks by HTTP: no mail goes out for its sharings.
let scene: CozyScene;
let app: CozyApp;
let bobsApp: CozyApp;

beforeAll(async () => {
  scene = await openCozyScene();
  app = await scene.alice.app("alice", "sharing event:ALL");
  bobsApp = await scene.bob.app("bob", "sharing event:ALL");
});
afterAll(async () => scene[Symbol.asyncDispose]());

async function write(id: string, description: string): Promise<void> {
  const known = await app("GET", `/data/event/${id}`);
  const revision = known.status === 200 ? { _rev: bodyOf(known)["_rev"] } : {};
  bodyOf(await app("PUT", `/data/event/${id}`, { docType: "event", description, ...revision }));
}

/** Alice shares one event; gives the shareID. */
async function share(title: string, continuous: boolean): Promise<string> {
  await write(title, "first");
  const rules = [{ id: title, docType: "event" }];
  const targets = [{ recipientUrl: scene.bob.cozyOf("bob") }];
  return String(
    bodyOf(await app("POST", "/services/sharing/", { desc: title, rules, targets, continuous }))["shareID"],
  );
}

async function atBob(id: string): Promise<unknown> {
  const answer = await bobsApp("GET", `/data/event/${id}`);
  return answer.status === 200 ? bodyOf(answer)["description"] : null;
}

/** The state of the only target, as the command line shows it. */
async function becomes(title: string, state: string): Promise<void> {
  const all = await scene.alice.usherJson<readonly { readonly id: string; readonly description: string }[]>(
    "sharing",
    "cozy",
    "list",
  );
  const id = all.find(({ description }) => description === title)?.id ?? "";
  const look = async () => {
    const { members } = await scene.alice.usherJson<{
      readonly members: readonly { readonly state: string }[];
    }>("sharing", "cozy", "show", id);
    return members[0]?.state;
  };
  await whenAt(scene.alice, `the target is ${state}`, look, state);
}

test.each([
  ["continuous", true, "second"],
  ["once", false, "first"],
] as const)(
  "a sharing that is %s: asked, held, accepted, sent, and revoked by Alice",
  async (title, isContinuous, after) => {
    const shareID = await share(title, isContinuous);
    const notification = await held(scene.bob, title);
    expect(await atBob(title)).toBeNull();
    await accept(scene.bob, "bob", notification);
    const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
    await whenAt(scene.bob, "the event came", async () => atBob(title), "first");
    await becomes(title, "accepted");
    const [received] = await browsed(scene.bob, subscription);
    expect(JSON.parse(await gotten(scene.bob, subscription, received?.name ?? ""))).toMatchObject({
      description: "first",
    });
    await write(title, "second");
    await idle(scene.alice);
    expect(await atBob(title)).toBe(after);
    bodyOf(await app("DELETE", `/services/sharing/sharer/${shareID}/`));
    await subscriptionIn(scene.bob, notification, "REMOVED");
    await write(title, "third");
    await idle(scene.alice);
    expect(await atBob(title)).toBe(after);
  },
);

test("is refused", async () => {
  await share("unwanted", true);
  const notification = await held(scene.bob, "unwanted");
  expect((await scene.bob.usher("notification", "refuse", notification)).code).toBe(0);
  await becomes("unwanted", "refused");
  expect(await atBob("unwanted")).toBeNull();
});

test("is left by Bob", async () => {
  await share("left", true);
  const notification = await held(scene.bob, "left");
  await accept(scene.bob, "bob", notification);
  const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
  await whenAt(scene.bob, "the event came", async () => atBob("left"), "first");
  expect((await scene.bob.usher("subscription", "remove", subscription)).code).toBe(0);
  await becomes("left", "revoked");
  await write("left", "second");
  await idle(scene.alice);
  expect(await atBob("left")).toBe("first");
});
