import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { idsIn, openPair, type Pair, permissions } from "./pair.ts";
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

async function open() {
  const { alice } = pair;
  const contact = alice.owner.addContact({ mail: "bob@mail.example" });
  const created = await alice.owner.share({ type: "one-shot", permissions, contacts: [contact] });
  return { contact, sharingId: idsIn(created.text).sharingId };
}

describe("S1a web/sharings: discovery", () => {
  test("GET: 400 for unknown ids and without e-mail, else the form", async () => {
    const { alice } = pair;
    const { contact, sharingId } = await open();
    const get = async (fields: Readonly<Record<string, string>>) =>
      alice.owner.ask("GET", `/sharings/discovery?${String(new URLSearchParams(fields))}`);
    expect((await get({ sharing_id: "unknown", recipient_id: contact })).status).toBe(400);
    expect((await get({ sharing_id: sharingId, recipient_id: "unknown" })).status).toBe(400);
    expect((await get({ sharing_id: sharingId, recipient_id: contact })).status).toBe(400);
    const form = await get({
      sharing_id: sharingId,
      recipient_id: contact,
      recipient_email: "bob@mail.example",
    });
    expect(form.status).toBe(200);
    expect(form.text).toContain(`name="sharing_id" value="${sharingId}"`);
  });

  test("POST: 404 for unknown ids; a bad URL is told in the form or as JSON and not kept; else 302", async () => {
    const { alice, bob } = pair;
    const { contact, sharingId } = await open();
    const post = async (changes: Readonly<Record<string, string>>, accept = "text/html") => {
      const form = {
        sharing_id: sharingId,
        recipient_id: contact,
        recipient_email: "bob@mail.example",
        url: "nobody.cozy.example",
        ...changes,
      };
      return alice.owner.ask("POST", "/sharings/discovery", { form, accept });
    };
    expect((await post({ sharing_id: "unknown" })).status).toBe(404);
    expect((await post({ recipient_id: "unknown" })).status).toBe(404);
    const again = await post({});
    expect(again.status).toBe(400);
    expect(again.text).toContain("<form");
    const told = await post({}, "application/json");
    expect(told.status).toBe(400);
    expect(JSON.parse(told.text)).toEqual({ error: expect.any(String) });
    expect(alice.document("io.cozy.contacts", contact)).toMatchObject({ cozy: [] });
    const done = await post({ url: bob.origin.replace("https://", "") }, "application/json");
    expect(done.status).toBe(302);
    expect(done.headers.location).toContain(`${bob.origin}/sharings/request?`);
    const clients = bob.clients().length;
    const known = await alice.owner.ask(
      "GET",
      `/sharings/discovery?sharing_id=${sharingId}&recipient_id=${contact}`,
    );
    expect(known.status).toBe(302);
    expect(bob.clients()).toHaveLength(clients + 1);
  });
});
