import { afterAll, beforeAll, expect, test } from "vitest";
import { md5 } from "./documents.ts";
import { xorId } from "./model.ts";
import {
  type Album,
  type Cast,
  credentialsOf,
  emailOf,
  meet,
  openStage,
  problemIn,
  settled,
  sharedAlbum,
  type Stage,
  tokenOf,
} from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

const files = "io.cozy.files";

/** What Bob calls at Alice's Cozy, with the ids as he knows them. */
async function atAlice(
  { alice, ask }: Cast,
  { sharing }: Album,
  method: string,
  path: string,
  body?: unknown,
) {
  const isBytes = Buffer.isBuffer(body);
  return ask({
    method,
    url: `${alice.origin}/sharings/${sharing}/${path}`,
    bearer: tokenOf(alice, sharing),
    type: isBytes ? "text/plain" : "application/json",
    ...(body === undefined ? {} : { body: isBytes ? body : JSON.stringify(body) }),
  });
}

/** Bob's ids of the shared directory and file, and of one more. */
function bobsIds({ alice }: Cast, { sharing, directory, file }: Album) {
  const { xor_key } = credentialsOf(alice, sharing);
  const [root, known] = [xorId(directory, xor_key), xorId(file, xor_key)];
  return { root, known, fresh: "0123456789abcdef0123456789abcdef" };
}

function revision(id: string, generation: number, fields: object = {}) {
  const ids = Array.from({ length: generation }, (_, index) => `${generation - index}`.repeat(32));
  return {
    _id: id,
    _rev: `${generation}-${ids[0] ?? ""}`,
    _revisions: { start: generation, ids },
    ...fields,
  };
}

test("_revs_diff names what is missing, by the ids of who asks", async () => {
  await using cast = await meet(stage);
  const album = await sharedAlbum(cast);
  const { known, fresh } = bobsIds(cast, album);
  const rev = cast.alice.documents(files).find(({ id }) => id === album.file)?.rev ?? "";
  const asked = { [`${files}/${known}`]: [rev, "9-other"], [`${files}/${fresh}`]: ["1-new"] };
  const { status, text } = await atAlice(cast, album, "POST", "_revs_diff", asked);
  expect([status, JSON.parse(text)]).toEqual([
    200,
    { [`${files}/${known}`]: { missing: ["9-other"] }, [`${files}/${fresh}`]: { missing: ["1-new"] } },
  ]);
});

test("_bulk_docs takes directories below the shared one, and nothing outside", async () => {
  await using cast = await meet(stage);
  const album = await sharedAlbum(cast);
  const { root, fresh } = bobsIds(cast, album);
  const directory = revision(fresh, 1, { type: "directory", name: "Shells", dir_id: root });
  const taken = await atAlice(cast, album, "POST", "_bulk_docs", { [files]: [directory] });
  expect([taken.status, JSON.parse(taken.text)]).toEqual([200, []]);
  const made = cast.alice.documents(files).find(({ fields }) => fields["name"] === "Shells");
  expect(made?.fields["dir_id"]).toBe(album.directory);
  const outside = revision("f".repeat(32), 1, { type: "directory", name: "Mine", dir_id: "e".repeat(32) });
  const refused = await atAlice(cast, album, "POST", "_bulk_docs", { [files]: [outside] });
  expect(refused.status).toBe(400);
  const other = await atAlice(cast, album, "POST", "_bulk_docs", { "io.cozy.todos": [revision(fresh, 1)] });
  expect(other.status).toBe(400);
  const without = await atAlice(cast, album, "POST", "_bulk_docs", { [files]: [{ _id: fresh }] });
  expect(without.status).toBe(400);
  expect(cast.alice.documents(files).map(({ fields }) => fields["name"])).not.toContain("Mine");
});

test("a file is announced, uploaded under its key, and announced again without an upload", async () => {
  await using cast = await meet(stage);
  const album = await sharedAlbum(cast);
  const { root, fresh } = bobsIds(cast, album);
  const content = Buffer.from("a shell");
  const fields = { type: "file", name: "shell.txt", dir_id: root, mime: "text/plain", md5sum: md5(content) };
  const announce = async (generation: number) =>
    atAlice(cast, album, "PUT", `${files}/${fresh}/metadata`, revision(fresh, generation, fields));
  const announced = await announce(1);
  expect(announced.status).toBe(200);
  const { key } = JSON.parse(announced.text) as { key: string };
  expect((await atAlice(cast, album, "PUT", `${files}/${key}`, Buffer.from("else"))).status).toBe(400);
  expect((await atAlice(cast, album, "PUT", `${files}/${key}`, content)).status).toBe(204);
  const found = cast.alice.documents(files).find(({ fields: each }) => each["name"] === "shell.txt");
  expect(found?.content?.toString()).toBe("a shell");
  expect((await announce(2)).status).toBe(204);
  const unknown = await atAlice(cast, album, "PUT", `${files}/${key}`, content);
  expect(problemIn(unknown)).toMatchObject({ status: "404" });
});

