import { afterAll, beforeAll, expect, test } from "vitest";
import { authorizeLink } from "./links.ts";
import {
  type Cast,
  emailOf,
  form,
  meet,
  openStage,
  problemIn,
  settled,
  shareAlbum,
  sharedAlbum,
  type Stage,
} from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

const verbs = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const allFiles = { doctype: "io.cozy.files", verbs, values: [] };

/** A call by an app at Alice's Cozy. */
async function byApp({ alice, ask }: Cast, method: string, path: string, bearer: string, body?: object) {
  return ask({
    method,
    url: `${alice.origin}/sharings/${path}`,
    bearer,
    type: "application/vnd.api+json",
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

function creation(contact: string, attributes: object) {
  const recipients = { data: [{ type: "io.cozy.contacts", id: contact }] };
  return { data: { type: "io.cozy.sharings", attributes, relationships: { recipients } } };
}

const rules = [{ title: "Holiday", doctype: "io.cozy.files", values: ["612acf1c"], add: "sync" }];

test("S3 sharings_test: create gives 201 with the members, without credentials, and mails the description", async () => {
  await using cast = await meet(stage);
  const { alice } = cast;
  const contact = alice.owner.addContact({ name: "Bob B.", email: emailOf("bob") });
  const app = alice.owner.addApp("drive", [allFiles]);
  const made = await byApp(cast, "POST", "", app, creation(contact, { description: "Holiday", rules }));
  expect([made.status, JSON.parse(made.text)]).toMatchObject([
    201,
    {
      data: {
        type: "io.cozy.sharings",
        attributes: {
          app_slug: "drive",
          owner: true,
          members: [
            { status: "owner", public_name: "Alice", email: emailOf("alice"), instance: alice.origin },
            { status: "pending", name: "Bob B.", email: emailOf("bob") },
          ],
        },
      },
    },
  ]);
  expect(made.text).not.toContain("credentials");
  const [mail] = alice.mails();
  expect([mail?.link.includes("/discovery?state="), mail?.text.includes("**Holiday**")]).toEqual([
    true,
    true,
  ]);
});

test("S3 sharings_test: 403 where a rule exceeds the app, 401 without a token", async () => {
  await using cast = await meet(stage);
  const { alice } = cast;
  const contact = alice.owner.addContact({ name: "Bob", email: emailOf("bob") });
  const whole = creation(contact, { description: "Holiday", rules });
  for (const permission of [
    { ...allFiles, doctype: "io.cozy.todos" },
    { ...allFiles, verbs: ["GET"] },
    { ...allFiles, values: ["other"] },
  ]) {
    const app = alice.owner.addApp("other", [permission]);
    expect((await byApp(cast, "POST", "", app, whole)).status).toBe(403);
  }
  const url = `${alice.origin}/sharings/`;
  expect((await cast.ask({ method: "POST", url, body: JSON.stringify(whole) })).status).toBe(401);
  expect(alice.sharings()).toEqual([]);
});

test.each([
  ["no rules", { rules: [] }, "A sharing must have rules"],
  ["two files in one rule", { rules: [{ ...rules[0], values: ["a", "b"] }] }, "A rule is invalid"],
  ["the root", { rules: [{ ...rules[0], values: ["io.cozy.files.root-dir"] }] }, "A rule is invalid"],
  ["no title", { rules: [{ ...rules[0], title: "" }] }, "A rule is invalid"],
  [
    "a reference without its type",
    { rules: [{ ...rules[0], selector: "referenced_by", values: ["album"] }] },
    "A rule is invalid",
  ],
])("a sharing with %s is refused with 400", async (_, attributes, detail) => {
  await using cast = await meet(stage);
  const contact = cast.alice.owner.addContact({ name: "Bob", email: emailOf("bob") });
  const app = cast.alice.owner.addApp("drive", [allFiles]);
  expect(problemIn(await byApp(cast, "POST", "", app, creation(contact, attributes)))).toMatchObject({
    status: "400",
    detail,
  });
});

test("a sharing without recipients, with too many, or with one that has no address is refused", async () => {
  await using cast = await meet(stage, { alice: { settings: { maxMembersPerSharing: 2 } } });
  const { alice } = cast;
  const contacts = [1, 2].map((each) => alice.owner.addContact({ name: "x", email: `${each}@mail.example` }));
  await expect(shareAlbum(cast, { recipients: [] })).rejects.toMatchObject({ status: 400 });
  await expect(shareAlbum(cast, { recipients: contacts })).rejects.toMatchObject({ status: 400 });
  await expect(shareAlbum(cast, { recipients: ["unknown"] })).rejects.toMatchObject({ status: 404 });
  const nobody = alice.owner.addContact({ name: "Nobody" });
  await expect(shareAlbum(cast, { recipients: [nobody] })).rejects.toMatchObject({
    status: 422,
    source: { pointer: "/data/attributes/recipients" },
  });
  expect(alice.sharings()).toEqual([]);
});

test("an app sees a sharing of which it may read one rule, and what it has of a doctype", async () => {
  await using cast = await meet(stage);
  const { alice } = cast;
  const { sharing } = await shareAlbum(cast);
  const reader = alice.owner.addApp("viewer", [{ ...allFiles, verbs: ["GET"] }]);
  const stranger = alice.owner.addApp("todos", []);
  expect((await byApp(cast, "GET", sharing, reader)).status).toBe(200);
  expect((await byApp(cast, "GET", sharing, stranger)).status).toBe(403);
  expect((await byApp(cast, "GET", "0".repeat(32), reader)).status).toBe(404);
  const list = await byApp(cast, "GET", "doctype/io.cozy.files", reader);
  expect(JSON.parse(list.text)).toMatchObject({ data: [{ id: sharing }] });
});

test("an app invites, describes, revokes and offers again what it may share", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const { sharing } = await sharedAlbum(cast);
  const app = alice.owner.addApp("drive", [allFiles]);
  const carol = alice.owner.addContact({ name: "Carol", email: emailOf("carol") });
  const invited = await byApp(cast, "POST", `${sharing}/recipients`, app, creation(carol, {}));
  const description = { data: { attributes: { description: "Summer" } } };
  const renamed = await byApp(cast, "PUT", `${sharing}/metadata`, app, description);
  const patched = await byApp(cast, "PATCH", sharing, app, description);
  const again = await byApp(cast, "POST", `${sharing}/reupload`, app);
  const begun = await byApp(cast, "DELETE", `${sharing}/initial`, app);
  expect([invited, renamed, patched, again, begun].map(({ status }) => status)).toEqual([
    200, 204, 200, 204, 204,
  ]);
  expect(alice.sharing(sharing)).toMatchObject({ description: "Summer", members: { length: 3 } });
  const one = await byApp(cast, "DELETE", `${sharing}/recipients/2`, app);
  const all = await byApp(cast, "DELETE", `${sharing}/recipients`, app);
  expect([one.status, all.status, bob.sharing(sharing)?.active]).toEqual([204, 204, false]);
  await settled(cast);
  expect(alice.failures()).toEqual([]);
});

test("owner and index of a member have their own errors", async () => {
  await using cast = await meet(stage);
  const { sharing } = await sharedAlbum(cast);
  const app = cast.alice.owner.addApp("drive", [allFiles]);
  const status = async (method: string, path: string): Promise<number> =>
    (await byApp(cast, method, `${sharing}/recipients/${path}`, app)).status;
  expect([await status("POST", "0/readonly"), await status("POST", "7/readonly")]).toEqual([422, 404]);
  expect([await status("DELETE", "0"), await status("DELETE", "7"), await status("DELETE", "self")]).toEqual([
    404, 404, 400,
  ]);
});

test("consent is a page for who is logged in, a form with a token, and then the app", async () => {
  await using cast = await meet(stage);
  const { alice, bob, ask } = cast;
  const { sharing, link } = await shareAlbum(cast);
  await bob.owner.open(link);
  const state = new URL(link).searchParams.get("state") ?? "";
  const url = authorizeLink(bob.origin, { id: sharing }, state, false);
  const outside = await ask({ method: "GET", url });
  expect([outside.status, outside.location]).toEqual([
    303,
    `${bob.origin}/auth/login?redirect=${encodeURIComponent(url)}`,
  ]);
  const cookie = `cozysessid=${bob.owner.logIn()}`;
  const shown = await ask({ method: "GET", url, cookie });
  const csrf_token = /name="csrf_token" value="([\w-]+)"/.exec(shown.text)?.[1] ?? "";
  const consent = async (fields: Record<string, string>) =>
    ask({
      method: "POST",
      url: `${bob.origin}/auth/authorize/sharing`,
      cookie,
      type: form,
      body: String(new URLSearchParams(fields)),
    });
  expect((await consent({ sharing_id: sharing, state })).status).toBe(403);
  const done = await consent({ csrf_token, sharing_id: sharing, state });
  const app = bob.origin.replace("bob.", "bob-drive.");
  expect([done.status, done.location]).toEqual([303, `${app}/?sharing=${sharing}`]);
  expect(alice.statuses(sharing)).toEqual(["owner", "ready"]);
  expect((await ask({ method: "GET", url, cookie })).status).toBe(400);
});

test("a shortcut from the consent page sends no answer, and to cancel tells the sharer nothing", async () => {
  await using cast = await meet(stage);
  const { alice, bob, ask } = cast;
  const { sharing, link } = await shareAlbum(cast);
  await bob.owner.open(link);
  const cookie = `cozysessid=${bob.owner.logIn()}`;
  const state = new URL(link).searchParams.get("state") ?? "";
  const url = authorizeLink(bob.origin, { id: sharing }, state, true);
  expect((await ask({ method: "GET", url, cookie })).status).toBe(303);
  const shortcut = bob.documents("io.cozy.files").find(({ fields }) => fields["name"] === "Holiday.url");
  expect(shortcut?.fields).toMatchObject({ metadata: { sharing: { status: "seen" } } });
  const cancelled = await ask({
    method: "GET",
    url: `${bob.origin}/auth/authorize/sharing/${sharing}/cancel?state=${state}`,
  });
  expect([cancelled.status, cancelled.location]).toEqual([303, link]);
  expect(alice.statuses(sharing)).toEqual(["owner", "pending"]);
  for (const query of ["", `?sharing_id=${sharing}`, `?sharing_id=${"0".repeat(32)}&state=x`]) {
    const at = `${bob.origin}/auth/authorize/sharing${query}`;
    expect((await ask({ method: "GET", url: at, cookie })).status).toBe(400);
  }
});

test("what is not served, asked with another method, or too large is refused and noted", async () => {
  await using cast = await meet(stage);
  const { alice, ask } = cast;
  const at = `${alice.origin}/sharings/${"0".repeat(32)}`;
  expect((await ask({ method: "GET", url: `${at}/nothing` })).status).toBe(404);
  expect((await ask({ method: "GET", url: `${at}/answer` })).status).toBe(405);
  const large = { method: "PUT", url: at, body: Buffer.alloc(1024 * 1024 + 1, " ") };
  expect((await ask(large)).status).toBe(413);
  expect((await ask({ method: "PUT", url: at, body: "<html>" })).status).toBe(400);
  expect(alice.refusals()).toEqual([
    "GET a path that is not served: 404 Not found",
    "GET a path that is not served: 405 The method is not allowed here",
    "PUT /sharings/:id: 413 The body is too large",
    "PUT /sharings/:id: 400 The body is not JSON",
  ]);
});

test("the picture of a member is for everybody", async () => {
  await using cast = await meet(stage);
  const { sharing } = await shareAlbum(cast);
  const picture = async (index: number) =>
    cast.ask({ method: "GET", url: `${cast.alice.origin}/sharings/${sharing}/recipients/${index}/avatar` });
  expect([(await picture(0)).status, (await picture(5)).status]).toEqual([200, 404]);
});
