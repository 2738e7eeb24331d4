import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bobsMail, carolsMail, openSharerWorld, share, type SharerWorld, states } from "./sharer-world.ts";

let world: SharerWorld;
beforeAll(async () => {
  world = await openSharerWorld();
});
afterAll(async () => world[Symbol.asyncDispose]());

/** A sharing with somebody of whom only the address is known, and what his link carries. */
async function invited(mail: string, type = "one-shot") {
  const { sharingId, contacts } = await share(world, type, [{ mail }]);
  const link = await world.alice.linkOf(mail);
  const fields = { sharing_id: sharingId, recipient_id: contacts[0] ?? "", recipient_email: mail };
  return { sharingId, link, fields };
}

async function post(form: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) {
  return world.alice.ask("POST", "/sharings/discovery", { form, headers });
}

/** Bob's host as somebody types it. */
function bobTyped(): string {
  return new URL(world.bob.origin).host;
}

test("pkg/sharings: the discovery link has its three keys in order, on the sharer's Cozy", async () => {
  const { sharingId, link, fields } = await invited("nobody@mail.example");
  expect(link).toBe(
    `${world.alice.origin}/sharings/discovery?recipient_email=nobody%40mail.example&recipient_id=${fields.recipient_id}&sharing_id=${sharingId}`,
  );
  expect(await states(world, sharingId)).toEqual(["pending"]);
});

describe("GET /sharings/discovery", () => {
  test("web/sharings TestDiscoveryForm: a form, however often it is opened, and nothing else", async () => {
    const { sharingId, link } = await invited("form@mail.example");
    const before = world.bob.requests().length;
    const [shown] = [await world.bob.owner.open(link), await world.bob.owner.open(link)];
    expect(shown.status).toBe(200);
    expect(shown.text).toContain(`name="sharing_id" value="${sharingId}"`);
    expect(shown.text).toContain(`name="url" value=""`);
    expect(shown.text).toContain("alice shares something with you");
    expect(world.bob.requests()).toHaveLength(before);
    expect(await states(world, sharingId)).toEqual(["pending"]);
  });

  test("lets the browser follow the form to any Cozy, and load nothing", async () => {
    const { link } = await invited("policy@mail.example");
    const { pathname, search } = new URL(link);
    const shown = await world.alice.ask("GET", `${pathname}${search}`);
    expect(shown.headers["content-security-policy"]).toContain("form-action 'self' https:;");
    expect(shown.headers["content-security-policy"]).toContain("default-src 'none'");
    expect((await world.alice.ask("GET", "/pages.css")).headers["content-type"]).toContain("text/css");
  });

  test.each([
    ["an unknown sharing", { sharing_id: "unknown-sharing" }],
    ["an unknown recipient", { recipient_id: "0".repeat(32) }],
    ["no address", { recipient_email: "" }],
  ])("is a page with 400 for %s", async (_, change) => {
    const { fields } = await invited("wrong@mail.example");
    const query = new URLSearchParams({ ...fields, ...change });
    const shown = await world.alice.ask("GET", `/sharings/discovery?${query.toString()}`);
    expect([shown.status, shown.headers["content-type"]]).toEqual([400, "text/html; charset=utf-8"]);
    expect(shown.text).toContain("There is nothing at this link");
  });
});

