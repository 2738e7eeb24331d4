import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openMember } from "../../src/store/cozy-sharings.ts";
import { countFailure, suppressionOf } from "../../src/store/suppressions.ts";
import { type InstanceWorld, openInstanceWorld } from "./world.ts";

let world: InstanceWorld;
let app: string;
beforeAll(async () => {
  world = await openInstanceWorld();
  app = await world.token("io.cozy.tests:ALL io.cozy.contacts:ALL");
});
afterAll(async () => world[Symbol.asyncDispose]());

const permissions = { doc: { type: "io.cozy.tests", verbs: ["ALL"], values: ["t1"] } };
const rules = [{ title: "Test", doctype: "io.cozy.tests", values: ["t1"], add: "sync" }];
let people = 0;

async function contact(more: object = {}): Promise<{ readonly id: string; readonly address: string }> {
  people += 1;
  const address = `person${people}@example.net`;
  const body = { email: [{ address }], ...more };
  const made = await world.ask("POST", "/data/io.cozy.contacts/", { token: app, body });
  return { id: made.textAt("id"), address };
}

/** A sharing of 2017 with nobody. */
async function shareEarlier(): Promise<string> {
  const body = { sharing_type: "master-slave", permissions, recipients: [] };
  return `/sharings/${(await world.ask("POST", "/sharings/", { token: app, body })).textAt("data.id")}`;
}

async function shareToday(contactId: string): Promise<string> {
  const recipients = { data: [{ id: contactId, type: "io.cozy.contacts" }] };
  const data = { attributes: { description: "Test", rules }, relationships: { recipients } };
  return `/sharings/${(await world.ask("POST", "/sharings/", { token: app, body: { data } })).textAt("data.id")}`;
}

/** What the owner is shown. */
async function stateOf(address: string): Promise<string> {
  const query = world.site.store.db.selectFrom("recipient").select("state").where("address", "=", address);
  return (await query.executeTakeFirstOrThrow()).state;
}

/** The state in the link of the only member of today, whose Cozy is known as after discovery. */
async function linkState(path: string): Promise<string> {
  const member = await world.site.store.db
    .selectFrom("cozy_member")
    .innerJoin("cozy_sharing", "cozy_sharing.id", "cozy_member.cozy_sharing_id")
    .where("cozy_sharing.document_id", "=", path.slice("/sharings/".length))
    .selectAll("cozy_member")
    .executeTakeFirstOrThrow();
  const found = world.site.store.db.updateTable("cozy_member").where("id", "=", member.id);
  await found.set({ instance_url: "https://person.cozy.example" }).execute();
  return openMember(world.site.sealer, member, "secret_sealed") ?? "";
}

async function answer(path: string, state: string): Promise<number> {
  const access_token = { access_token: "a", refresh_token: "r", scope: "" };
  const attributes = { state, client: { client_id: "c", client_secret: "s" }, access_token };
  const data = { type: "io.cozy.sharings.answer", attributes };
  return (await world.ask("POST", `${path}/answer`, { body: { data } })).status;
}

describe("a recipient who was added and not asked yet", () => {
  test("is mail-not-sent, pending once mails are sent, and revoked for good", async () => {
    const { id, address } = await contact();
    const path = await shareEarlier();
    await world.ask("PUT", `${path}/recipient`, { token: app, body: { id } });
    expect(await stateOf(address)).toBe("mail-not-sent");
    expect((await world.ask("POST", `${path}/sendMail`, { token: app })).status).toBe(200);
    expect(await stateOf(address)).toBe("pending");
    expect((await world.ask("DELETE", `${path}/recipient/${id}`, { token: app })).status).toBe(204);
    expect(await stateOf(address)).toBe("revoked");
    await world.ask("POST", `${path}/sendMail`, { token: app });
    expect(await stateOf(address)).toBe("revoked");
  });

  test("is revoked without ever having been asked", async () => {
    const { id, address } = await contact();
    const path = await shareEarlier();
    await world.ask("PUT", `${path}/recipient`, { token: app, body: { id } });
    const other = await contact();
    await world.ask("PUT", `${path}/recipient`, { token: app, body: { id: other.id } });
    expect((await world.ask("DELETE", `${path}/recipient/${id}`, { token: app })).status).toBe(204);
    expect([await stateOf(address), await stateOf(other.address)]).toEqual(["revoked", "mail-not-sent"]);
  });

  test("accepts all the same where his Cozy was told before that was noted", async () => {
    const { id, address } = await contact({ cozy: [{ url: "https://person.cozy.example" }] });
    const path = await shareToday(id);
    expect(await stateOf(address)).toBe("mail-not-sent");
    expect(await answer(path, await linkState(path))).toBe(200);
    expect(await stateOf(address)).toBe("accepted");
  });
});

describe("a recipient who was mailed", () => {
  test("accepts, and his address is written to again", async () => {
    const { id, address } = await contact();
    const path = await shareToday(id);
    expect(await stateOf(address)).toBe("pending");
    const { db } = world.site.store;
    await countFailure(db, { addressKey: address, failure: "unknown-user", status: "5.1.1" }, Date.now());
    expect(await suppressionOf(db, address, Date.now())).not.toBeNull();
    expect(await answer(path, await linkState(path))).toBe(200);
    expect(await stateOf(address)).toBe("accepted");
    expect(await suppressionOf(db, address, Date.now())).toBeNull();
  });

  test("accepts once, is revoked, and does not come back by his old link", async () => {
    const { id, address } = await contact();
    const path = await shareToday(id);
    const state = await linkState(path);
    expect(await answer(path, state)).toBe(200);
    expect((await world.ask("DELETE", `${path}/recipients`, { token: app })).status).toBe(204);
    expect(await stateOf(address)).toBe("revoked");
    expect(await answer(path, state)).toBe(404);
    expect(await stateOf(address)).toBe("revoked");
  });
});
