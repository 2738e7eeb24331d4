import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addressOf } from "../world/world.ts";
import { type CozyApp, type CozyScene, idle, openCozyScene } from "./cozy-scene.ts";
import { accept, bodyOf, browsed, gotten, held, subscriptionIn, whenAt } from "./followed.ts";

const doctype = "io.cozy.notes";
let scene: CozyScene;
let app: CozyApp;
const apps = new Map<string, CozyApp>();
const contacts = new Map<string, string>();

// Alice knows where Bob's Cozy is, and of Carla only the address.
beforeAll(async () => {
  scene = await openCozyScene();
  const permissions = `${doctype}:ALL io.cozy.contacts:ALL`;
  app = await scene.alice.app("alice", permissions);
  for (const name of ["bob", "carla"]) apps.set(name, await scene.bob.app(name, permissions));
  await addContact("bob", { cozy: [{ url: scene.bob.cozyOf("bob") }] });
  await addContact("carla", {});
});
afterAll(async () => scene[Symbol.asyncDispose]());

async function addContact(name: string, more: object): Promise<void> {
  const made = await app("POST", "/data/io.cozy.contacts/", {
    email: [{ address: addressOf(name) }],
    ...more,
  });
  contacts.set(name, String(bodyOf(made)["id"]));
}

interface Sharing {
  readonly id: string;
  readonly attributes: { readonly revoked?: boolean };
  readonly relationships: { readonly recipients: { readonly data: readonly { readonly status: string }[] } };
}

async function sharing(id: string): Promise<Sharing> {
  return bodyOf(await app("GET", `/sharings/${id}`))["data"] as Sharing;
}

/** The note that a sharing of this title is of. */
function noteOf(title: string): string {
  return title.toLowerCase().replaceAll(" ", "-");
}

async function write(of: CozyApp, title: string, text: string): Promise<void> {
  const path = `/data/${doctype}/${noteOf(title)}`;
  const known = await of("GET", path);
  const revision = known.status === 200 ? { _rev: bodyOf(known)["_rev"] } : {};
  bodyOf(await of("PUT", path, { title, text, ...revision }));
}

async function textAt(name: string, title: string): Promise<unknown> {
  const of = name === "alice" ? app : apps.get(name);
  const answer = await of?.("GET", `/data/${doctype}/${noteOf(title)}`);
  return answer?.status === 200 ? bodyOf(answer)["text"] : null;
}

function permissionsFor(title: string): object {
  return { note: { type: doctype, description: title, verbs: ["ALL"], values: [noteOf(title)] } };
}

/** Alice shares one note by the documented request; gives the sharing's id. */
async function share(type: string, name: string, title: string): Promise<string> {
  await write(app, title, "first");
  const id = contacts.get(name) ?? "";
  const isLater = type === "one-way" || type === "two-way";
  const recipients = isLater ? [id] : [{ recipient: { id, type: "io.cozy.contacts" } }];
  const asked = { sharing_type: type, description: title, permissions: permissionsFor(title), recipients };
  return (bodyOf(await app("POST", "/sharings/", asked))["data"] as Sharing).id;
}

/** The state of the only recipient, as the application is shown it. */
async function becomes(id: string, state: string): Promise<void> {
  const look = async () => (await sharing(id)).relationships.recipients.data[0]?.status;
  await whenAt(scene.alice, `the recipient is ${state}`, look, state);
}

describe.each([
  ["one-shot", "bob"],
  ["master-slave", "bob"],
  ["master-master", "bob"],
  // Mailed a link to a page of Alice's Cozy, where he tells his own.
  ["one-shot", "carla"],
  ["one-way", "bob"],
  ["two-way", "carla"],
] as const)("a %s sharing with %s", (type, name) => {
  const isBothWays = type === "master-master" || type === "two-way";
  const isFollowed = type !== "one-shot";
  const titled = (what: string): string => `${what} ${type} ${name}`;

  test("is mailed, held, accepted, followed, and revoked by Alice", async () => {
    const title = titled("Minutes");
    const id = await share(type, name, title);
    const notification = await held(scene.bob, title);
    await becomes(id, "pending");
    expect(await textAt(name, title)).toBeNull();
    await accept(scene.bob, name, notification);
    await becomes(id, "accepted");
    await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
    await whenAt(scene.bob, "the note came", async () => textAt(name, title), "first");
    if (isFollowed) {
      await write(app, title, "second");
      await whenAt(scene.bob, "the change came", async () => textAt(name, title), "second");
    }
    if (isBothWays) {
      await write(apps.get(name) ?? app, title, "third");
      await whenAt(scene.alice, "his change came", async () => textAt("alice", title), "third");
    }

    expect((await app("DELETE", `/sharings/${id}`)).status).toBeLessThan(300);
    await becomes(id, "revoked");
    await subscriptionIn(scene.bob, notification, "REMOVED");
  });
});

