import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStage, type Stage } from "../../world/cozy-v1a/stack/stage.ts";
import { startUsher, type Usher } from "../usher.ts";
import { bobsMail, fileId, filesType, folderId, shareFolder, startOwner, textsOf } from "./owner-world.ts";

// Both have accounts at Ushers of their own, and each reaches the other over TLS.
let stage: Stage;
let alice: Usher;
let bob: Usher;
let app: Awaited<ReturnType<Usher["app"]>>;

beforeEach(async () => {
  stage = await openStage();
  bob = await stage.start(startUsher, "bob");
  ({ alice, app } = await startOwner(stage));
});
afterEach(async () => {
  for (const each of [alice, bob, stage]) await each[Symbol.asyncDispose]();
});

async function settled(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    await bob.work();
    await alice.work();
  }
}

/** How Bob hears of it: by a link that he is mailed, or at his own host. */
const ways = [
  ["a mail", {}, ""],
  ["a mail with a code", {}, "/preview"],
  ["a request at his host", { instance: true }, ""],
  ["a request at his host with a code", { instance: true }, "/preview"],
] as const;

/** Alice shares the folder; the notification that Bob has of it. */
async function share(isKnown: boolean, previewPath: string, more: object = {}) {
  const invited = isKnown ? { email: bobsMail, instance: bob.origin } : { email: bobsMail };
  const preview = previewPath === "" ? {} : { app_slug: "drive", preview_path: previewPath };
  const id = await shareFolder(app, [invited], { ...preview, ...more });
  await settled();
  const notification = isKnown ? await lastNotification() : await bob.receive(await alice.linkOf(bobsMail));
  return { id, notification };
}

async function lastNotification(): Promise<string> {
  const rows = await bob.site.store.db.selectFrom("notification").select("id").execute();
  return rows.at(-1)?.id ?? "";
}

async function accept(notification: string): Promise<void> {
  const answered = await bob.api("POST", `/notifications/${notification}/accept`, {});
  expect(answered.status).toBe(202);
  await settled();
}

async function statuses(id: string): Promise<readonly unknown[]> {
  const { text } = await app("GET", `/sharings/${id}`);
  const body: {
    readonly data: { readonly attributes: { readonly members: readonly { status: unknown }[] } };
  } = JSON.parse(text);
  return body.data.attributes.members.map(({ status }) => status);
}

async function subscriptions() {
  return bob.site.store.db.selectFrom("subscription").select(["id", "state"]).execute();
}

async function clients(): Promise<number> {
  const rows = await Promise.all(
    [alice, bob].map(async ({ site }) => site.store.db.selectFrom("cozy_client").select("id").execute()),
  );
  return rows.flat().length;
}

async function putFile(text: string): Promise<void> {
  const put = await app("PUT", `/data/${filesType}/${fileId}/content`, Buffer.from(text));
  expect(put.status).toBe(200);
  await settled();
}

describe.each(ways)("a sharing that Bob hears of by %s", (_, known, previewPath) => {
  const isKnown = "instance" in known;

  test("is accepted, followed, and revoked by Alice", async () => {
    const { id, notification } = await share(isKnown, previewPath);
    expect(await statuses(id)).toEqual(["owner", "pending"]);
    await accept(notification);
    expect(await statuses(id)).toEqual(["owner", "ready"]);
    expect(await subscriptions()).toMatchObject([{ state: "SUBSCRIBED" }]);
    expect(await textsOf(bob)).toEqual(["sand"]);
    await putFile("more sand");
    expect(await textsOf(bob)).toEqual(["more sand"]);
    expect((await app("DELETE", `/sharings/${id}/recipients`)).status).toBe(204);
    await settled();
    expect(await statuses(id)).toEqual(["owner", "revoked"]);
    expect(await subscriptions()).toMatchObject([{ state: "REMOVED" }]);
    await putFile("after the end");
    expect(await textsOf(bob)).toEqual(["more sand"]);
    expect(await clients()).toBe(0);
  });

  test("is left by Bob, and Alice knows", async () => {
    const { id, notification } = await share(isKnown, previewPath);
    await accept(notification);
    const [subscription] = await subscriptions();
    const left = await bob.api("DELETE", `/subscriptions/${subscription?.id ?? ""}`);
    expect(left.status).toBeLessThan(300);
    await settled();
    expect(await statuses(id)).toEqual(["owner", "revoked"]);
    expect(await clients()).toBe(0);
  });
});

test("what Bob changes reaches Alice, unless he may read only", async () => {
  const { id, notification } = await share(false, "");
  await accept(notification);
  const { rules_json: rules } = await bob.site.store.db
    .selectFrom("cozy_sharing")
    .select("rules_json")
    .where("document_id", "=", id)
    .executeTakeFirstOrThrow();
  const [rule]: readonly { readonly values: readonly string[] }[] = JSON.parse(rules);
  const own = rule?.values[0] ?? "";
  expect(own).not.toBe(folderId);
  const bobsApp = await bob.app(`${filesType}:ALL:${own}`);
  const { text } = await bobsApp("GET", `/data/${filesType}/${own}`);
  const rename = async (name: string): Promise<void> => {
    const known: { readonly _rev: string } = JSON.parse(
      (await bobsApp("GET", `/data/${filesType}/${own}`)).text,
    );
    const put = await bobsApp("PUT", `/data/${filesType}/${own}`, { ...JSON.parse(text), ...known, name });
    expect(put.status).toBeLessThan(300);
    await settled();
  };
  const nameAtAlice = async (): Promise<unknown> => {
    const found: { readonly name: unknown } = JSON.parse(
      (await app("GET", `/data/${filesType}/${folderId}`)).text,
    );
    return found.name;
  };
  await rename("Trip");
  expect(await nameAtAlice()).toBe("Trip");
  expect((await app("POST", `/sharings/${id}/recipients/1/readonly`)).status).toBe(204);
  await settled();
  await rename("Not for Alice");
  expect(await nameAtAlice()).toBe("Trip");
});

test("what nobody accepts is ended for Bob by Alice: his link leads nowhere", async () => {
  const { id, notification } = await share(false, "");
  expect((await app("DELETE", `/sharings/${id}/recipients/1`)).status).toBe(204);
  await accept(notification);
  expect(await statuses(id)).toEqual(["owner", "revoked"]);
  expect(await subscriptions()).not.toMatchObject([{ state: "SUBSCRIBED" }]);
  expect(await textsOf(bob)).toEqual([]);
});
