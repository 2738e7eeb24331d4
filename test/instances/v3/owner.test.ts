import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { countFailure, suppressionOf } from "../../../src/store/suppressions.ts";
import {
  accept,
  bobsMail,
  carolsMail,
  filesType,
  folderId,
  membersOf,
  openOwnerWorld,
  type OwnerWorld,
  share,
  type SharedFolder,
  shareFolder,
  shareWithStranger,
  statuses,
  strangersMail,
} from "./owner-world.ts";

let world: OwnerWorld;

beforeAll(async () => {
  world = await openOwnerWorld();
});

afterAll(async () => world[Symbol.asyncDispose]());

/** POST of the discovery form by a program. */
async function discover(
  shared: SharedFolder,
  form: Readonly<Record<string, string>>,
  wanted = "application/json",
) {
  return world.alice.ask("POST", `/sharings/${shared.id}/discovery`, { form, headers: { accept: wanted } });
}

function stateIn(link: string): string {
  return new URL(link).searchParams.get("state") ?? "";
}

/** The recipients as the API shows them to the owner. */
async function ownersView(shared: SharedFolder) {
  const { db } = world.alice.site.store;
  const row = await db
    .selectFrom("cozy_sharing")
    .select("sharing_id")
    .where("document_id", "=", shared.id)
    .executeTakeFirstOrThrow();
  const { text } = await world.alice.api("GET", `/sharings/${row.sharing_id}`);
  const { recipients }: { readonly recipients: readonly Readonly<Record<string, unknown>>[] } =
    JSON.parse(text);
  return recipients;
}

async function suppress(email: string): Promise<void> {
  const { db } = world.alice.site.store;
  const bounced = { addressKey: email, failure: "unknown-user", status: "5.1.1" } as const;
  await countFailure(db, bounced, Date.now());
  expect(await isSuppressed(email)).toBe(true);
}

async function isSuppressed(email: string): Promise<boolean> {
  return (await suppressionOf(world.alice.site.store.db, email, Date.now())) !== null;
}

async function showForm(link: string) {
  const { pathname, search } = new URL(link);
  return world.alice.ask("GET", `${pathname}${search}`);
}

describe("an account invites", () => {
  test("web/sharings create: 201 with members, no credentials, and a mail whose link has a state", async () => {
    const shared = await share(world, [{ email: bobsMail }]);
    expect(await membersOf(world, shared)).toMatchObject([
      { status: "owner", public_name: "alice" },
      { status: "pending", email: bobsMail },
    ]);
    const { text } = await world.app("GET", `/sharings/${shared.id}`);
    expect(text).not.toMatch(/credentials|state|xor_key|access_token/);
    const link = await world.alice.linkOf(bobsMail);
    expect(link).toMatch(
      new RegExp(`^${world.alice.origin}/sharings/${shared.id}/discovery\\?state=[\\w-]{22}$`),
    );
  });

  test("web/sharings create: 403 where a rule exceeds what the application may", async () => {
    const app = await world.alice.app(`${filesType}:GET:${folderId}`);
    await expect(shareFolder(app, [{ email: bobsMail }], {})).rejects.toThrow(/^403/);
  });

  test("at the Cozy of who has told it, which shows a shortcut; nothing is mailed from here", async () => {
    const shared = await share(world, [{ email: bobsMail, instance: world.bob.origin }]);
    expect(await statuses(world, shared)).toEqual(["owner", "pending"]);
    const { link = "" } = world.bob.mails().at(-1) ?? {};
    expect(link).toMatch(new RegExp(`^${world.alice.origin}/sharings/${shared.id}/discovery\\?state=`));
    const mails = await world.alice.site.store.db.selectFrom("invitation").select("id").execute();
    expect(mails).toHaveLength(1);
    await accept(world, world.bob, link);
    expect(await statuses(world, shared)).toEqual(["owner", "ready"]);
    expect(world.bob.refusals()).toEqual([]);
  });

  test("at Cozys, which the owner sees of each, though nobody was mailed", async () => {
    const shared = await share(world, [
      { email: "bob.at.home@mail.example", instance: world.bob.origin },
      { instance: world.carol.origin },
    ]);
    const seen = (await ownersView(shared)).map(({ address, state, mail, cozy }) => [
      address,
      state,
      mail,
      cozy,
    ]);
    expect(seen).toEqual([
      ["bob.at.home@mail.example", "pending", null, world.bob.origin],
      [new URL(world.carol.origin).host, "pending", null, world.carol.origin],
    ]);
    const { text } = await world.alice.api("GET", "/sharings?limit=1");
    expect(JSON.parse(text)).toMatchObject([{ recipients: 2, sent: 0 }]);
  });

  test("by mail where a Cozy is down, and the others all the same", async () => {
    await world.bob.goDown();
    const shared = await share(world, [
      { email: "bob.at.work@mail.example", instance: world.bob.origin },
      { instance: world.carol.origin },
    ]);
    await world.bob.comeUp();
    expect(await statuses(world, shared)).toEqual(["owner", "pending", "pending"]);
    expect(await world.alice.linkOf("bob.at.work@mail.example")).toContain(`/${shared.id}/discovery?state=`);
    expect(world.carol.sharing(shared.id)).toMatchObject({ active: false });
  });

  test("again later where a Cozy is down and no address is known", async () => {
    await world.carol.goDown();
    const shared = await share(world, [{ instance: world.carol.origin }]);
    expect(await statuses(world, shared)).toEqual(["owner", "mail-not-sent"]);
    await world.carol.comeUp();
    await world.alice.workAgain();
    expect(await statuses(world, shared)).toEqual(["owner", "pending"]);
  });
});

