import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { addressOf } from "../world/world.ts";
import { type CozyApp, type CozyScene, type CozySite, openCozyScene } from "./cozy-scene.ts";
import { accept, bodyOf, held, subscriptionIn } from "./followed.ts";
import { makeJobsDue, until } from "./scene.ts";

// Sharings of platform 2 and of cozy-stack before 2018 between two Ushers, where one of them has trouble at each step.
const doctype = "io.cozy.notes";
let scene: CozyScene;
let app: CozyApp;
let bobsApp: CozyApp;

beforeAll(async () => {
  scene = await openCozyScene();
  const permissions = `${doctype}:ALL sharing event:ALL io.cozy.contacts:ALL`;
  app = await scene.alice.app("alice", permissions);
  bobsApp = await scene.bob.app("bob", permissions);
  const cozy = [{ url: scene.bob.cozyOf("bob") }];
  bodyOf(await app("PUT", "/data/io.cozy.contacts/bob", { email: [{ address: addressOf("bob") }], cozy }));
});
afterAll(async () => scene[Symbol.asyncDispose]());
beforeEach(() => {
  scene.alice.front.behave(null);
  scene.bob.front.behave(null);
});

interface Way {
  /** Where a document lies that is called as the sharing. */
  readonly path: (title: string) => string;
  /** Alice shares it with Bob. */
  readonly share: (title: string) => Promise<unknown>;
  readonly document: Readonly<Record<string, unknown>>;
  /** His Cozy hears of it before he does; else he is only mailed. */
  readonly isAsked: boolean;
}

const platform2: Way = {
  path: (title) => `/data/event/${title}`,
  document: { docType: "event" },
  isAsked: true,
  share: async (title) => {
    const rules = [{ id: title, docType: "event" }];
    const targets = [{ recipientUrl: scene.bob.cozyOf("bob") }];
    return bodyOf(await app("POST", "/services/sharing/", { desc: title, rules, targets, continuous: true }));
  },
};

function earlierStack(type: "master-master" | "two-way"): Way {
  return {
    path: (title) => `/data/${doctype}/${title}`,
    document: {},
    isAsked: type === "master-master",
    share: async (title) => {
      const permissions = { note: { type: doctype, verbs: ["ALL"], values: [title] } };
      const recipients =
        type === "two-way" ? ["bob"] : [{ recipient: { id: "bob", type: "io.cozy.contacts" } }];
      const asked = { sharing_type: type, description: title, permissions, recipients };
      return bodyOf(await app("POST", "/sharings/", asked));
    },
  };
}

type How = "down" | "nonsense" | "slow";

/** Something happens while a site has trouble, which ends as soon as it was asked for the first time. */
async function during(site: CozySite, how: How, act: () => Promise<unknown>): Promise<void> {
  const { front } = site;
  const before = front.asked.length;
  front.behave(how === "slow" ? { slowMs: 1000 } : how);
  await act();
  await until("it is asked", () => front.asked.length > before);
  front.behave(null);
}

/** Waits for it, while nothing that failed waits for its time. */
async function inTheEnd(what: string, isSo: () => Promise<boolean>): Promise<void> {
  await until(
    what,
    async () => {
      await makeJobsDue(scene.alice, "tell-member");
      await makeJobsDue(scene.bob, "follow");
      await makeJobsDue(scene.bob, "tell-member");
      return isSo();
    },
    () => [scene.alice.daemon.text().slice(-3000), scene.bob.daemon.text().slice(-3000)],
  );
}

async function notificationOf(title: string) {
  const rows = scene.bob.store.db.selectFrom("notification").select(["id", "state"]);
  return rows.where("title", "=", title).execute();
}

async function textAtBob(path: string): Promise<unknown> {
  const { status, text } = await bobsApp("GET", path);
  return status === 200 ? (JSON.parse(text) as { readonly text: unknown }).text : null;
}

/** The states of those whom a sharing of this title is with, as its owner is shown them. */
async function states(title: string): Promise<readonly string[]> {
  const rows = scene.alice.store.db
    .selectFrom("sharing")
    .innerJoin("recipient", "recipient.sharing_id", "sharing.id")
    .select("recipient.state");
  return (await rows.where("sharing.title", "=", title).execute()).map(({ state }) => state);
}

describe.each([
  ["platform 2", platform2],
  ["a master-master sharing", earlierStack("master-master")],
  ["a two-way sharing", earlierStack("two-way")],
])("%s", (name, { path, document, isAsked, share }) => {
  test.each(["down", "nonsense", "slow"] as const)(
    "comes to one state on both sides, where the other Cozy is %s at every step",
    async (how) => {
      const title = `${name.replaceAll(" ", "-")}-${how}`;
      bodyOf(await app("PUT", path(title), { ...document, text: "first" }));
      await (isAsked ? during(scene.bob, how, async () => share(title)) : share(title));
      await inTheEnd("Bob is asked", async () => (await notificationOf(title)).length === 1);
      const notification = await held(scene.bob, title);
      await during(scene.alice, how, async () => accept(scene.bob, "bob", notification));
      await inTheEnd("Bob follows", async () => (await notificationOf(title))[0]?.state === "followed");
      await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
      await inTheEnd("the document came", async () => (await textAtBob(path(title))) === "first");
      const { _rev } = bodyOf(await app("GET", path(title)));
      await during(scene.bob, how, async () =>
        app("PUT", path(title), { ...document, text: "second", _rev }),
      );
      await inTheEnd("the change came", async () => (await textAtBob(path(title))) === "second");
      expect(await states(title)).toEqual(["accepted"]);
    },
  );
});
