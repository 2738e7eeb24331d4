import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CozyV3 } from "../../world/cozy-v3/cozy.ts";
import {
  accept,
  bobsMail,
  carolsMail,
  fileId,
  filesType,
  folderId,
  membersOf,
  openOwnerWorld,
  type OwnerWorld,
  putFile,
  share,
  type SharedFolder,
  statuses,
} from "./owner-world.ts";

let world: OwnerWorld;
let shared: SharedFolder;

// Bob and Carol have accepted.
beforeEach(async () => {
  world = await openOwnerWorld();
  shared = await share(world, [{ email: bobsMail }, { email: carolsMail }]);
  await accept(world, world.bob, await world.alice.linkOf(bobsMail));
  await accept(world, world.carol, await world.alice.linkOf(carolsMail));
});

afterEach(async () => world[Symbol.asyncDispose]());

/** What a Cozy has under a name. */
function received(cozy: CozyV3, name: string) {
  return cozy.documents(filesType).find(({ fields }) => fields["name"] === name);
}

function textOf(cozy: CozyV3): string {
  return received(cozy, "beach.txt")?.content?.toString() ?? "";
}

async function ownText(): Promise<string> {
  const { text } = await world.app("GET", `/data/${filesType}/${fileId}/content`);
  return text;
}

/** What a Cozy may call Alice's host with. */
function token(cozy: CozyV3): string {
  return cozy.sharing(shared.id)?.credentials[0]?.access_token?.access_token ?? "";
}

async function bulk(documents: Readonly<Record<string, readonly object[]>>, bearer = token(world.bob)) {
  return world.alice.ask("POST", `/sharings/${shared.id}/_bulk_docs`, {
    headers: { authorization: `Bearer ${bearer}` },
    body: documents,
  });
}

function troubles(): readonly string[] {
  return [world.bob, world.carol].flatMap((cozy) => [...cozy.refusals(), ...cozy.failures()]);
}

describe("members who have accepted", () => {
  test("hear of each other, without names of contacts and addresses of Cozys", async () => {
    expect(world.bob.statuses(shared.id)).toEqual(["owner", "ready", "ready"]);
    const [, , carol] = world.bob.sharing(shared.id)?.members ?? [];
    expect(carol).toMatchObject({ public_name: "Carol", instance: "", name: "" });
    expect(troubles()).toEqual([]);
  });

  test("know the same file by ids of their own", async () => {
    const ids = [world.bob, world.carol].map((cozy) => received(cozy, "beach.txt")?.id);
    expect(new Set([...ids, fileId]).size).toBe(3);
  });

  test("get what the owner changes, adds and removes", async () => {
    await putFile(world, "more sand");
    await world.app("PUT", `/data/${filesType}/0f00d1e2c3b4a5968778695a4b3c2d1e`, {
      type: "directory",
      name: "Second week",
      dir_id: folderId,
    });
    await world.settled();
    expect([textOf(world.bob), textOf(world.carol)]).toEqual(["more sand", "more sand"]);
    expect(received(world.bob, "Second week")?.fields["dir_id"]).toBe(received(world.bob, "Holiday")?.id);
    await world.app("DELETE", `/data/${filesType}/${fileId}`);
    await world.settled();
    expect(received(world.bob, "beach.txt")).toBeUndefined();
    expect(troubles()).toEqual([]);
  });

  test("lose what the owner moves out of the folder", async () => {
    const { text } = await world.app("GET", `/data/${filesType}/${fileId}`);
    const file: Readonly<Record<string, unknown>> = JSON.parse(text);
    const moved = await world.app("PUT", `/data/${filesType}/${fileId}`, { ...file, dir_id: "elsewhere" });
    expect(moved.status).toBe(200);
    await world.settled();
    expect(received(world.bob, "beach.txt")).toBeUndefined();
    expect(await ownText()).toBe("sand");
    expect(world.bob.failures()).toEqual([]);
  });

  test("are told what one of them changed, and the owner has it", async () => {
    const { id = "", fields } = received(world.bob, "beach.txt") ?? {};
    world.bob.owner.change(filesType, id, { ...fields }, "bob was here");
    await world.bob.settled();
    expect(await ownText()).toBe("bob was here");
    await world.settled();
    expect(textOf(world.carol)).toBe("bob was here");
    expect(textOf(world.bob)).toBe("bob was here");
    expect(troubles()).toEqual([]);
  });

  test("do not learn where the folder lies, and cannot move it", async () => {
    expect(received(world.bob, "Holiday")?.fields["dir_id"]).toBeUndefined();
    const { id = "", fields } = received(world.bob, "Holiday") ?? {};
    world.bob.owner.change(filesType, id, { ...fields, name: "Trip" });
    await world.bob.settled();
    const { text } = await world.app("GET", `/data/${filesType}/${folderId}`);
    expect(JSON.parse(text)).toMatchObject({ name: "Trip", dir_id: "io.cozy.files.root-dir" });
  });

  test("get what they missed while they were down", async () => {
    await world.bob.goDown();
    await putFile(world, "while you were away");
    await world.settled();
    expect(textOf(world.carol)).toBe("while you were away");
    await world.bob.comeUp();
    await world.alice.workAgain();
    expect(textOf(world.bob)).toBe("while you were away");
    expect(await statuses(world, shared)).toEqual(["owner", "ready", "ready"]);
  });

  test("are told with fresh tokens where theirs have expired", async () => {
    world.bob.expireTokens();
    await putFile(world, "a week later");
    await world.settled();
    expect(textOf(world.bob)).toBe("a week later");
  });
});