// Who was given a token of his own can tell her (reference/cozy.md 8.2); else she is turned away with her next change.
test.each([
  ["master-slave", "bob", false],
  ["master-master", "bob", true],
  ["two-way", "carla", true],
] as const)("a %s sharing is left by %s", async (type, name, isTold) => {
  const title = `Plans ${type}`;
  const id = await share(type, name, title);
  const notification = await held(scene.bob, title);
  await accept(scene.bob, name, notification);
  await becomes(id, "accepted");
  const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
  await whenAt(scene.bob, "the note came", async () => textAt(name, title), "first");
  expect((await scene.bob.api(name, "DELETE", `/subscriptions/${subscription}`)).status).toBeLessThan(300);
  await subscriptionIn(scene.bob, notification, "UNSUBSCRIBED");
  if (isTold) await becomes(id, "revoked");
  await write(app, title, "second");
  await idle(scene.alice);
  expect(await textAt(name, title)).not.toBe("second");
});

test("an invitation of cozy-stack before 2018 is refused, and Alice is shown it everywhere", async () => {
  const id = await share("master-slave", "bob", "Unwanted");
  const notification = await held(scene.bob, "Unwanted");
  expect((await scene.bob.usher("notification", "refuse", notification)).code).toBe(0);
  await becomes(id, "refused");
  expect(await textAt("bob", "Unwanted")).toBeNull();
  const shown = await shownOf(id);
  expect(shown.members).toMatchObject([{ address: addressOf("bob"), state: "refused" }]);
  const mails = await scene.alice.usherJson<object>("sharing", "show", shown.mails ?? "");
  expect(mails).toMatchObject({ recipients: [{ state: "refused" }] });
});

test("a sharing made on the command line goes the same way", async () => {
  await write(app, "Typed", "first");
  const file = join(scene.alice.world.directory, "permissions.json");
  await writeFile(file, JSON.stringify(permissionsFor("Typed")));
  const what = ["--type", "master-slave", "--permissions", file, "--description", "Typed"];
  const to = ["--account", "alice", "--recipient", addressOf("bob")];
  const { id } = await scene.alice.usherJson<{ readonly id: string }>(
    "sharing",
    "cozy",
    "create",
    ...what,
    ...to,
  );
  const notification = await held(scene.bob, "Typed");
  expect((await scene.bob.usher("notification", "accept", notification, "--wait")).code).toBe(0);
  const state = async () =>
    (await scene.alice.usherJson<Shown>("sharing", "cozy", "show", id)).members[0]?.state;
  await whenAt(scene.alice, "he has accepted", state, "accepted");
  await whenAt(scene.bob, "the note came", async () => textAt("bob", "Typed"), "first");
  const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
  const [received] = await browsed(scene.bob, subscription);
  const text = await gotten(scene.bob, subscription, received?.name ?? "");
  expect(JSON.parse(text)).toMatchObject({ text: "first" });
  expect((await scene.alice.usher("sharing", "cozy", "revoke", id)).code).toBe(0);
  await subscriptionIn(scene.bob, notification, "REMOVED");
});

interface Shown {
  readonly mails: string | null;
  readonly members: readonly { readonly address: string; readonly state: string }[];
}

/** What the command line says of a sharing of that document id. */
async function shownOf(documentId: string): Promise<Shown> {
  const all = await scene.alice.usherJson<readonly { readonly id: string; readonly document_id: string }[]>(
    "sharing",
    "cozy",
    "list",
  );
  const found = all.find((each) => each.document_id === documentId);
  return scene.alice.usherJson<Shown>("sharing", "cozy", "show", found?.id ?? "");
}