describe("POST /sharings/discovery", () => {
  test("web/sharings TestDiscoverySuccess: 302 to the request link, for programs too", async () => {
    const { alice, bob } = world;
    const { sharingId, fields, link } = await invited(bobsMail);
    const reply = await post({ ...fields, url: bobTyped() }, { accept: "application/json" });
    expect(reply.status).toBe(302);
    const location = reply.headers.location ?? "";
    expect(location.startsWith(`${bob.origin}/sharings/request?`)).toBe(true);
    expect(new URL(location).searchParams.get("state")).toBe(sharingId);
    // Opened again, the mailed link leads there at once; nothing more is registered.
    const clients = bob.clients().length;
    const { pathname, search } = new URL(link);
    expect((await alice.ask("GET", `${pathname}${search}`)).headers.location).toBe(location);
    expect(bob.clients()).toHaveLength(clients);
    await bob.owner.accept(location);
    expect(await states(world, sharingId)).toEqual(["accepted"]);
    const contact = await world.app("GET", `/data/io.cozy.contacts/${fields.recipient_id}`);
    expect(contact.text).toContain(bob.origin);
  });

  test.each([
    ["with scheme, path and query", (host: string) => `https://${host}/apps?x=1#y`],
    ["without TLS in mind", (host: string) => `http://${host}`],
    ["with spaces around and capitals", (host: string) => `  ${host.toUpperCase()} `],
  ])("understands a Cozy typed %s", async (_, typed) => {
    const { fields } = await invited("typed@mail.example");
    const reply = await post({ ...fields, url: typed(bobTyped()) });
    expect(reply.headers.location).toContain(`${world.bob.origin}/sharings/request?`);
  });

  test.each([
    ["a mail address", "bob@mail.example", "This is a mail address"],
    ["nothing", "", "This is not the address of a Cozy"],
    ["no host", "bob cozy", "This is not the address of a Cozy"],
    ["a Cozy that is not there", "nobody.cozy.example", "There is no Cozy that answers"],
  ])("shows the form again with what was typed and why: %s", async (_, url, words) => {
    const { sharingId, fields } = await invited("again@mail.example");
    const reply = await post({ ...fields, url });
    expect(reply.status).toBe(400);
    expect(reply.text).toContain(words);
    expect(reply.text).toContain(`name="url" value="${url}"`);
    expect(reply.text).toContain(`name="sharing_id" value="${sharingId}"`);
    const json = await post({ ...fields, url }, { accept: "application/json" });
    expect([json.status, Object.keys(JSON.parse(json.text))]).toEqual([400, ["error"]]);
    expect(await states(world, sharingId)).toEqual(["pending"]);
  });

  test("does not register at the sharer's own Cozy", async () => {
    const { fields } = await invited("own@mail.example");
    const reply = await post({ ...fields, url: world.alice.origin });
    expect([reply.status, reply.text.includes("person who shares")]).toEqual([400, true]);
  });

  test.each([
    ["500", { kind: "status", status: 500, retryAfter: null }],
    ["nonsense", { kind: "nonsense" }],
    ["nothing", { kind: "hang-up" }],
  ] as const)("may be sent again where the Cozy answered with %s", async (_, fault) => {
    const { fields } = await invited("faulty@mail.example");
    world.bob.misbehave(fault, "register", 1);
    expect((await post({ ...fields, url: bobTyped() })).status).toBe(400);
    expect((await post({ ...fields, url: bobTyped() })).status).toBe(302);
  });

  test("is 404 for unknown ids", async () => {
    const { fields } = await invited("unknown@mail.example");
    expect((await post({ ...fields, sharing_id: "unknown-sharing", url: bobTyped() })).status).toBe(404);
    expect((await post({ ...fields, recipient_id: "0".repeat(32), url: bobTyped() })).status).toBe(404);
  });
});

test("the same link taken by two people at once ends with one of them", async () => {
  const { alice, bob, carol, app } = world;
  const { sharingId, link } = await invited(carolsMail, "master-slave");
  const visits = await Promise.all([bob.owner.accept(link), carol.owner.accept(link)]);
  await alice.work();
  expect(await states(world, sharingId)).toEqual(["accepted"]);
  expect(visits.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
  // Whoever comes later is told so by a page.
  const late = await post({
    sharing_id: sharingId,
    recipient_id: new URL(link).searchParams.get("recipient_id") ?? "",
    recipient_email: carolsMail,
    url: bobTyped(),
  });
  expect([late.status, late.text.includes("There is nothing at this link")]).toEqual([400, true]);
  await app("PUT", "/data/io.cozy.tests/t1", { text: "for one of them" });
  await alice.work();
  const got = [bob, carol].filter(
    (cozy) => cozy.document("io.cozy.tests", "t1")?.["text"] === "for one of them",
  );
  expect(got).toHaveLength(1);
});
