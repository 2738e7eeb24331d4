import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  accept,
  filesType,
  folderId,
  membersOf,
  openOwnerWorld,
  type OwnerWorld,
  type SharedFolder,
  strangersMail,
} from "./owner-world.ts";

// Groups of contacts as recipients: model/sharing/group_test.go of today's cozy-stack, over the routes.

const contactsType = "io.cozy.contacts";
const groupsType = "io.cozy.contacts.groups";
let world: OwnerWorld;
let app: OwnerWorld["app"];
let round = 0;
/** Ids of this test's groups. */
let friends: string;
let football: string;

beforeAll(async () => {
  world = await openOwnerWorld();
  app = await world.alice.app(`${filesType}:ALL:${folderId} ${contactsType}:ALL ${groupsType}:ALL`);
});
afterAll(async () => world[Symbol.asyncDispose]());
beforeEach(async () => {
  round += 1;
  [friends, football] = [`friends${round}`, `football${round}`];
  await ok(app("PUT", `/data/${groupsType}/${friends}`, { name: "Friends" }));
  await ok(app("PUT", `/data/${groupsType}/${football}`, { name: "Football" }));
});

async function ok(answer: ReturnType<typeof app>): Promise<string> {
  const { status, text } = await answer;
  if (status >= 400) throw new Error(`${status}: ${text}`);
  return text;
}

interface Person {
  readonly id: string;
  readonly email: string;
}

let people = 0;

async function contact(name: string, groups: readonly string[]): Promise<Person> {
  people += 1;
  const person = { id: `${name.toLowerCase()}${people}`, email: strangersMail() };
  await moveTo({ ...person, name }, groups);
  return person;
}

/** The contact is in exactly these groups from now on. */
async function moveTo({ id, email, name }: Person & { readonly name: string }, groups: readonly string[]) {
  const data = groups.map((group) => ({ _id: group, _type: groupsType }));
  const body = { fullname: name, email: [{ address: email }], relationships: { groups: { data } } };
  await ok(app("PUT", `/data/${contactsType}/${id}`, body));
}

type Named = Readonly<Record<string, unknown>>;

const person = ({ id }: Person): Named => ({ id, type: contactsType });
const group = (id: string): Named => ({ id, type: groupsType });

async function create(recipients: readonly Named[], readers: readonly Named[] = []) {
  const rule = { title: "Holiday", doctype: filesType, values: [folderId], add: "sync" };
  const relationships = { recipients: { data: recipients }, read_only_recipients: { data: readers } };
  const attributes = { description: "Just testing groups", rules: [rule] };
  return app("POST", "/sharings/", { data: { attributes, relationships } });
}

async function share(...recipients: readonly Named[]): Promise<SharedFolder> {
  const made: { readonly data: SharedFolder } = JSON.parse(await ok(create(recipients)));
  await world.settled();
  return { id: made.data.id };
}

/** Of each member but the owner: whether he is there through groups alone, their indexes, and whether it was taken back. */
async function places(shared: SharedFolder): Promise<readonly string[]> {
  return (await membersOf(world, shared)).slice(1).map(({ name, groups, only_in_groups: isOnly, status }) => {
    const end = status === "revoked" ? " revoked" : "";
    return `${String(name)} ${isOnly === true ? "only " : ""}${JSON.stringify(groups ?? [])}${end}`;
  });
}

async function groupsOf({ id }: SharedFolder): Promise<unknown> {
  const shown: { readonly data: { readonly attributes: Named } } = JSON.parse(
    await ok(app("GET", `/sharings/${id}`)),
  );
  return shown.data.attributes["groups"];
}

test("RevokeGroup: who is in no other group and was not named himself loses the sharing", async () => {
  const bob = await contact("Bob", [friends]);
  await contact("Charlie", [friends, football]);
  await contact("Dave", [football]);
  const shared = await share(person(bob), group(friends), group(football));
  expect(await places(shared)).toEqual(["Bob [0]", "Charlie only [0,1]", "Dave only [1]"]);
  expect(await groupsOf(shared)).toEqual([
    { id: friends, name: "Friends", addedBy: 0, read_only: false },
    { id: football, name: "Football", addedBy: 0, read_only: false },
  ]);

  expect((await app("DELETE", `/sharings/${shared.id}/groups/1`)).status).toBe(204);
  expect(await places(shared)).toEqual(["Bob [0]", "Charlie only [0]", "Dave only [] revoked"]);
  expect(await groupsOf(shared)).toMatchObject([{}, { revoked: true }]);
  expect((await app("DELETE", `/sharings/${shared.id}/groups/0`)).status).toBe(204);
  expect(await places(shared)).toEqual(["Bob []", "Charlie only [] revoked", "Dave only [] revoked"]);
  for (const index of ["0", "7", "x"])
    expect((await app("DELETE", `/sharings/${shared.id}/groups/${index}`)).status).toBe(404);
});

