import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readSharecode } from "../../../src/domain/sharecode.ts";
import { type CozyV1b, startCozyV1b } from "../../world/cozy-v1b/cozy.ts";
import { openStage, type Stage } from "../../world/cozy-v1a/stack/stage.ts";
import { readObject } from "../../world/cozy-v1a/stack/wire.ts";
import { startUsher, type Usher } from "../usher.ts";
import { bobsMail, carolsMail, doctype, idsIn, permissions, scope, states } from "./sharer-world.ts";

let stage: Stage;
let alice: Usher;
let bob: CozyV1b;
let carol: CozyV1b;
let app: Awaited<ReturnType<Usher["app"]>>;
const contacts: string[] = [];
beforeAll(async () => {
  stage = await openStage();
  bob = await stage.start(startCozyV1b, "bob");
  carol = await stage.start(startCozyV1b, "carol");
  alice = await stage.start(startUsher, "alice");
  app = await alice.app(`${scope} io.cozy.contacts:ALL`);
  await app("PUT", `/data/${doctype}/t1`, { text: "first" });
  for (const [mail, cozy] of [
    [bobsMail, bob.origin],
    [carolsMail, carol.origin],
  ] as const) {
    const body = { email: [{ address: mail }], cozy: [{ url: cozy }] };
    const made = await app("POST", "/data/io.cozy.contacts/", body);
    contacts.push(String(readObject(made.text)?.["id"]));
  }
});
afterAll(async () => {
  for (const each of [alice, bob, carol, stage]) await each[Symbol.asyncDispose]();
});

/** Alice shares t1 with both; the recipients are plain ids of contacts. */
async function share(type: "one-shot" | "one-way" | "two-way") {
  const body = { sharing_type: type, permissions, app_slug: "drive", recipients: contacts };
  const created = await app("POST", "/sharings/", body);
  expect([200, 201]).toContain(created.status);
  await alice.work();
  return {
    id: idsIn(created.text).id,
    bobs: await alice.linkOf(bobsMail),
    carols: await alice.linkOf(carolsMail),
  };
}

async function seen(id: string) {
  return states({ app }, id);
}

function codeIn(link: string): string {
  return new URL(link).searchParams.get("sharecode") ?? "";
}

describe.each(["one-shot", "one-way", "two-way"] as const)("a %s sharing of Alice", (type) => {
  test("leads by a sharecode of each recipient to discovery, is accepted, sent, left and revoked", async () => {
    const { id, bobs, carols } = await share(type);
    expect(bobs.startsWith(`${alice.origin}/sharings/${id}/discovery?sharecode=`)).toBe(true);
    expect(readSharecode(codeIn(bobs))).toMatchObject({
      kind: "jwt",
      issuer: new URL(alice.origin).host,
    });
    expect(codeIn(bobs)).not.toBe(codeIn(carols));
    // Nothing is registered before he answers (reference/cozy.md 6).
    const clients = bob.clients().length;
    expect(await seen(id)).toEqual(["pending", "pending"]);
    const form = await bob.owner.open(bobs);
    expect([form.status, form.text.includes(`name="url" value="${bob.origin}"`)]).toEqual([200, true]);
    expect(bob.clients()).toHaveLength(clients);

    await bob.owner.accept(bobs);
    await carol.owner.accept(carols);
    expect(await seen(id)).toEqual(["accepted", "accepted"]);
    await alice.work();
    const isBothWays = type === "two-way";
    const atBob = bob.sharings().find((each) => each.id === id);
    expect(atBob).toMatchObject({ owner: false, type, sharer: { url: alice.origin, hasToken: isBothWays } });
    expect(bob.document(doctype, "t1")).not.toBeNull();
    await app("PUT", `/data/${doctype}/t1`, { text: `changed, ${type}` });
    await alice.work();
    const isFollowed = type !== "one-shot";
    expect(bob.document(doctype, "t1")?.["text"] === `changed, ${type}`).toBe(isFollowed);

    await bob.owner.leave(id);
    // One who has no token of Alice's cannot tell her.
    expect(await seen(id)).toEqual([isBothWays ? "revoked" : "accepted", "accepted"]);
    expect((await app("DELETE", `/sharings/${id}`)).status).toBeLessThan(300);
    await alice.work();
    expect(await seen(id)).toEqual(["revoked", "revoked"]);
    expect(carol.sharings().find((each) => each.id === id)).toMatchObject({ revoked: true });
    expect([bob.clients(), carol.clients()]).toEqual([[], []]);
    expect(carol.refusals()).toEqual([]);
  });
});

