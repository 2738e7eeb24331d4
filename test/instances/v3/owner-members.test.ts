import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  accept,
  membersOf,
  openOwnerWorld,
  type OwnerWorld,
  share,
  type SharedFolder,
  shareWithStranger,
  statuses,
  strangersMail,
} from "./owner-world.ts";

let world: OwnerWorld;

beforeAll(async () => {
  world = await openOwnerWorld();
});

afterAll(async () => world[Symbol.asyncDispose]());

const preview = { app_slug: "drive", preview_path: "/preview" };

/** What a code opens, as a program asks. */
async function permissions(code: string) {
  const headers = { authorization: `Bearer ${code}` };
  return world.alice.ask("GET", "/permissions/self", { headers });
}

function codeIn(link: string): string {
  return new URL(link).searchParams.get("sharecode") ?? "";
}

describe("a sharing with a preview", () => {
  test("web/sharings preview: its links have a code, whose first use is seen", async () => {
    const { shared, link } = await shareWithStranger(world, { attributes: preview });
    const code = codeIn(link);
    expect(code).toMatch(/^[A-Za-z0-9]{12}$/);
    expect(await statuses(world, shared)).toEqual(["owner", "pending"]);
    const asked = await permissions(`${code}.`);
    expect(asked.status).toBe(200);
    expect(JSON.parse(asked.text)).toMatchObject({
      data: { attributes: { source_id: `io.cozy.sharings/${shared.id}` } },
    });
    expect(await statuses(world, shared)).toEqual(["owner", "seen"]);
  });

  test("web/sharings preview: JSON discovery by code gives a redirect with the sharing and a state", async () => {
    const { shared, link } = await shareWithStranger(world, { attributes: preview });
    const reply = await world.alice.ask("POST", `/sharings/${shared.id}/discovery`, {
      form: { sharecode: codeIn(link), url: world.bob.origin },
      headers: { accept: "application/json" },
    });
    expect(reply.status).toBe(200);
    const { redirect }: { readonly redirect: string } = JSON.parse(reply.text);
    const { searchParams } = new URL(redirect);
    expect(searchParams.get("sharing_id")).toBe(shared.id);
    expect(searchParams.get("state")).toMatch(/^[\w-]{22}$/);
  });

  test("is accepted over its code; looking again moves nobody back", async () => {
    const { shared, link } = await shareWithStranger(world, { attributes: preview });
    await permissions(codeIn(link));
    await accept(world, world.bob, link);
    await permissions(codeIn(link));
    expect(await statuses(world, shared)).toEqual(["owner", "ready"]);
    expect(world.bob.refusals()).toEqual([]);
  });

  test('web/sharings revoke: a revoked member\'s code is answered "Invalid JWT", as one that never was', async () => {
    const { shared, link } = await shareWithStranger(world, { attributes: preview });
    await world.app("DELETE", `/sharings/${shared.id}/recipients/1`);
    const [revoked, unknown] = [await permissions(codeIn(link)), await permissions("yzBxdiRqXM7e")];
    expect(revoked.status).toBe(400);
    expect(revoked.text).toContain("Invalid JWT");
    expect([unknown.status, unknown.text]).toEqual([revoked.status, revoked.text]);
  });

  test("gives the link with the code to who has the state, until he has accepted", async () => {
    const { shared, link } = await shareWithStranger(world, { attributes: preview });
    const other = await share(world, [{ email: strangersMail() }], { attributes: preview });
    const ask = async (id: string, body: object) =>
      world.alice.ask("POST", `/sharings/${id}/preview-url`, { body });
    const given = await ask(shared.id, { sharecode: codeIn(link) });
    expect(JSON.parse(given.text)).toEqual({ url: link });
    expect((await ask(other.id, { sharecode: codeIn(link) })).status).toBe(404);
    await accept(world, world.carol, link);
    expect((await ask(shared.id, { sharecode: codeIn(link) })).status).toBe(409);
  });
});

/** The link that Bob mailed there last. */
function lastLinkTo(email: string): string {
  return world.bob.mails().findLast(({ recipient }) => recipient === email)?.link ?? "";
}

/** The state of who has that address, as the API shows it to Alice. */
async function ownersView({ id }: SharedFolder, email: string): Promise<string | undefined> {
  const { db } = world.alice.site.store;
  const row = await db
    .selectFrom("cozy_sharing")
    .select("sharing_id")
    .where("document_id", "=", id)
    .executeTakeFirstOrThrow();
  const { text } = await world.alice.api("GET", `/sharings/${row.sharing_id ?? ""}`);
  const shown: { readonly recipients: readonly { readonly address: string; readonly state: string }[] } =
    JSON.parse(text);
  return shown.recipients.find(({ address }) => address === email)?.state;
}

