import { simpleParser } from "mailparser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStage, type Stage } from "../cozy-v1a/stack/stage.ts";
import { startCozyV1b } from "./cozy.ts";
import {
  accepted,
  doctype,
  idIn,
  openPair,
  type Pair,
  permissions,
  scope,
  shareWithBob,
  sharingAt,
} from "./pair.ts";

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

describe("S1b web/sharings: create", () => {
  const sharing = { sharing_type: "one-shot", permissions, recipients: ["unknown"] };

  test("422, 403, 404 where no recipient is known", async () => {
    const { alice } = pair;
    const post = async (held: string, changes: Readonly<Record<string, unknown>>) =>
      alice.owner.ask("POST", "/sharings/", { scope: held, body: { ...sharing, ...changes } });
    // The names of the generation before are unknown.
    expect((await post(scope, { sharing_type: "master-slave" })).status).toBe(422);
    expect((await post("io.cozy.other:ALL", {})).status).toBe(403);
    expect((await post(scope, {})).status).toBe(404);
    expect((await post(scope, { recipients: [] })).status).toBe(404);
  });

  test("201, and an unknown contact among known ones is skipped", async () => {
    const { alice } = pair;
    const contact = alice.owner.addContact({ mail: "bob@mail.example" });
    const created = await alice.owner.share({
      type: "one-shot",
      permissions,
      contacts: ["unknown", contact],
    });
    expect(created.status).toBe(201);
    expect(JSON.parse(created.text)).toMatchObject({
      data: {
        attributes: { sharing_type: "one-shot", app_slug: "drive", owner: true },
        relationships: { recipients: { data: [{ id: contact }] } },
      },
    });
    expect(created.text).not.toContain(alice.sharecode(idIn(created.text), contact));
  });
});

describe("S1b web/sharings: add recipient", () => {
  test("404, 404, 403 for another app, 200", async () => {
    const { alice } = pair;
    const { id } = await shareWithBob(pair, "one-way");
    const contact = alice.owner.addContact({ mail: "carol@mail.example" });
    const unknown = await alice.owner.ask("POST", `/sharings/unknown/recipients?ContactID=${contact}`, {
      scope,
    });
    expect(unknown.status).toBe(404);
    expect((await alice.owner.addRecipient(id, "unknown")).status).toBe(404);
    expect((await alice.owner.addRecipient(id, contact, "photos")).status).toBe(403);
    expect((await alice.owner.addRecipient(id, contact)).status).toBe(200);
    expect(alice.mails().at(-1)?.to).toBe("carol@mail.example");
  });
});

describe("S1b web/sharings: discovery", () => {
  test("form: 400 without code, 400 for a bad code, 200 filled with the known address", async () => {
    const { alice, bob } = pair;
    const { id, code } = await shareWithBob(pair, "one-way");
    const get = async (query: string) => alice.owner.ask("GET", `/sharings/${id}/discovery${query}`);
    expect((await get("")).status).toBe(400);
    expect((await get("?sharecode=bad")).status).toBe(400);
    const form = await get(`?sharecode=${code}`);
    expect(form.status).toBe(200);
    expect(form.text).toContain(`name="url" value="${bob.origin}"`);
    const other = await alice.owner.ask("GET", `/sharings/${"0".repeat(32)}/discovery?sharecode=${code}`);
    expect(other.status).toBe(400);
  });

  test("400 for a bad code, 400 form where no Cozy answers even for JSON, 302 to the consent", async () => {
    const { alice, bob } = pair;
    const { id, code } = await shareWithBob(pair, "one-way");
    const post = async (sharecode: string, url: string) =>
      alice.owner.ask("POST", `/sharings/${id}/discovery`, {
        form: { sharecode, url },
        accept: "application/json",
      });
    expect((await post("bad", bob.origin)).status).toBe(400);
    const again = await post(code, "nobody.cozy.example");
    expect(again.status).toBe(400);
    expect(again.text).toContain("<form");
    const done = await post(code, new URL(bob.origin).host);
    expect(done.status).toBe(302);
    const target = new URL(done.headers.location ?? "");
    expect(target.origin + target.pathname).toBe(`${bob.origin}/auth/authorize`);
    expect([...target.searchParams]).toEqual([
      ["App_slug", "drive"],
      ["client_id", sharingAt(alice, id).recipients[0]?.clientId],
      ["redirect_uri", `${alice.origin}/sharings/answer`],
      ["response_type", "cozy_sharing"],
      ["scope", scope],
      ["state", code],
    ]);
  });
});

describe("S1b web/auth: cozy_sharing form", () => {
  test("cozy_sharing is for clients of kind sharing alone, and they get nothing else", async () => {
    const { bob } = pair;
    const register = async (kind: string) => {
      const answer = await bob.owner.ask("POST", "/auth/register", {
        body: {
          redirect_uris: ["https://other.example/sharings/answer"],
          client_name: "Other",
          software_id: "s",
          client_kind: kind,
        },
      });
      return String(JSON.parse(answer.text).client_id);
    };
    const [ofSharing, ofMobile] = [await register("sharing"), await register("mobile")];
    const get = async (type: string, client: string) => {
      const query = new URLSearchParams({
        response_type: type,
        client_id: client,
        redirect_uri: "https://other.example/sharings/answer",
        scope,
        state: "x",
      });
      return (await bob.owner.ask("GET", `/auth/authorize?${String(query)}`)).status;
    };
    expect(await get("cozy_sharing", ofSharing)).toBe(303);
    expect(await get("cozy_sharing", ofMobile)).toBe(400);
    expect(await get("code", ofSharing)).toBe(400);
    expect((await bob.owner.ask("POST", "/auth/authorize")).status).toBe(401);
  });
});