test("what a member brings goes on to the other members, and not back", async () => {
  await using cast = await meet(stage);
  const { alice, bob, carol } = cast;
  const { sharing } = await sharedAlbum(cast);
  const contact = alice.owner.addContact({ name: "Carol", email: emailOf("carol") });
  await alice.owner.invite(sharing, [contact]);
  await carol.owner.accept(await carol.owner.open(alice.mails()[1]?.link ?? ""));
  await settled(cast);
  const root = bob.documents(files).find(({ fields }) => fields["name"] === "Holiday");
  const before = alice.called().length;
  bob.owner.addFile({ name: "starfish.txt", content: "star", directory: root?.id ?? "" });
  await settled(cast);
  expect(carol.documents(files).map(({ fields }) => fields["name"])).toContain("starfish.txt");
  const hosts = alice
    .called()
    .slice(before)
    .map(({ host }) => host);
  expect(new Set(hosts)).toEqual(new Set([new URL(carol.origin).host]));
});

test("GET of a directory gives it with its history, 404 for everything else", async () => {
  await using cast = await meet(stage);
  const album = await sharedAlbum(cast);
  const { root, known, fresh } = bobsIds(cast, album);
  const { status, text } = await atAlice(cast, album, "GET", `${files}/${root}`);
  expect([status, JSON.parse(text)]).toMatchObject([
    200,
    { _id: root, name: "Holiday", _revisions: { start: 1 } },
  ]);
  for (const id of [known, fresh]) {
    expect((await atAlice(cast, album, "GET", `${files}/${id}`)).status).toBe(404);
  }
});

test("a file that comes before its directory makes the owner fetch the directory", async () => {
  await using cast = await meet(stage);
  const { bob } = cast;
  const album = await sharedAlbum(cast);
  const { root, fresh } = bobsIds(cast, album);
  const inside = bob.owner.addDirectory("Shells", root);
  const content = Buffer.from("a shell");
  const fields = { type: "file", name: "shell.txt", dir_id: inside, md5sum: md5(content) };
  const announced = await atAlice(
    cast,
    album,
    "PUT",
    `${files}/${fresh}/metadata`,
    revision(fresh, 1, fields),
  );
  expect(announced.status).toBe(200);
  expect(cast.alice.documents(files).map(({ fields: each }) => each["name"])).toContain("Shells");
});

test("documents that are referenced by a shared one follow, also those that come later", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const album = alice.owner.addDocument("io.cozy.photos.albums", { name: "Sea" }, "60cf951a");
  const referenced_by = [{ type: "io.cozy.photos.albums", id: album }];
  const values = [`io.cozy.photos.albums/${album}`];
  const sync = { add: "sync", update: "sync", remove: "sync" };
  const contact = alice.owner.addContact({ name: "Bob", email: emailOf("bob") });
  await alice.owner.share({
    description: "Sea",
    rules: [
      { title: "album", doctype: "io.cozy.photos.albums", values: [album], ...sync },
      { title: "photos", doctype: "io.cozy.photos", selector: "referenced_by", values, ...sync },
    ],
    recipients: [contact],
  });
  await bob.owner.accept(await bob.owner.open(alice.mails()[0]?.link ?? ""));
  await settled(cast);
  alice.owner.addDocument("io.cozy.photos", { name: "wave", referenced_by });
  alice.owner.addDocument("io.cozy.photos", { name: "desk" });
  await settled(cast);
  expect(bob.documents("io.cozy.photos").map(({ fields }) => fields["name"])).toEqual(["wave"]);
});

test("a member whose Cozy is down misses a change, which the log tells, and gets it later", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const { sharing, file } = await sharedAlbum(cast);
  await bob.goDown();
  alice.owner.change(files, file, {}, "gravel");
  await settled(cast);
  expect(alice.failures().join()).toContain("_revs_diff");
  await bob.comeUp();
  alice.owner.push(sharing, 1);
  await settled(cast);
  expect(bob.documents(files)[1]?.content?.toString()).toBe("gravel");
});

test.each([["_revs_diff"], ["_bulk_docs"]])("%s asks for the token of the sharing", async (path) => {
  await using cast = await meet(stage);
  const { alice } = cast;
  const [album, other] = [await sharedAlbum(cast), await sharedAlbum(cast)];
  const url = `${alice.origin}/sharings/${album.sharing}/${path}`;
  const post = async (bearer: string): Promise<number> =>
    (await cast.ask({ method: "POST", url, bearer, body: "{}" })).status;
  expect((await cast.ask({ method: "POST", url, body: "{}" })).status).toBe(401);
  expect([await post("wrong"), await post(tokenOf(alice, other.sharing))]).toEqual([403, 403]);
  const right = tokenOf(alice, album.sharing);
  expect(await post(right)).toBe(200);
  alice.expireTokens();
  expect(await post(right)).toBe(401);
});