test("UpdateGroups: contacts that enter and leave a group enter and leave its sharings", async () => {
  await contact("Bob", [friends]);
  const charlie = { ...(await contact("Charlie", [football])), name: "Charlie" };
  const shared = await share(group(friends), group(football));
  expect(await places(shared)).toEqual(["Bob only [0]", "Charlie only [1]"]);
  await moveTo(charlie, [football, friends]);
  expect(await places(shared)).toEqual(["Bob only [0]", "Charlie only [0,1]"]);
  await moveTo(charlie, [friends]);
  expect(await places(shared)).toEqual(["Bob only [0]", "Charlie only [0]"]);
  const dave = { ...(await contact("Dave", [friends])), name: "Dave" };
  expect(await places(shared)).toEqual(["Bob only [0]", "Charlie only [0]", "Dave only [0]"]);
  const first = await world.alice.linkOf(dave.email);
  await moveTo(dave, []);
  await ok(app("DELETE", `/data/${contactsType}/${charlie.id}`));
  expect(await places(shared)).toEqual(["Bob only [0]", "Charlie only [] revoked", "Dave only [] revoked"]);
  await moveTo(dave, [friends]);
  expect((await places(shared)).at(-1)).toBe("Dave only [0]");
  expect(await world.alice.linkOf(dave.email)).not.toBe(first);
});

describe("a group", () => {
  test("that is no group is 404, and one that is there already 400", async () => {
    expect((await create([group("nobody")])).status).toBe(404);
    const shared = await share(group(friends));
    const more = { recipients: { data: [group(friends)] } };
    const path = `/sharings/${shared.id}/recipients`;
    expect((await app("POST", path, { data: { relationships: more } })).status).toBe(400);
    await ok(app("DELETE", `/sharings/${shared.id}/groups/0`));
    expect((await app("POST", path, { data: { relationships: more } })).status).toBe(200);
    expect(await groupsOf(shared)).toMatchObject([{ revoked: true }, { id: friends }]);
  });

  test("is no recipient of an earlier protocol", async () => {
    await contact("Erin", [friends]);
    const permissions = { doc: { type: filesType, verbs: ["ALL"], values: [folderId] } };
    const asked = { sharing_type: "one-way", permissions, recipients: [(await contact("Finn", [])).id] };
    const made: { readonly data: SharedFolder } = JSON.parse(await ok(app("POST", "/sharings/", asked)));
    const relationships = { recipients: { data: [group(friends)] } };
    expect(
      (await app("POST", `/sharings/${made.data.id}/recipients`, { data: { relationships } })).status,
    ).toBe(422);
  });

  test("that may only read lets its members only read", async () => {
    await contact("Erin", [friends]);
    const made: { readonly data: SharedFolder } = JSON.parse(await ok(create([], [group(friends)])));
    expect((await membersOf(world, made.data))[1]).toMatchObject({ read_only: true, only_in_groups: true });
  });

  test("stays for who is named himself later", async () => {
    const erin = await contact("Erin", [friends]);
    const shared = await share(group(friends));
    const more = { recipients: { data: [person(erin)] } };
    await ok(app("POST", `/sharings/${shared.id}/recipients`, { data: { relationships: more } }));
    await ok(app("DELETE", `/sharings/${shared.id}/groups/0`));
    expect(await places(shared)).toEqual(["Erin []"]);
  });

  test("is told to members who accept and to those who have accepted, and its end too", async () => {
    const bob = await contact("Bob", [friends]);
    const shared = await share(person(bob), group(football));
    await accept(world, world.bob, await world.alice.linkOf(bob.email));
    expect(world.bob.sharing(shared.id)?.groups).toMatchObject([{ id: football, name: "Football" }]);
    const more = { recipients: { data: [group(friends)] } };
    await ok(app("POST", `/sharings/${shared.id}/recipients`, { data: { relationships: more } }));
    await world.settled();
    expect(world.bob.sharing(shared.id)?.groups).toMatchObject([{ id: football }, { id: friends }]);
    expect(world.bob.sharing(shared.id)?.members[1]).toMatchObject({ groups: [1] });
    await ok(app("DELETE", `/sharings/${shared.id}/groups/0`));
    await world.settled();
    expect(world.bob.sharing(shared.id)?.groups).toMatchObject([{ revoked: true }, { id: friends }]);
    expect(world.bob.refusals()).toEqual([]);
  });
});
