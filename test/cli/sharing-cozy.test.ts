import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type InstanceWorld, openInstanceWorld } from "../instances/world.ts";

let world: InstanceWorld;
let directory: string;
beforeAll(async () => {
  world = await openInstanceWorld();
  directory = await mkdtemp(join(tmpdir(), "usher-sharing-cozy-"));
  const permissions = { album: { type: "io.cozy.photos.albums", values: ["a1"], verbs: ["ALL"] } };
  await writeFile(file("permissions.json"), JSON.stringify(permissions));
  await writeFile(file("events.json"), JSON.stringify([{ id: "e1", docType: "event" }]));
  await writeFile(file("broken.json"), "{");
  await world.usher("contact", "add", "alice", "carla@example.net", "--cozy", "https://carla.example");
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

function file(name: string): string {
  return join(directory, name);
}

async function cozy(...args: readonly string[]) {
  return world.usher("sharing", "cozy", ...args);
}

async function create(...args: readonly string[]): Promise<string> {
  const made = await cozy(
    "create",
    "--account",
    "alice",
    "--permissions",
    file("permissions.json"),
    ...args,
    "--json",
  );
  expect(made.err).toBe("");
  const value: { id: string } = JSON.parse(made.out);
  return value.id;
}

async function statesOf(id: string): Promise<readonly string[]> {
  const shown: { members: readonly { state: string }[] } = JSON.parse((await cozy("show", id, "--json")).out);
  return shown.members.map(({ state }) => state);
}

test("a sharing is made, shown with its members, added to and taken back, from one and from all", async () => {
  const id = await create(
    "--type",
    "master-slave",
    "--recipient",
    "carla@example.net",
    "--description",
    "Holidays",
  );
  const shown = JSON.parse((await cozy("show", id, "--json")).out);
  expect(shown).toMatchObject({
    account: "alice",
    generation: "v1a",
    is_owner: true,
    description: "Holidays",
  });
  expect(shown.members).toMatchObject([
    { address: "carla@example.net", instance_url: "https://carla.example" },
  ]);
  expect((await cozy("list", "--account", "alice")).out).toContain("Holidays");
  expect((await cozy("list", "--account", "bob")).out).toBe("No Cozy sharings.");
  expect((await cozy("add", id, "--recipient", "dora@example.net")).out).toContain("2 recipients in all");
  expect(await cozy("send", id)).toMatchObject({ code: 0 });
  expect(await cozy("revoke", id, "--recipient", "dora@example.net")).toMatchObject({ code: 0 });
  expect(await statesOf(id)).toEqual(["mail-not-sent", "revoked"]);
  expect(await cozy("revoke", id)).toMatchObject({ code: 0 });
  expect(await statesOf(id)).toEqual(["revoked", "revoked"]);
  expect((await cozy("show", id)).out).toMatch(/state +revoked/);
});

test("whoever has a Cozy is registered with first, whoever has none is asked by mail", async () => {
  const before = (await world.jobs("tell-member")).length;
  const mails = (await world.jobs("send-invitation")).length;
  await create(
    "--type",
    "one-shot",
    "--generation",
    "v1a",
    "--recipient",
    "carla@example.net",
    "eve@example.net",
  );
  const told = await world.jobs("tell-member");
  expect(told).toHaveLength(before + 1);
  expect(told.at(-1)?.payload).toEqual({ step: "register" });
  expect(await world.jobs("send-invitation")).toHaveLength(mails + 1);
});

test("what is shared and with whom is the same as by the sharings API", async () => {
  const id = await create("--type", "two-way", "--recipient", "carla@example.net", "--app", "photos");
  const { document_id: document } = JSON.parse((await cozy("show", id, "--json")).out);
  const token = await world.token("io.cozy.photos.albums:ALL");
  const reply = await world.ask("GET", `/sharings/${document}`, { token });
  expect(reply.at("data.attributes")).toMatchObject({
    sharing_type: "two-way",
    app_slug: "photos",
    owner: true,
  });
});

test.each([
  [["--type", "gift"], /there is no sharing type gift/],
  [["--type", "one-way", "--generation", "v1a"], /v1a has no type one-way/],
  [["--type", "rules"], /cannot be shared:\n {2}data.attributes.rules/],
  [["--type", "once"], /has to be a list like/],
  [["--type", "one-shot", "--recipient", "nobody"], /--recipient: There is no such contact/],
  [["--type", "one-shot", "--recipient", "no@address@x"], /is no mail address/],
])("%j is refused with the reason, and leaves nothing behind", async (args, message) => {
  const before = (await cozy("list", "--json")).out;
  const ran = await cozy("create", "--account", "alice", "--permissions", file("permissions.json"), ...args);
  expect(ran.code).toBeGreaterThan(0);
  expect(ran.err).toMatch(message);
  expect((await cozy("list", "--json")).out).toBe(before);
});

test("files and accounts that will not do are named", async () => {
  const from = async (path: string, account = "alice") =>
    (await cozy("create", "--account", account, "--type", "one-way", "--permissions", path)).err;
  expect(await from(file("none.json"))).toContain(`cannot read ${file("none.json")}`);
  expect(await from(file("broken.json"))).toContain("is no JSON");
  await world.usher("account", "add", "zoe", "--address", "zoe@example.net");
  expect(await from(file("permissions.json"), "zoe")).toContain("usher account instance zoe HOST");
  expect((await cozy("show", "zzz")).err).toContain("there is no sharing cozy zzz");
});

test("no secret is shown", async () => {
  const id = await create("--type", "one-way", "--recipient", "carla@example.net");
  const { db } = world.site.store;
  const member = db.selectFrom("cozy_member").select("secret_hash").where("cozy_sharing_id", "=", id);
  const { secret_hash: hash } = await member.executeTakeFirstOrThrow();
  const { out } = await cozy("show", id, "--json");
  expect(out).not.toContain(hash ?? "none");
  expect(out).not.toMatch(/sealed|secret/);
});

test("who is asked at his Cozy is shown with the last trouble there, and mailed by no command", async () => {
  const before = (await world.jobs("send-invitation")).length;
  const id = await create(
    "--type",
    "once",
    "--permissions",
    file("events.json"),
    "--recipient",
    "https://dave.example",
    "https://erin.example",
  );
  const { mails } = JSON.parse((await cozy("show", id, "--json")).out);
  expect((await world.usher("sharing", "show", mails)).out).toMatch(/dave\.example +mail-not-sent +none/);
  const resent = (await world.usher("sharing", "resend", mails)).out;
  expect(resent.trim().split("\n").toSorted()).toEqual(
    ["dave.example", "erin.example"].map(
      (host) => `${host} is asked at his own server, not by mail; nothing is sent.`,
    ),
  );
  const { db } = world.site.store;
  const asked = { state: "pending", updated_at: 1 } as const;
  await db.updateTable("recipient").set(asked).where("sharing_id", "=", mails).execute();
  const trouble = { status: "asked", error: "connection-refused" };
  await db.updateTable("cozy_member").set(trouble).where("cozy_sharing_id", "=", id).execute();
  const { out } = await world.usher("sharing", "show", mails, "--recipient", "dave.example");
  expect(out).toMatch(/dave\.example +pending +asked at his Cozy .* connection-refused/);
  expect(out).not.toContain("erin");
  expect((await world.usher("sharing", "remind", mails)).out).toContain("nothing is sent");
  expect(await world.jobs("send-invitation")).toHaveLength(before);
});

test("the mails of a Cozy sharing are shown with it, and the sharing is changed only as one of Cozys", async () => {
  const id = await create("--type", "one-way", "--recipient", "fred@example.net");
  const { mails } = JSON.parse((await cozy("show", id, "--json")).out);
  expect((await world.usher("sharing", "show", mails)).out).toContain("fred@example.net");
  for (const args of [
    ["revoke", mails],
    ["add", mails, "--to", "g@example.net"],
  ]) {
    const ran = await world.usher("sharing", ...args);
    expect(ran.code).toBe(1);
    expect(ran.err).toContain(`usher sharing cozy, as ${id}`);
  }
});

test("a sharing is with a group, whose contacts come and go with it", async () => {
  const token = await world.token("io.cozy.contacts:ALL io.cozy.contacts.groups:ALL");
  const groups = { data: [{ _id: "crew", _type: "io.cozy.contacts.groups" }] };
  const body = { email: [{ address: "gina@example.net" }], relationships: { groups } };
  await world.ask("PUT", "/data/io.cozy.contacts.groups/crew", { token, body: { name: "Crew" } });
  await world.ask("PUT", "/data/io.cozy.contacts/gina", { token, body });
  const rules = [{ title: "Test", doctype: "io.cozy.tests", values: ["t1"], add: "sync" }];
  await writeFile(file("rules.json"), JSON.stringify(rules));
  const what = ["--account", "alice", "--type", "rules", "--permissions", file("rules.json"), "--json"];
  const { id } = JSON.parse((await cozy("create", ...what, "--group", "crew")).out) as {
    readonly id: string;
  };
  expect(await statesOf(id)).toEqual(["pending"]);
  expect((await cozy("revoke", id, "--group", "nobody")).err).toContain("not with a group nobody");
  expect(await cozy("revoke", id, "--group", "crew")).toMatchObject({ code: 0 });
  expect(await statesOf(id)).toEqual(["revoked"]);
  expect(await cozy("add", id, "--group", "crew")).toMatchObject({ code: 0 });
  expect(await statesOf(id)).toEqual(["pending"]);
  expect(await world.usher("contact", "remove", "alice", "gina@example.net")).toMatchObject({ code: 0 });
  expect(await statesOf(id)).toEqual(["revoked"]);
  const earlier = await cozy(
    "create",
    "--account",
    "alice",
    "--type",
    "one-way",
    ...what.slice(4),
    "--group",
    "crew",
  );
  expect(earlier).toMatchObject({ code: 2, err: expect.stringContaining("generation v3") });
});