describe("somebody invited tells where his Cozy is", () => {
  let shared: SharedFolder;
  let link: string;
  let email: string;

  beforeAll(async () => {
    ({ shared, link, email } = await shareWithStranger(world));
  });

  test("web/sharings discovery: the form has the state, and looking at it changes nothing", async () => {
    const page = await showForm(link);
    expect(page.status).toBe(200);
    expect(page.text).toContain(`name="state" value="${stateIn(link)}"`);
    expect(page.text).toContain("Holiday");
    expect(await membersOf(world, shared)).toEqual([
      expect.anything(),
      expect.not.objectContaining({ instance: expect.anything() }),
    ]);
  });

  test.each([
    ["a mail address", carolsMail, 412, "This is a mail address"],
    ["no address", "not an address", 400, "This is not the address of a Cozy"],
    ["where nobody is", "nobody.cozy.example", 400, "There is no Cozy that answers"],
  ])("the page explains %s", async (_, url, status, words) => {
    const page = await discover(shared, { state: stateIn(link), url }, "text/html");
    expect(page.status).toBe(status);
    expect(page.text).toContain(words);
    const told = await discover(shared, { state: stateIn(link), url });
    expect(told.status).toBe(400);
    expect(JSON.parse(told.text)).toEqual({ error: expect.any(String) });
  });

  test("the owner's own Cozy is not taken", async () => {
    const page = await discover(shared, { state: stateIn(link), url: world.alice.origin }, "text/html");
    expect(page.status).toBe(400);
    expect(page.text).toContain("Cozy of the person who shares");
  });

  test("a wrong state is nobody's, in the form as on the page", async () => {
    const wrong = "AAAAAAAAAAAAAAAAAAAAAA";
    const posted = await discover(shared, { state: wrong, url: world.carol.origin });
    expect([posted.status, JSON.parse(posted.text)]).toMatchObject([
      404,
      { errors: [{ status: "404", detail: "The member was not found" }] },
    ]);
    expect((await showForm(link.replace(stateIn(link), wrong))).status).toBe(400);
  });

  test("web/sharings discovery: a browser is led to the page of the Cozy that was typed, which has the request", async () => {
    const typed = `${new URL(world.carol.origin).host}/drive?x=1`;
    const reply = await discover(shared, { state: stateIn(link), url: typed }, "text/html");
    expect(reply.status).toBe(302);
    expect(reply.headers.location).toMatch(
      new RegExp(`^${world.carol.origin}/auth/authorize/sharing\\?sharing_id=${shared.id}&state=[\\w-]{22}$`),
    );
    expect(world.carol.sharing(shared.id)).toMatchObject({ active: false, description: "Holiday" });
  });

  test("web/sharings discovery: a program reads the same as JSON", async () => {
    const { host } = new URL(world.carol.origin);
    const slug = { slug: host.split(".")[0] ?? "", domain: host.split(".").slice(1).join(".") };
    const reply = await discover(shared, { state: stateIn(link), shortcut: "true", ...slug });
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.text)).toMatchObject({
      email,
      redirect: expect.stringMatching(/\/auth\/authorize\/sharing\?sharing_id=.*&state=.*&shortcut=true$/),
    });
  });
});

describe("somebody invited accepts", () => {
  test("over the link that he was mailed: nothing is held against his address any more", async () => {
    const { link, email } = await shareWithStranger(world);
    await suppress(email);
    await accept(world, world.carol, link);
    expect(await isSuppressed(email)).toBe(false);
  });

  test("at his Cozy, not by mail: that says nothing of his address", async () => {
    const email = strangersMail();
    await share(world, [{ email, instance: world.carol.origin }]);
    await suppress(email);
    await accept(world, world.carol, world.carol.mails().at(-1)?.link ?? "");
    expect(await isSuppressed(email)).toBe(true);
  });

  test("credentials are exchanged, and the folder arrives with its file under ids of the member's own", async () => {
    const { shared, link } = await shareWithStranger(world);
    await accept(world, world.carol, link);
    expect(await membersOf(world, shared)).toMatchObject([
      { status: "owner" },
      { status: "ready", public_name: "Carol", instance: world.carol.origin },
    ]);
    expect(world.carol.statuses(shared.id)).toEqual(["owner", "ready"]);
    const received = world.carol.documents(filesType);
    expect(received.map(({ fields }) => fields["name"])).toEqual(
      expect.arrayContaining(["Holiday", "beach.txt"]),
    );
    expect(received.map(({ content }) => content?.toString() ?? null)).toContain("sand");
    const [rule] = world.carol.sharing(shared.id)?.rules ?? [];
    expect(received.map(({ id }) => id)).toContain(rule?.values[0]);
    expect([...world.carol.refusals(), ...world.carol.failures()]).toEqual([]);
    const page = await showForm(link);
    expect([page.status, page.text]).toEqual([400, expect.stringContaining("accepted already")]);
    const again = await discover(shared, { state: stateIn(link), url: world.bob.origin });
    expect(again.status).toBe(400);
  });
});