describe("members of an open sharing", () => {
  let shared: SharedFolder;

  beforeAll(async () => {
    const made = await shareWithStranger(world, { attributes: { open_sharing: true } });
    ({ shared } = made);
    await accept(world, world.bob, made.link);
  });

  test("web/sharings delegated: invite others, who answer the owner over a link of theirs", async () => {
    const email = strangersMail();
    const contact = world.bob.owner.addContact({ name: "Carol", email });
    await world.bob.owner.invite(shared.id, [contact]);
    await world.settled();
    expect(await membersOf(world, shared)).toMatchObject([{}, {}, { status: "pending", email }]);
    const { link = "" } = world.bob.mails().findLast(({ recipient }) => recipient === email) ?? {};
    expect(new URL(link).origin).toBe(world.bob.origin);
    await accept(world, world.carol, link);
    expect(await statuses(world, shared)).toEqual(["owner", "ready", "ready"]);
    expect(world.bob.statuses(shared.id)).toEqual(["owner", "ready", "ready"]);
    expect(world.carol.sharing(shared.id)).toMatchObject({ active: true });
    expect([...world.bob.refusals(), ...world.carol.refusals()]).toEqual([]);
  });

  test("get 409 for who has accepted, and no state of who waits already, whom the owner mails", async () => {
    const [, , carol] = await membersOf(world, shared);
    const { access_token: access } = world.bob.sharing(shared.id)?.credentials[0] ?? {};
    const invite = async (data: readonly object[]) =>
      world.alice.ask("POST", `/sharings/${shared.id}/recipients/delegated`, {
        headers: { authorization: `Bearer ${access?.access_token ?? ""}` },
        body: { data: { relationships: { recipients: { data } } } },
      });
    expect((await invite([{ email: carol?.["email"] }])).status).toBe(409);
    const [email, other] = [strangersMail(), strangersMail()];
    // One of them has accepted: nobody of the request is added.
    expect((await invite([{ email: other }, { email: carol?.["email"] }])).status).toBe(409);
    const first = await invite([{ email }]);
    expect(first.status).toBe(200);
    expect(JSON.parse(first.text)).toEqual({ [email]: expect.stringMatching(/^[\w-]{22}$/) });
    await expect(world.alice.linkOf(email)).rejects.toThrow("no link");
    const second = await invite([{ email }]);
    expect([second.status, JSON.parse(second.text)]).toEqual([200, {}]);
    expect(await world.alice.linkOf(email)).toContain(`/sharings/${shared.id}/discovery?state=`);
    expect((await membersOf(world, shared)).map((member) => member["email"])).not.toContain(other);
    expect((await invite([{ email: "no address" }])).status).toBe(422);
  });

  test("bring in again whom the owner had revoked: he begins anew, and his first link is worth nothing", async () => {
    const email = strangersMail();
    const contact = world.bob.owner.addContact({ name: "Erin", email });
    await world.bob.owner.invite(shared.id, [contact]);
    const first = lastLinkTo(email);
    const index = (await membersOf(world, shared)).findIndex((member) => member["email"] === email);
    await world.app("DELETE", `/sharings/${shared.id}/recipients/${index}`);
    expect(await ownersView(shared, email)).toBe("revoked");
    await world.settled();
    await world.bob.owner.invite(shared.id, [contact]);
    expect(await ownersView(shared, email)).toBe("pending");
    expect(await statuses(world, shared)).toHaveLength(index + 1);
    const form = { url: world.carol.origin };
    const state = new URL(first).searchParams.get("state") ?? "";
    const opened = await world.alice.ask("POST", `/sharings/${shared.id}/discovery`, {
      form: { state, ...form },
      headers: { accept: "application/json" },
    });
    expect(opened.status).toBe(404);
    expect(lastLinkTo(email)).not.toBe(first);
  });

  test("invite nobody to one that is not open", async () => {
    const { shared: closed, link } = await shareWithStranger(world);
    await accept(world, world.carol, link);
    const contact = world.carol.owner.addContact({ name: "Dora", email: strangersMail() });
    await expect(world.carol.owner.invite(closed.id, [contact])).rejects.toThrow("not open");
    const { access_token: access } = world.carol.sharing(closed.id)?.credentials[0] ?? {};
    const reply = await world.alice.ask("POST", `/sharings/${closed.id}/recipients/delegated`, {
      headers: { authorization: `Bearer ${access?.access_token ?? ""}` },
      body: { data: { relationships: { recipients: { data: [{ email: strangersMail() }] } } } },
    });
    expect(reply.status).toBe(403);
  });
});

test("wrong links of one address are sent away after a while, and the right one still works", async () => {
  const { shared, link } = await shareWithStranger(world);
  const state = new URL(link).searchParams.get("state") ?? "";
  const ask = async (given: string) =>
    world.alice.ask("POST", `/sharings/${shared.id}/discovery`, {
      form: { state: given, url: world.bob.origin },
      headers: { accept: "application/json" },
    });
  const codes: number[] = [];
  for (let tries = 0; tries < 15; tries += 1)
    codes.push((await ask(`${"A".repeat(20)}${10 + tries}`)).status);
  expect(codes[0]).toBe(404);
  expect(codes.at(-1)).toBe(429);
  expect((await ask(state)).status).toBe(200);
});

test("one link brings requests to a bounded number of Cozys in a day", async () => {
  const { shared, link } = await shareWithStranger(world);
  const state = new URL(link).searchParams.get("state") ?? "";
  const codes: number[] = [];
  for (let tries = 0; tries <= 30; tries += 1) {
    const reply = await world.alice.ask("POST", `/sharings/${shared.id}/discovery`, {
      form: { state, url: "no address" },
      headers: { accept: "application/json" },
    });
    codes.push(reply.status);
  }
  expect([codes[0], codes[29], codes[30]]).toEqual([400, 400, 429]);
});