describe("S1b web/sharings: answer", () => {
  test("400 without code, 403 for an unknown sharecode, 404 for an unknown client, 500 for a bad code", async () => {
    const { alice, bob } = pair;
    const { id, code } = await shareWithBob(pair, "two-way");
    await alice.owner.ask("POST", `/sharings/${id}/discovery`, {
      form: { sharecode: code, url: bob.origin },
    });
    const clientId = sharingAt(alice, id).recipients[0]?.clientId ?? "";
    const post = async (query: Readonly<Record<string, string>>) =>
      alice.owner.ask("POST", `/sharings/answer?${String(new URLSearchParams(query))}`, {
        accept: "application/json",
      });
    expect((await post({ client_id: clientId, state: code })).status).toBe(400);
    expect((await post({ access_code: "x", client_id: clientId, state: "bad" })).status).toBe(403);
    expect((await post({ access_code: "x", client_id: "bad", state: code })).status).toBe(404);
    expect((await post({ access_code: "x", client_id: clientId, state: code })).status).toBe(500);
    expect(sharingAt(alice, id).recipients).toMatchObject([{ status: "mail-not-sent" }]);
  });
});

describe("S1b web/sharings: destination", () => {
  test("only files have one, in a directory that is there; the slug is the token's", async () => {
    const { bob } = pair;
    await bob.owner.write("io.cozy.files", "d1", { type: "directory", name: "Photos" });
    const set = async (type: string, directory: string, asked: { scope?: string; slug?: string }) =>
      (await bob.owner.ask("POST", `/sharings/destination/${type}?Dir_id=${directory}`, asked)).status;
    const app = { scope, slug: "photos" };
    expect(await set("io.cozy.files", "d1", {})).toBe(401);
    expect(await set(doctype, "d1", app)).toBe(400);
    expect(await set("io.cozy.files", "unknown", app)).toBe(400);
    expect(await set("io.cozy.files", "d1", app)).toBe(200);
    expect(bob.destination("photos", "io.cozy.files")).toBe("d1");
  });
});

test("the lists have new names", async () => {
  const { alice, bob } = pair;
  const { id } = await accepted(pair, "one-way");
  const list = async (cozy: typeof alice, which: string) => {
    const answer = await cozy.owner.ask("GET", `/permissions/doctype/${doctype}/${which}`, { scope });
    return answer.text;
  };
  expect(await list(alice, "shared-by-me")).toContain(id);
  expect(await list(bob, "shared-with-me")).toContain(id);
  const answer = await alice.owner.ask("GET", `/permissions/doctype/${doctype}/sharedWithMe`, { scope });
  expect(answer.status).toBe(404);
});

test("a two-way recipient leaves by client id: 403 for the token of another recipient", async () => {
  const { alice } = pair;
  const { id } = await accepted(pair, "two-way");
  await accepted(pair, "two-way");
  const bearer = alice.tokens().findLast(({ kind }) => kind === "access")?.token ?? "";
  const clientId = sharingAt(alice, id).recipients[0]?.clientId ?? "";
  const answer = await alice.owner.ask("DELETE", `/sharings/${id}/${clientId}`, { bearer });
  expect(answer).toMatchObject({ status: 403, text: "{}" });
});

describe("the mail of reference/cozy.md 2.3", () => {
  test("HTML first, X-Cozy, the name of the contact, the link three times", async () => {
    const { alice } = pair;
    const { link, id, code } = await shareWithBob(pair, "one-way");
    const message = alice.mails().at(-1)?.message ?? "";
    expect(message.indexOf("text/html")).toBeLessThan(message.indexOf("text/plain"));
    expect(message).not.toMatch(/^Message-ID/im);
    const mail = await simpleParser(message);
    expect(mail.subject).toBe("New sharing request for your Cozy");
    expect(mail.from?.text).toBe('"Alice" <noreply@alice.cozy.example>');
    expect(mail.replyTo?.text).toBe('"Alice" <alice@mail.example>');
    expect(mail.headers.get("x-cozy")).toBe(new URL(alice.origin).host);
    expect(mail.to).toMatchObject({ text: '"Bob" <bob@mail.example>' });
    expect(link).toBe(`${alice.origin}/sharings/${id}/discovery?sharecode=${code}`);
    expect(String(mail.html).split(link)).toHaveLength(4);
    expect(mail.text).toContain(link);
    expect(mail.text).toContain("Surprise!");
    const payload = Buffer.from(code.split(".")[1] ?? "", "base64url").toString("utf8");
    expect(JSON.parse(payload)).toMatchObject({ aud: "share", iss: new URL(alice.origin).host });
  });

  test("a mail server that refuses: 500, and the sharing is there", async () => {
    await using carol = await stage.start(startCozyV1b, "carol", {
      send: async () => Promise.reject(new Error("The mail server is down.")),
    });
    const contact = carol.owner.addContact({ mail: "bob@mail.example" });
    const created = await carol.owner.share({ type: "one-way", permissions, contacts: [contact] });
    expect(created.status).toBe(500);
    expect(carol.sharings()).toHaveLength(1);
  });
});
