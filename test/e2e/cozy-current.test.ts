import { afterAll, beforeAll, expect, test } from "vitest";
import { addressOf } from "../world/world.ts";
import { type CozyApp, type CozyScene, type CozySite, openCozyScene } from "./cozy-scene.ts";
import { accept, bodyOf, browsed, gotten, held, subscriptionIn, whenAt } from "./followed.ts";

const files = "io.cozy.files";
let scene: CozyScene;
let app: CozyApp;
let sharings = 0;

beforeAll(async () => {
  scene = await openCozyScene();
  app = await scene.alice.app("alice", `${files}:ALL io.cozy.contacts:ALL`);
});
afterAll(async () => scene[Symbol.asyncDispose]());

interface Shared {
  readonly id: string;
  readonly title: string;
  readonly file: string;
}

/** Alice shares a folder with one file in it by mail. */
async function share(title: string, recipients: readonly object[], more: object = {}): Promise<Shared> {
  sharings += 1;
  const folder = String(sharings).padStart(32, "d");
  const file = String(sharings).padStart(32, "f");
  bodyOf(
    await app("PUT", `/data/${files}/${folder}`, {
      type: "directory",
      name: title,
      dir_id: "io.cozy.files.root-dir",
    }),
  );
  bodyOf(
    await app("PUT", `/data/${files}/${file}`, {
      type: "file",
      name: "quay.txt",
      mime: "text/plain",
      dir_id: folder,
    }),
  );
  await write({ file }, "sand");
  const verbs = { add: "sync", update: "sync", remove: "sync" };
  const data = recipients.map((who) => ({ type: "io.cozy.contacts", ...who }));
  const created = await app("POST", "/sharings/", {
    data: {
      type: "io.cozy.sharings",
      attributes: {
        description: title,
        rules: [{ title, doctype: files, values: [folder], ...verbs }],
        ...more,
      },
      relationships: { recipients: { data } },
    },
  });
  const { id } = bodyOf(created)["data"] as { readonly id: string };
  return { id, title, file };
}

async function write({ file }: Pick<Shared, "file">, text: string): Promise<void> {
  bodyOf(await app("PUT", `/data/${files}/${file}/content`, Buffer.from(text)));
}

/** The status of a member, as the application is shown it. */
async function becomes({ id }: Shared, status: string, place = 1): Promise<void> {
  const look = async () => {
    const { attributes } = bodyOf(await app("GET", `/sharings/${id}`))["data"] as Document;
    return attributes.members[place]?.status;
  };
  await whenAt(scene.alice, `member ${place} is ${status}`, look, status);
}

interface Document {
  readonly attributes: { readonly members: readonly { readonly status: string }[] };
}

/** The file behind the subscription holds that text. */
async function arrives(site: CozySite, subscription: string, text: string): Promise<void> {
  const look = async () => {
    const names = (await browsed(site, subscription)).map(({ name }) => name);
    return names.includes("quay.txt") ? gotten(site, subscription, "quay.txt") : names.join(" ");
  };
  await whenAt(site, `the file says ${text}`, look, text);
}

test("a folder is mailed, held, accepted, followed, and revoked by Alice", async () => {
  const shared = await share("Holiday", [{ email: addressOf("bob") }]);
  const notification = await held(scene.bob, shared.title);
  await accept(scene.bob, "bob", notification);
  await becomes(shared, "ready");
  const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
  await arrives(scene.bob, subscription, "sand");
  await write(shared, "more sand");
  await arrives(scene.bob, subscription, "more sand");
  expect((await app("DELETE", `/sharings/${shared.id}/recipients`)).status).toBe(204);
  await becomes(shared, "revoked");
  await subscriptionIn(scene.bob, notification, "REMOVED");
});

test("a folder is left by Bob, and Alice is told", async () => {
  const shared = await share("Cellar", [{ email: addressOf("bob") }]);
  const notification = await held(scene.bob, shared.title);
  await accept(scene.bob, "bob", notification);
  await becomes(shared, "ready");
  const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
  expect((await scene.bob.usher("subscription", "remove", subscription)).code).toBe(0);
  await becomes(shared, "revoked");
});
