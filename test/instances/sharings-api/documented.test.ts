import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type InstanceWorld, openInstanceWorld, type Reply } from "../world.ts";

// Each request of the cozy-stack sharings document, as it is written there, against a running Usher. The document leaves tokens
// out where it does not speak of them; what its ids name is kept first.

const contact = "2a31ce0128b5f89e40fd90da3f014087";

let world: InstanceWorld;
let token: string;
beforeAll(async () => {
  world = await openInstanceWorld();
  token = await world.token("io.cozy.tests:ALL io.cozy.files:ALL io.cozy.contacts:ALL");
  const kept = { id: contact, type: "io.cozy.contacts", email: [{ address: "toto@fr.example" }] };
  const put = await world.ask("PUT", `/data/io.cozy.contacts/${contact}`, { token, body: kept });
  expect(put.status).toBe(201);
});
afterAll(async () => world[Symbol.asyncDispose]());

const creation = `{
  "sharing_type": "one-shot",
  "description": "sharing test",
  "permissions": {
    "tests": {
      "description": "test",
      "type": "io.cozy.tests",
      "verbs": ["GET", "POST"],
      "values": ["test-id"]
    }
  },
  "recipients": [
    {
      "recipient": {
        "type": "io.cozy.contacts",
        "id": "2a31ce0128b5f89e40fd90da3f014087"
      }
    }
  ]
}`;

async function create(): Promise<Reply> {
  return world.ask("POST", "/sharings/", { token, body: creation });
}

describe("POST /sharings/", () => {
  test("makes the sharing and answers as documented", async () => {
    const reply = await create();
    expect([reply.status, reply.headers["content-type"]]).toEqual([200, "application/vnd.api+json"]);
    expect(reply.json).toEqual({
      data: {
        type: "io.cozy.sharings",
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        attributes: {
          description: "sharing test",
          owner: true,
          app_slug: "cal",
          sharing_id: expect.stringMatching(/^[A-Za-z]{32}$/),
          sharing_type: "one-shot",
          permissions: {
            tests: {
              type: "io.cozy.tests",
              description: "test",
              verbs: ["GET", "POST"],
              values: ["test-id"],
            },
          },
        },
        meta: { rev: expect.stringMatching(/^1-[0-9a-f]{32}$/) },
        links: { self: `/sharings/${reply.textAt("data.id")}` },
        relationships: {
          recipients: { data: [{ id: contact, type: "io.cozy.contacts", status: "pending" }] },
        },
      },
      included: [
        {
          type: "io.cozy.contacts",
          id: contact,
          attributes: { email: [{ address: "toto@fr.example" }], cozy: [] },
          meta: { rev: expect.stringMatching(/^1-[0-9a-f]{32}$/) },
          links: { self: `/data/io.cozy.contacts/${contact}` },
        },
      ],
    });
  });

  test("plans the discovery mail to a recipient whose Cozy is not known", async () => {
    const before = (await world.jobs("send-invitation")).length;
    await create();
    expect(await world.jobs("send-invitation")).toHaveLength(before + 1);
  });

  test("without a token is nobody's", async () => {
    const reply = await world.ask("POST", "/sharings/", { body: creation });
    expect([reply.status, reply.headers["www-authenticate"]]).toEqual([401, 'Bearer realm="usher"']);
  });
});

test("links.self leads to the sharing, and so does the sharing_id", async () => {
  const made = await create();
  for (const id of [made.at("data.links.self"), `/sharings/${made.textAt("data.attributes.sharing_id")}`]) {
    const reply = await world.ask("GET", String(id), { token });
    expect([reply.status, reply.at("data.id")]).toEqual([200, made.at("data.id")]);
  }
});

