import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { idsIn, openPair, type Pair, permissions, scope, shareWithBob, sharingAt } from "./pair.ts";
import { openStage, type Stage } from "./stack/stage.ts";

let stage: Stage;
let pair: Pair;
beforeAll(async () => {
  stage = await openStage();
  pair = await openPair(stage);
});
afterAll(async () => {
  await pair[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

const body = { sharing_type: "one-shot", permissions, recipients: [] };

describe("S1a web/sharings: create", () => {
  test("422 for a wrong type, with its parameter", async () => {
    const answer = await pair.alice.owner.ask("POST", "/sharings/", {
      scope,
      body: { ...body, sharing_type: "shary pie" },
    });
    expect(answer.status).toBe(422);
    expect(JSON.parse(answer.text)).toMatchObject({ errors: [{ source: { parameter: "sharing_type" } }] });
  });

  test("403 in plain text where the token does not hold the permissions", async () => {
    const { alice } = pair;
    const answer = await alice.owner.ask("POST", "/sharings/", { scope: "io.cozy.other:ALL", body });
    expect(answer.status).toBe(403);
    expect(answer.headers["content-type"]).toContain("text/plain");
  });

  test("404 for an unknown recipient, and nothing is saved", async () => {
    const { alice } = pair;
    const before = alice.sharings().length;
    const unknown = [{ recipient: { id: "nobody", type: "io.cozy.contacts" } }];
    const answer = await alice.owner.ask("POST", "/sharings/", {
      scope,
      body: { ...body, recipients: unknown },
    });
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.text)).toMatchObject({ errors: [{ status: "404", title: "Not Found" }] });
    expect(alice.sharings()).toHaveLength(before);
  });

  test("201 also with no recipients", async () => {
    const answer = await pair.alice.owner.ask("POST", "/sharings/", { scope, body });
    expect(answer.status).toBe(201);
    expect(JSON.parse(answer.text)).toMatchObject({
      data: { attributes: { owner: true, sharer: { url: "", sharer_status: null }, permissions } },
      included: [],
    });
  });

  test("201 shows recipients and contacts, and no OAuth secret", async () => {
    const { alice, bob } = pair;
    const contact = alice.owner.addContact({ mail: "bob@mail.example", cozy: bob.origin });
    const answer = await alice.owner.share({ type: "one-shot", permissions, contacts: [contact] });
    expect(answer.headers["content-type"]).toBe("application/vnd.api+json");
    expect(JSON.parse(answer.text)).toMatchObject({
      data: {
        type: "io.cozy.sharings",
        links: { self: `/sharings/${idsIn(answer.text).id}` },
        relationships: {
          recipients: { data: [{ id: contact, type: "io.cozy.contacts", status: "pending" }] },
        },
      },
      included: [
        {
          id: contact,
          attributes: { email: [{ address: "bob@mail.example" }], cozy: [{ url: bob.origin }] },
          links: { self: `/data/io.cozy.contacts/${contact}` },
        },
      ],
    });
    for (const secret of bob.secrets()) expect(answer.text).not.toContain(secret);
  });
});

describe("S1a web/sharings: add recipient, sendMails, get", () => {
  test("add recipient: 404 for an unknown sharing and an unknown contact, 200 else, without a word who asks", async () => {
    const { alice, bob } = pair;
    const { id } = await shareWithBob(pair, "one-shot");
    const ask = async (sharing: string, contact: string) =>
      alice.owner.ask("PUT", `/sharings/${sharing}/recipient`, {
        body: { id: contact, type: "io.cozy.contacts" },
      });
    const known = alice.owner.addContact({ mail: "carol@mail.example", cozy: bob.origin });
    expect((await ask("unknown", known)).status).toBe(404);
    expect((await ask(id, "unknown")).status).toBe(404);
    const added = await ask(id, known);
    expect(added.status).toBe(200);
    expect(sharingAt(alice, idsIn(added.text).sharingId).recipients).toMatchObject([
      { status: "pending" },
      { status: "mail-not-sent" },
    ]);
    expect((await ask(id, alice.owner.addContact({ mail: "d@mail.example" }))).status).toBe(500);
  });

  test("sendMails: 404", async () => {
    expect((await pair.alice.owner.sendMails("unknown")).status).toBe(404);
  });

  test("get by sharing_id, not by _id: 404, 403, 200", async () => {
    const { alice } = pair;
    const { id, sharingId } = await shareWithBob(pair, "one-shot");
    const ask = async (name: string, held: string) =>
      alice.owner.ask("GET", `/sharings/${name}`, { scope: held });
    expect((await ask(id, scope)).status).toBe(404);
    expect((await ask(sharingId, "io.cozy.other:ALL")).status).toBe(403);
    expect((await ask(sharingId, scope)).status).toBe(200);
    expect((await alice.owner.ask("GET", `/sharings/${sharingId}`)).status).toBe(401);
  });
});

describe("S1a web/sharings: answer", () => {
  test("404 (state), 404 (client), 500 (bad code); a code works once", async () => {
    const { alice, bob } = pair;
    const { sharingId, link } = await shareWithBob(pair, "one-shot");
    const client = new URL(link).searchParams.get("client_id") ?? "";
    const answer = async (query: Readonly<Record<string, string>>) =>
      (await alice.owner.ask("GET", `/sharings/answer?${String(new URLSearchParams(query))}`)).status;
    expect(await answer({ state: "unknown", client_id: client, access_code: "x" })).toBe(404);
    expect(await answer({ state: sharingId, client_id: "unknown", access_code: "x" })).toBe(404);
    expect(await answer({ state: sharingId, client_id: client, access_code: "x" })).toBe(500);
    expect(sharingAt(alice, sharingId).recipients).toMatchObject([{ status: "pending" }]);
    const end = await bob.owner.accept(link);
    const used = new URL(end.trail[1]?.url ?? "").searchParams.get("access_code") ?? "";
    expect(used).not.toBe("");
    expect(await answer({ state: sharingId, client_id: client, access_code: used })).toBe(500);
    expect(sharingAt(alice, sharingId).recipients).toMatchObject([{ status: "accepted" }]);
  });
});

describe("S1a web/sharings: access", () => {
  test("client: 404, 404, 200 null", async () => {
    const { alice, bob } = pair;
    const { sharingId, link } = await shareWithBob(pair, "master-master");
    const { searchParams } = new URL(link);
    const clientId = searchParams.get("client_id") ?? "";
    const ask = async (state: string, client: string) =>
      alice.owner.ask("POST", "/sharings/access/client", {
        body: { state, client_id: client, host_client_id: "c9", code: "" },
      });
    expect((await ask("unknown", clientId)).status).toBe(404);
    expect((await ask(sharingId, "unknown")).status).toBe(404);
    expect(await ask(sharingId, clientId)).toMatchObject({ status: 200, text: "null" });
    expect(sharingAt(alice, sharingId).recipients).toMatchObject([{ hostClientId: "c9" }]);
    expect(bob.sharings().some((each) => each.sharingId === sharingId)).toBe(false);
  });
});