describe("GET and POST /sharings/:id/discovery", () => {
  test("web/sharings: discovery form 400 without code, 400 with a wrong one, 200 with the right one", async () => {
    const { id, bobs } = await share("one-way");
    const at = `/sharings/${id}/discovery`;
    const other = await share("one-way");
    const shown = [
      await alice.ask("GET", at),
      await alice.ask("GET", `${at}?sharecode=wrong`),
      await alice.ask("GET", `${at}?sharecode=${codeIn(other.bobs)}`),
      await alice.ask("GET", `${at}?sharecode=${codeIn(bobs)}`),
    ];
    expect(shown.map(({ status }) => status)).toEqual([400, 400, 400, 200]);
  });

  test("web/sharings: discovery 400 with a wrong code, 302 to the page of his Cozy that asks him", async () => {
    const { id, bobs } = await share("one-way");
    const post = async (form: Readonly<Record<string, string>>) =>
      alice.ask("POST", `/sharings/${id}/discovery`, { form });
    expect((await post({ sharecode: "wrong", url: bob.origin })).status).toBe(400);
    const { status, headers } = await post({ sharecode: codeIn(bobs), url: bob.origin });
    const location = new URL(headers.location ?? "");
    expect([status, location.origin, location.pathname]).toEqual([302, bob.origin, "/auth/authorize"]);
    expect(Object.fromEntries(location.searchParams)).toEqual({
      App_slug: "drive",
      client_id: bob.clients().at(-1)?.id,
      redirect_uri: `${alice.origin}/sharings/answer`,
      response_type: "cozy_sharing",
      scope,
      state: codeIn(bobs),
    });
    expect((await post({ sharecode: codeIn(bobs), url: "bob@mail.example" })).status).toBe(400);
  });

  test("is closed once somebody has accepted", async () => {
    const { id, bobs } = await share("one-way");
    await bob.owner.accept(bobs);
    const form = { sharecode: codeIn(bobs), url: carol.origin };
    const late = await alice.ask("POST", `/sharings/${id}/discovery`, { form });
    expect([late.status, late.text.includes("There is nothing at this link")]).toEqual([400, true]);
    expect(await seen(id)).toEqual(["accepted", "pending"]);
  });
});

async function answer(query: Readonly<Record<string, string>>) {
  const text = new URLSearchParams(query).toString();
  return alice.ask("POST", `/sharings/answer?${text}`, { headers: { accept: "application/json" } });
}

/** Bob's Cozy is known, and Alice is registered there. */
async function discovered() {
  const { id, bobs } = await share("two-way");
  const form = { sharecode: codeIn(bobs), url: bob.origin };
  const { headers } = await alice.ask("POST", `/sharings/${id}/discovery`, { form });
  const clientId = new URL(headers.location ?? "").searchParams.get("client_id") ?? "";
  return { id, bobs, clientId, state: codeIn(bobs) };
}

describe("POST /sharings/answer", () => {
  test("web/sharings: answer 400 without code, 403 with an unknown sharecode, 404 with an unknown client", async () => {
    const { id, clientId, state } = await discovered();
    const replies = [
      await answer({ client_id: clientId, state }),
      await answer({ client_id: clientId, access_code: "x" }),
      await answer({ client_id: clientId, state: `${state}x`, access_code: "x" }),
      await answer({ client_id: "unknown", state, access_code: "x" }),
    ];
    expect(replies.map(({ status }) => status)).toEqual([400, 403, 403, 404]);
    expect(await seen(id)).toEqual(["pending", "pending"]);
  });

  test("is 500 for a code that Bob's Cozy does not know, and he may answer again", async () => {
    const { id, bobs, clientId, state } = await discovered();
    expect((await answer({ client_id: clientId, state, access_code: "wrong" })).status).toBe(500);
    await bob.owner.accept(bobs);
    expect((await seen(id))[0]).toBe("accepted");
  });

  test("finds nothing once the sharing was taken back", async () => {
    const { id, clientId, state } = await discovered();
    await app("DELETE", `/sharings/${id}`);
    expect((await answer({ client_id: clientId, state, access_code: "x" })).status).toBe(403);
    expect(await seen(id)).toEqual(["revoked", "revoked"]);
  });
});
