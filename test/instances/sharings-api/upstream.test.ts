import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bobHost, type InstanceWorld, openInstanceWorld, type Reply } from "../world.ts";
import { acceptAll, permissions, received } from "./rows.ts";

// Cases of web/sharings/sharings_test.go (reference/cozy.md 12.2) that are about applications and about who may end what.
// Statuses are those of src/protocols/cozy-v1/README.md.

let world: InstanceWorld;
let token: string;
let bobs: string;
beforeAll(async () => {
  world = await openInstanceWorld();
  const rules = "io.cozy.tests:ALL io.cozy.contacts:ALL";
  token = await world.token(rules);
  bobs = await world.token(rules, { account: "bob" });
  const body = { email: [{ address: "carla@example.net" }] };
  await world.ask("PUT", "/data/io.cozy.contacts/carla", { token, body });
});
afterAll(async () => world[Symbol.asyncDispose]());

const body = { sharing_type: "master-slave", permissions, recipients: [{ recipient: { id: "carla" } }] };

async function share(change: object = {}, by = token): Promise<Reply> {
  return world.ask("POST", "/sharings/", { token: by, body: { ...body, ...change } });
}

describe("TestCreateSharing", () => {
  test.each([
    ["WithBadType", { sharing_type: "shary pie" }, 422],
    ["WithNonExistingRecipient", { recipients: [{ recipient: { id: "hodor" } }] }, 404],
    ["Success", {}, 200],
    ["without recipients", { recipients: [] }, 200],
  ])("%s", async (_, change, status) => {
    expect((await share(change)).status).toBe(status);
  });

  test("with permissions that the application lacks: 403", async () => {
    expect((await share({}, await world.token("io.cozy.events:ALL"))).status).toBe(403);
  });
});

test("TestSendMailsWithWrongSharingID: 404", async () => {
  expect((await world.ask("PUT", "/sharings/wrongid/sendMails", { token })).status).toBe(404);
});

async function add(id: string, contact: string): Promise<number> {
  return (await world.ask("PUT", `/sharings/${id}/recipient`, { token, body: { id: contact } })).status;
}

test("TestAddSharingRecipient: 404 without the sharing, 404 without the contact", async () => {
  const made = await share();
  expect([await add("fakeid", "carla"), await add(made.textAt("data.id"), "nobody")]).toEqual([404, 404]);
});

test("TestGetSharingDoc: 404, 403, 200", async () => {
  const id = (await share()).textAt("data.attributes.sharing_id");
  const get = async (path: string, by: string) => (await world.ask("GET", path, { token: by })).status;
  const other = await world.token("io.cozy.events:ALL");
  expect([
    await get("/sharings/fakeid", token),
    await get(`/sharings/${id}`, other),
    await get(`/sharings/${id}`, token),
  ]).toEqual([404, 403, 200]);
});

async function end(id: string, by: string, rest = ""): Promise<number> {
  return (await world.ask("DELETE", `/sharings/${id}${rest}`, { token: by, host: bobHost })).status;
}

describe("TestRevokeSharing", () => {
  test("WithoutSharing: 404", async () => {
    expect(await end("fakeid", bobs)).toBe(404);
  });

  test("by an application without the rules: 403", async () => {
    const { id } = await received(world);
    expect(await end(id, await world.token("io.cozy.events:ALL", { account: "bob" }))).toBe(403);
  });

  test("by an application of whom was invited: the sharer's client is gone", async () => {
    const { id, sharers } = await received(world);
    expect(await end(id, bobs)).toBe(204);
    expect((await world.ask("GET", "/data/io.cozy.tests/t1", { token: sharers, host: bobHost })).status).toBe(
      401,
    );
  });

  test("by a token with another scope: 403", async () => {
    const { id, sharers } = await received(world, "io.cozy.tests:ALL:t1");
    expect(await end(id, sharers)).toBe(403);
  });

  test("by another client: 403", async () => {
    const { id } = await received(world);
    expect(await end(id, (await received(world)).sharers)).toBe(403);
  });

  test("by the sharer: 204, and nothing of his opens anything any more", async () => {
    const { id, sharers } = await received(world);
    expect(await end(id, sharers)).toBe(204);
    expect((await world.ask("GET", "/data/io.cozy.tests/t1", { token: sharers, host: bobHost })).status).toBe(
      401,
    );
    expect(await end(id, sharers)).toBe(401);
  });

  test("by a Cozy at the owner: 403", async () => {
    const own = { ...body, recipients: [] };
    const made = await world.ask("POST", "/sharings/", { token: bobs, host: bobHost, body: own });
    const { sharers } = await received(world);
    expect(await end(made.textAt("data.id"), sharers)).toBe(403);
  });
});

async function sharedWithTwo() {
  const recipients = [{ recipient: { id: "carla" } }, { recipient: { email: "dora@example.net" } }];
  const made = await share({ recipients });
  const [carla, dora] = await acceptAll(world, made.textAt("data.id"));
  if (carla === undefined || dora === undefined) throw new Error("the sharing has no two recipients");
  return { path: `/sharings/${made.textAt("data.attributes.sharing_id")}`, carla, dora };
}

async function remove(path: string, by: string): Promise<number> {
  return (await world.ask("DELETE", path, { token: by })).status;
}

describe("TestRevokeRecipient", () => {
  test("by the application: 404 for nobody, 204", async () => {
    const { path } = await sharedWithTwo();
    expect(await remove(`${path}/recipient/nobody`, token)).toBe(404);
    expect(await remove(`${path}/recipient/carla`, token)).toBe(204);
  });

  test("by another recipient's token: 403", async () => {
    const { path, carla, dora } = await sharedWithTwo();
    expect(await remove(`${path}/${carla.id}`, dora.token)).toBe(403);
    expect(await remove(`${path}/recipient/${carla.id}`, dora.token)).toBe(403);
  });

  test.each(["", "/recipient"])(
    "by his own token, as %s/:client: 204, and the other one stays",
    async (under) => {
      const { path, carla } = await sharedWithTwo();
      expect(await remove(`${path}${under}/${carla.id}`, carla.token)).toBe(204);
      const shown = await world.ask("GET", path, { token });
      const statuses = [0, 1].map((place) => shown.at(`data.relationships.recipients.data.${place}.status`));
      expect(statuses[0]).toBe("revoked");
      expect(statuses[1]).not.toBe("revoked");
    },
  );
});
