import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type InstanceWorld, openInstanceWorld, type Reply } from "../world.ts";

let world: InstanceWorld;
let token: string;
beforeAll(async () => {
  world = await openInstanceWorld();
  token = await world.token("io.cozy.tests:ALL io.cozy.files:ALL io.cozy.contacts:ALL");
  const body = { email: [{ address: "carla@example.net" }] };
  await world.ask("PUT", "/data/io.cozy.contacts/carla", { token, body });
});
afterAll(async () => world[Symbol.asyncDispose]());

const tests = { type: "io.cozy.tests", values: ["t1"], verbs: ["GET"] };
const whole = { sharing_type: "one-shot", permissions: { tests }, recipients: ["carla"] };
const attributes = { rules: [{ title: "t", doctype: "io.cozy.tests", values: ["t1"], add: "push" }] };

async function share(body: unknown): Promise<Reply> {
  return world.ask("POST", "/sharings/", { token, body });
}

/** How many sharings stand: a refused one leaves nothing behind. */
async function count(): Promise<unknown> {
  const { db } = world.site.store;
  const counted = db.selectFrom("sharing").select(({ fn }) => fn.countAll<number>().as("n"));
  return (await counted.executeTakeFirstOrThrow()).n;
}

test.each([
  [{ ...whole, sharing_type: "gift" }, 422, "/sharing_type"],
  [{ ...whole, sharing_type: undefined }, 422, "/sharing_type"],
  [{ ...whole, sharing_type: "toString" }, 422, "/sharing_type"],
  [{ ...whole, permissions: undefined }, 422, "/permissions"],
  [{ ...whole, permissions: { tests: { ...tests, verbs: ["READ"] } } }, 422, "/permissions/tests/verbs"],
  [{ ...whole, permissions: { tests: { ...tests, values: [] } } }, 422, "/permissions/tests/values"],
  [
    { ...whole, permissions: { tests: { ...tests, selector: "calendar-id" } } },
    422,
    "/permissions/tests/selector",
  ],
  [{ ...whole, permissions: { other: { ...tests, type: "io.cozy.bills" } } }, 403, "/permissions"],
  [{ ...whole, recipients: "carla" }, 422, "/recipients"],
  [
    { ...whole, recipients: [{ recipient: { type: "io.cozy.contacts" } }] },
    422,
    "/recipients/0/recipient/id",
  ],
  [{ ...whole, recipients: [{ recipient: { id: "nobody" } }] }, 404, "/recipients/0/recipient/id"],
  [{ ...whole, recipients: [{ recipient: { email: "no address" } }] }, 422, "/recipients/0/recipient/email"],
  [
    { ...whole, recipients: [{ recipient: { email: "a@b.example", url: "ftp://x" } }] },
    422,
    "/recipients/0/recipient/email",
  ],
  [{ ...whole, recipients: ["nobody"] }, 404, "/recipients/0"],
  [{ ...whole, description: "x".repeat(5000) }, 422, "/description"],
  [{ ...whole, preview_path: 7 }, 422, "/preview_path"],
  [{ data: { attributes: { rules: [] } } }, 400, "/data/attributes/rules"],
  [
    { data: { attributes: { rules: [{ doctype: "io.cozy.files", values: ["a", "b"] }] } } },
    400,
    "/data/attributes/rules/0",
  ],
  [
    { data: { attributes, relationships: { recipients: { data: [{ id: "nobody" }] } } } },
    404,
    "/data/relationships/recipients/data/0/id",
  ],
])("what cannot be shared is refused, with the field: %#", async (body, status, pointer) => {
  const before = await count();
  const reply = await share(body);
  expect([reply.status, reply.at("errors.0.status"), reply.at("errors.0.source.pointer")]).toEqual([
    status,
    String(status),
    pointer,
  ]);
  expect(reply.headers["content-type"]).toBe("application/vnd.api+json");
  expect(await count()).toBe(before);
});

test("several wrong fields are all named at once", async () => {
  const reply = await share({ ...whole, permissions: { a: { type: "?" }, b: 1 }, description: 1 });
  const pointers = [0, 1, 2].map((place) => reply.at(`errors.${place}.source.pointer`));
  expect(pointers).toEqual(["/permissions/a/type", "/permissions/b", "/description"]);
});

test.each(["[]", "7", '"x"'])("a body that is %s is refused", async (body) => {
  expect((await share(body)).status).toBe(400);
});

describe("a destination", () => {
  beforeAll(async () => {
    const body = { type: "directory", name: "Photos" };
    await world.ask("PUT", "/data/io.cozy.files/dir", { token, body });
    await world.ask("PUT", "/data/io.cozy.files/file", { token, body: { type: "file", name: "a" } });
  });

  test.each([
    ["Doctype=io.cozy.files&Dir_id=dir", "App_slug"],
    ["App_slug=photos&Dir_id=dir", "Doctype"],
    ["App_slug=photos&Doctype=%20&Dir_id=dir", "Doctype"],
    ["App_slug=photos&Doctype=io.cozy.files", "Dir_id"],
    ["App_slug=photos&Doctype=io.cozy.files&Dir_id=none", "Dir_id"],
    ["App_slug=photos&Doctype=io.cozy.files&Dir_id=file", "Dir_id"],
  ])("%s lacks a parameter, which is named", async (query, parameter) => {
    const reply = await world.ask("POST", `/sharings/app/destinationDirectory?${query}`, { token });
    expect([reply.status, reply.at("errors.0.source.parameter")]).toEqual([400, parameter]);
  });

  test("is chosen by the later route too, for the token's application", async () => {
    const path = "/sharings/destination/io.cozy.files?Dir_id=dir";
    expect((await world.ask("POST", path, { token })).status).toBe(204);
    expect(
      (await world.ask("POST", "/sharings/destination/io.cozy.notes?Dir_id=dir", { token })).status,
    ).toBe(400);
  });
});

