import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Cast,
  emailOf,
  meet,
  openStage,
  problemIn,
  shareAlbum,
  sharedAlbum,
  type Stage,
} from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

const id = "aae62886e79611ef8381fb83ff72e425";

/** A request at Bob's Cozy as anybody can make it. */
async function put({ bob, ask }: Cast, query: string, change: object = {}, at = id) {
  const attributes = {
    description: "Plans",
    rules: [{ title: "Plans", doctype: "io.cozy.files", values: ["aae62886e79611ef8381fb83ff72e421"] }],
    members: [
      {
        status: "owner",
        public_name: "Mallory",
        email: "mallory@mail.example",
        instance: "https://m.example",
      },
      { status: "pending", email: emailOf("bob"), instance: `${bob.origin}/` },
    ],
    ...change,
  };
  return ask({
    method: "PUT",
    url: `${bob.origin}/sharings/${at}${query}`,
    type: "application/vnd.api+json",
    body: JSON.stringify({ data: { type: "io.cozy.sharings", id: at, attributes } }),
  });
}

test("anybody's request is stored without a token, with 201, and again as long as it is not active", async () => {
  await using cast = await meet(stage);
  const first = await put(cast, "");
  expect([first.status, JSON.parse(first.text)]).toMatchObject([
    201,
    { data: { type: "io.cozy.sharings", id, attributes: { description: "Plans" } } },
  ]);
  expect((await put(cast, "", { description: "Other plans" })).status).toBe(201);
  expect(cast.bob.sharings().map(({ description }) => description)).toEqual(["Other plans"]);
});

test("409 once it is active, 400 at the owner itself", async () => {
  await using cast = await meet(stage);
  const { sharing } = await sharedAlbum(cast);
  expect(problemIn(await put(cast, "", {}, sharing))).toEqual({
    status: "409",
    detail: "Sharing already accepted by this recipient",
  });
  const body = JSON.stringify({ data: { type: "io.cozy.sharings", id: sharing, attributes: {} } });
  const own = await cast.ask({ method: "PUT", url: `${cast.alice.origin}/sharings/${sharing}`, body });
  expect(own.status).toBe(400);
});

test.each([
  ["without rules", { rules: [] }],
  ["with two values for files", { rules: [{ title: "x", doctype: "io.cozy.files", values: ["a", "b"] }] }],
  ["with an unknown verb", { rules: [{ title: "x", doctype: "io.cozy.todos", values: ["a"], add: "all" }] }],
  ["without members", { members: [] }],
  ["without the address of the owner", { members: [{ status: "owner" }, { status: "pending" }] }],
  ["with another type of description", { description: 7 }],
])("a request %s is refused", async (_, change) => {
  await using cast = await meet(stage);
  expect((await put(cast, "", change)).status).toBe(400);
  expect(cast.bob.sharings()).toEqual([]);
});

test("a stranger's shortcut mails the owner the link that he gave: the known weakness", async () => {
  await using cast = await meet(stage);
  const { status } = await put(cast, "?shortcut=true&url=https%3A%2F%2Felsewhere.example%2Fx");
  expect(status).toBe(201);
  await cast.bob.settled();
  const [mail] = cast.bob.mails();
  expect(mail?.subject).toBe("Mallory has shared a directory with you");
  expect(mail?.link).toBe("https://elsewhere.example/x");
});

test("a shortcut without a link is refused", async () => {
  await using cast = await meet(stage);
  expect((await put(cast, "?shortcut=true")).status).toBe(400);
  expect([cast.bob.sharings(), cast.bob.mails()]).toEqual([[], []]);
});

test("S3 model/sharing: the name of the shortcut is cleaned; two requests make one shortcut", async () => {
  await using cast = await meet(stage);
  const query = "?shortcut=true&url=https%3A%2F%2Fm.example%2Fx";
  await put(cast, query, { description: 'a<b>c:d"e/f\\g|h?i*j' });
  await put(cast, query, { description: 'a<b>c:d"e/f\\g|h?i*j' });
  const names = cast.bob.documents("io.cozy.files").map(({ fields }) => fields["name"]);
  expect(names).toEqual(["Inbox of sharings", "a-b-c-d-e-f-g-h-i-j.url"]);
});

test("the request has changed ids, the names of nobody, and two addresses of Cozys at most", async () => {
  await using cast = await meet(stage);
  const { alice, bob, carol } = cast;
  const contacts = [
    alice.owner.addContact({ name: "Private Bob", email: emailOf("bob"), cozy: bob.origin }),
    alice.owner.addContact({ name: "Private Carol", email: emailOf("carol"), cozy: carol.origin }),
  ];
  const { sharing, directory } = await shareAlbum(cast, { recipients: contacts });
  const seen = bob.sharing(sharing);
  expect(seen?.members.map(({ name, instance }) => [name, instance])).toEqual([
    ["", alice.origin],
    ["", bob.origin],
    ["", ""],
  ]);
  expect(seen?.rules[0]?.values).not.toEqual([directory]);
  expect(seen?.credentials[0]).toMatchObject({ state: "", client: null });
});

test("a request that tells too much is taken, and noted", async () => {
  await using cast = await meet(stage);
  const { alice, bob, carol } = cast;
  const members = [
    { status: "owner", public_name: "Alice", instance: alice.origin },
    { status: "pending", instance: bob.origin, name: "Bob B." },
    { status: "pending", instance: carol.origin },
  ];
  expect((await put(cast, "", { members, credentials: [{ state: "x" }] })).status).toBe(201);
  expect(bob.refusals()).toEqual([
    "PUT request: it tells where another member is",
    "PUT request: it tells names of contacts",
    "PUT request: it has credentials and is no drive",
  ]);
});

test("names are filled from the own contacts by e-mail address", async () => {
  await using cast = await meet(stage);
  cast.bob.owner.addContact({ name: "My friend Alice", email: emailOf("alice") });
  const { sharing, link } = await shareAlbum(cast);
  await cast.bob.owner.open(link);
  expect(cast.bob.sharing(sharing)?.members[0]).toMatchObject({
    name: "My friend Alice",
    public_name: "Alice",
  });
});

test("the type of a single file comes with the request", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const mime = "text/vnd.cozy.note+markdown";
  const note = alice.owner.addFile({ name: "note.cozy-note", content: "# Plans", mime });
  const { sharing, link } = await shareAlbum(cast, { rules: [{ title: "note", values: [note] }] });
  expect(alice.mails()[0]?.subject).toBe("Alice has shared a note with you");
  await bob.owner.open(link);
  expect(bob.sharing(sharing)).toMatchObject({ initial_number_of_files_to_sync: 1, rules: [{ mime }] });
});

test("GET /sharings/news counts the shortcuts that were not looked at", async () => {
  await using cast = await meet(stage);
  const { bob, ask } = cast;
  const bearer = bob.owner.addApp("drive", []);
  const count = async (): Promise<unknown> =>
    JSON.parse((await ask({ method: "GET", url: `${bob.origin}/sharings/news`, bearer })).text);
  await put(cast, "?shortcut=true&url=https%3A%2F%2Fm.example%2Fx");
  expect(await count()).toEqual({ meta: { count: 1 } });
  const cookie = `cozysessid=${bob.owner.logIn()}`;
  const url = `${bob.origin}/auth/authorize/sharing?sharing_id=${id}&state=m1Wq8rT_0aPzYxC4dLk7Ug&shortcut=true`;
  expect((await ask({ method: "GET", url, cookie })).status).toBe(303);
  expect(await count()).toEqual({ meta: { count: 0 } });
});