test.each([
  ["POST", "sendMail"],
  ["PUT", "sendMail"],
  ["POST", "sendMails"],
  ["PUT", "sendMails"],
])(
  "%s /sharings/:id/%s asks the recipients, by the document's name and that of the code",
  async (method, name) => {
    const made = await create();
    expect((await world.ask(method, `/sharings/${made.textAt("data.id")}/${name}`, { token })).status).toBe(
      200,
    );
    expect((await world.ask(method, `/sharings/nobody/${name}`, { token })).status).toBe(404);
  },
);

test("DELETE /sharings/:sharing-id revokes the sharing", async () => {
  const made = await create();
  const path = `/sharings/${made.textAt("data.attributes.sharing_id")}`;
  const reply = await world.ask("DELETE", path, { token, headers: { "content-type": "application/json" } });
  expect([reply.status, reply.text]).toEqual([204, ""]);
  const shown = await world.ask("GET", path, { token });
  expect(shown.at("data.attributes.revoked")).toBe(true);
  expect(shown.at("data.relationships.recipients.data.0.status")).toBe("revoked");
});

test("DELETE /sharings/:sharing-id/recipient/:contact-id revokes one recipient", async () => {
  const made = await create();
  const sharing = `/sharings/${made.textAt("data.attributes.sharing_id")}`;
  const reply = await world.ask("DELETE", `${sharing}/recipient/${contact}`, { token });
  expect([reply.status, reply.text]).toEqual([204, ""]);
  const shown = await world.ask("GET", sharing, { token });
  expect(shown.at("data.relationships.recipients.data.0.status")).toBe("revoked");
});

test("DELETE /sharings/:sharing-id/:recipient-client-id is for the recipient's Cozy alone", async () => {
  const made = await create();
  const path = `/sharings/${made.textAt("data.attributes.sharing_id")}/f319a796-bfed-11e7-9903-d3d8f0929aa5`;
  expect((await world.ask("DELETE", path, { token })).status).toBe(403);
});

test("POST /sharings/app/destinationDirectory keeps where files of an application go", async () => {
  const folder = "9e6e595ee50575a3faa064987d0e30eb";
  const made = { type: "directory", name: "Photos" };
  await world.ask("PUT", `/data/io.cozy.files/${folder}`, { token, body: made });
  const query = `App_slug=sharotronic&Doctype=io.cozy.sharings&Dir_id=${folder}`;
  const reply = await world.ask("POST", `/sharings/app/destinationDirectory?${query}`, { token });
  expect([reply.status, reply.text]).toEqual([204, ""]);
});

test.each([
  ["sharedWithOthers", 1],
  ["shared-by-me", 1],
  ["sharedWithMe", 0],
  ["shared-with-me", 0],
])("GET /permissions/doctype/:doctype/%s tells what is shared, with its sharing", async (name, least) => {
  const made = await create();
  const reply = await world.ask("GET", `/permissions/doctype/io.cozy.tests/${name}`, { token });
  expect(reply.status).toBe(200);
  const id = made.at("data.id");
  const list = reply.at("data");
  const sources = (Array.isArray(list) ? list : []).map((_, place) =>
    reply.at(`data.${place}.attributes.source_id`),
  );
  expect(
    sources.filter((source) => source === id || source === `io.cozy.sharings/${made.textAt("data.id")}`),
  ).toHaveLength(least);
});

test("the two permissions of a photo album are taken as documented", async () => {
  const permissions = {
    photos: {
      description: "Holidays album",
      type: "io.cozy.albums.photos",
      values: ["albumdocid"],
      verbs: ["ALL"],
    },
    files: {
      description: "Holidays photos",
      type: "io.cozy.files",
      values: ["io.cozy.albums.photos/albumdocid"],
      selector: "referenced_by",
      verbs: ["ALL"],
    },
  };
  const photos = await world.token("io.cozy.albums.photos:ALL io.cozy.files:ALL");
  const body = { sharing_type: "master-master", permissions, recipients: [] };
  const reply = await world.ask("POST", "/sharings/", { token: photos, body });
  expect([reply.status, reply.at("data.attributes.permissions")]).toEqual([200, permissions]);
});