describe("a token of a member", () => {
  const revision = { _rev: "9-abc", _revisions: { start: 9, ids: ["abc"] } };

  test("writes nothing beside the rules", async () => {
    const outside = {
      ...revision,
      _id: "f".repeat(32),
      type: "directory",
      name: "x",
      dir_id: "e".repeat(32),
    };
    expect((await bulk({ [filesType]: [outside] })).status).toBe(403);
    expect((await bulk({ "io.cozy.contacts": [{ ...revision, _id: "c1", fullname: "Eve" }] })).status).toBe(
      403,
    );
  });

  test("is no application's, and no other's", async () => {
    const headers = { authorization: `Bearer ${token(world.bob)}` };
    const read = await world.alice.ask("GET", `/data/${filesType}/${fileId}`, { headers });
    expect(read.status).toBe(403);
    expect((await bulk({}, "nobodys-token")).status).toBe(401);
  });

  test("of a member who may read only reads only, from the moment on when the owner says so", async () => {
    const readonly = `/sharings/${shared.id}/recipients/1/readonly`;
    expect((await world.app("POST", readonly)).status).toBe(204);
    expect((await bulk({ [filesType]: [] })).status).toBe(403);
    await world.settled();
    expect(world.bob.sharing(shared.id)?.members[1]).toMatchObject({ read_only: true });
    expect((await bulk({ [filesType]: [] })).status).toBe(403);
    expect((await world.app("DELETE", readonly)).status).toBe(204);
    await world.settled();
    expect((await bulk({ [filesType]: [] })).status).toBe(200);
    expect(await membersOf(world, shared)).toMatchObject([{}, { status: "ready" }, { status: "ready" }]);
    expect(troubles()).toEqual([]);
  });

  test("web/sharings readonly: the owner's own rights cannot be changed, and a member cannot change his", async () => {
    expect((await world.app("POST", `/sharings/${shared.id}/recipients/0/readonly`)).status).toBe(422);
    const headers = { authorization: `Bearer ${token(world.bob)}` };
    const own = await world.alice.ask("DELETE", `/sharings/${shared.id}/recipients/1/readonly`, { headers });
    expect(own.status).toBe(403);
  });
});

describe("the end", () => {
  test("web/sharings revoke one: he is told, his link and his tokens end, the others go on", async () => {
    const link = await world.alice.linkOf(bobsMail);
    const { access_token: access } = world.bob.sharing(shared.id)?.credentials[0] ?? {};
    expect((await world.app("DELETE", `/sharings/${shared.id}/recipients/1`)).status).toBe(204);
    await world.settled();
    expect(await statuses(world, shared)).toEqual(["owner", "revoked", "ready"]);
    expect(world.bob.sharing(shared.id)).toMatchObject({ active: false });
    expect(world.carol.statuses(shared.id)).toEqual(["owner", "revoked", "ready"]);
    const { pathname, search } = new URL(link);
    expect((await world.alice.ask("GET", `${pathname}${search}`)).status).toBe(400);
    const headers = { authorization: `Bearer ${access?.access_token ?? ""}` };
    const asked = await world.alice.ask("POST", `/sharings/${shared.id}/_revs_diff`, { headers, body: {} });
    expect(asked.status).toBe(401);
    await putFile(world, "not for bob");
    await world.settled();
    expect([textOf(world.bob), textOf(world.carol)]).toEqual(["sand", "not for bob"]);
  });

  test("web/sharings revoke all: everybody is told, who is down later", async () => {
    await world.carol.goDown();
    expect((await world.app("DELETE", `/sharings/${shared.id}/recipients`)).status).toBe(204);
    await world.settled();
    expect(await statuses(world, shared)).toEqual(["owner", "revoked", "revoked"]);
    expect(world.bob.sharing(shared.id)).toMatchObject({ active: false });
    await world.carol.comeUp();
    await world.alice.workAgain();
    expect(world.carol.sharing(shared.id)).toMatchObject({ active: false });
    expect(world.carol.failures()).toEqual([]);
  });

  test("web/sharings revoke by recipient: the owner and the others know, and no link leads back", async () => {
    await world.bob.owner.leave(shared.id);
    await world.settled();
    expect(await statuses(world, shared)).toEqual(["owner", "revoked", "ready"]);
    expect(world.carol.statuses(shared.id)).toEqual(["owner", "revoked", "ready"]);
    await expect(world.bob.owner.open(await world.alice.linkOf(bobsMail))).rejects.toThrow();
    expect(troubles()).toEqual([]);
  });

  test("of the last member ends what is told; who is still invited may begin anew", async () => {
    await world.app("POST", `/sharings/${shared.id}/recipients`, {
      data: { relationships: { recipients: { data: [{ email: "dora@mail.example" }] } } },
    });
    await world.bob.owner.leave(shared.id);
    await world.carol.owner.leave(shared.id);
    await world.settled();
    expect(await isActive()).toBe(false);
    await accept(world, world.carol, await world.alice.linkOf("dora@mail.example"));
    expect(await statuses(world, shared)).toEqual(["owner", "revoked", "revoked", "ready"]);
    expect(await isActive()).toBe(true);
    await putFile(world, "once more");
    await world.settled();
    // Beside what came through her first membership, under other ids.
    const texts = world.carol.documents(filesType).map(({ content }) => content?.toString());
    expect(texts).toContain("once more");
  });
});

async function isActive(): Promise<unknown> {
  const { text } = await world.app("GET", `/sharings/${shared.id}`);
  const body: { readonly data: { readonly attributes: { readonly active: unknown } } } = JSON.parse(text);
  return body.data.attributes.active;
}