describe("a contact", () => {
  test("is kept, changed and forgotten, and is the one of usher contact", async () => {
    const made = await world.ask("POST", "/data/io.cozy.contacts/", {
      token,
      body: { fullname: "Dora", email: [{ address: "dora@example.net" }], cozy: [{ url: "dora.example" }] },
    });
    expect([made.status, made.at("data.cozy.0.url")]).toEqual([201, "https://dora.example"]);
    const path = `/data/io.cozy.contacts/${made.textAt("id")}`;
    expect((await world.usher("contact", "list", "alice")).out).toContain("dora@example.net");
    const changed = await world.ask("PUT", path, { token, body: { email: { address: "dora@example.org" } } });
    expect([changed.status, changed.at("rev")]).toEqual([200, expect.stringMatching(/^2-/)]);
    const stale = await world.ask("PUT", path, {
      token,
      body: { _rev: made.at("rev"), email: { address: "d@e.org" } },
    });
    expect([stale.status, stale.at("errors.0.source.pointer")]).toEqual([409, "/_rev"]);
    expect((await world.ask("DELETE", path, { token })).status).toBe(200);
    expect((await world.ask("GET", path, { token })).status).toBe(404);
  });

  test.each([
    [{ fullname: "Nobody" }, 422, "/email/0/address"],
    [{ email: [{ address: "nothing" }] }, 422, "/email/0/address"],
    [{ email: [{ address: "eve@example.net" }], cozy: [{ url: "http://eve.example" }] }, 422, "/cozy/0/url"],
    [{ email: [{ address: "CARLA@example.net".toLowerCase() }] }, 409, "/email/0/address"],
  ])("that cannot be one is refused, with the field: %j", async (body, status, pointer) => {
    const reply = await world.ask("PUT", "/data/io.cozy.contacts/new", { token, body });
    expect([reply.status, reply.at("errors.0.source.pointer")]).toEqual([status, pointer]);
  });

  test("is nobody's without the permission", async () => {
    const other = await world.token("io.cozy.files:ALL");
    for (const [method, path] of [
      ["GET", "/data/io.cozy.contacts/carla"],
      ["GET", "/data/io.cozy.contacts/_all_docs"],
      ["DELETE", "/data/io.cozy.contacts/carla"],
    ] as const) {
      expect((await world.ask(method, path, { token: other })).status).toBe(403);
    }
  });
});

describe("a sharing", () => {
  test("is shown to who has one of its rules, changed by who has all of them, and is nobody else's", async () => {
    const made = await share({
      ...whole,
      permissions: { tests, files: { type: "io.cozy.files", values: ["f1"], verbs: ["ALL"] } },
    });
    const path = `/sharings/${made.textAt("data.id")}`;
    const some = await world.token("io.cozy.tests:ALL");
    expect((await world.ask("GET", path, { token: some })).status).toBe(200);
    const none = await world.token("io.cozy.bills:ALL");
    expect((await world.ask("GET", path, { token: none })).status).toBe(403);
    for (const [method, rest] of [
      ["DELETE", ""],
      ["POST", "/sendMail"],
      ["DELETE", "/recipient/carla"],
      ["DELETE", "/recipients"],
      ["DELETE", "/recipients/1"],
      ["POST", "/recipients?ContactID=carla"],
    ] as const) {
      expect((await world.ask(method, path + rest, { token: some })).status, method + rest).toBe(403);
    }
  });

  test("gets recipients later: contacts and addresses, each once", async () => {
    const made = await share({ ...whole, sharing_type: "one-way", recipients: [] });
    expect([made.status, made.at("data.relationships.recipients.data")]).toEqual([201, []]);
    const path = `/sharings/${made.textAt("data.id")}/recipients`;
    for (let twice = 0; twice < 2; twice += 1) {
      const added = await world.ask("POST", `${path}?ContactID=carla`, { token });
      expect([added.status, added.at("data.relationships.recipients.data")]).toEqual([
        200,
        [{ id: "carla", type: "io.cozy.contacts", status: "pending" }],
      ]);
    }
    const one = await world.ask("PUT", path.slice(0, -1), { token, body: { id: "carla" } });
    expect(one.status).toBe(200);
    expect((await world.ask("POST", `${path}?ContactID=nobody`, { token })).status).toBe(404);
    expect((await world.ask("DELETE", `${path}/1`, { token })).status).toBe(204);
    expect((await world.ask("DELETE", `${path}/7`, { token })).status).toBe(404);
  });

  test("that was taken back asks nobody any more", async () => {
    const made = await share(whole);
    const path = `/sharings/${made.textAt("data.id")}`;
    expect((await world.ask("DELETE", path, { token })).status).toBe(204);
    expect((await world.ask("POST", `${path}/sendMail`, { token })).status).toBe(409);
    expect((await world.ask("POST", `${path}/recipients?ContactID=carla`, { token })).status).toBe(409);
  });

  test("with somebody new makes him a contact", async () => {
    const body = {
      ...whole,
      recipients: [{ recipient: { email: "fred@example.net", url: "fred.example" } }],
    };
    const made = await share(body);
    expect(made.status).toBe(200);
    expect(made.at("included.0.attributes")).toEqual({
      email: [{ address: "fred@example.net" }],
      cozy: [{ url: "https://fred.example" }],
    });
  });
});
