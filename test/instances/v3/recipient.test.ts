import { afterAll, beforeAll, expect, test } from "vitest";
import type { FollowReply } from "../../../src/protocols/protocol.ts";
import { documentHeadsReceived } from "../../../src/store/cozy-documents.ts";
import { cozyMembersOf, cozySharingByDocument } from "../../../src/store/cozy-sharings.ts";
import type { Certificates } from "../../world/tls.ts";
import {
  asking,
  bobUrl,
  openCertificates,
  openRecipientWorld,
  type RecipientWorld,
  shareAlbum,
  shareOf,
} from "./recipient-world.ts";

let certificates: (Certificates & AsyncDisposable) | undefined;
beforeAll(async () => {
  certificates = await openCertificates();
});
afterAll(async () => certificates?.[Symbol.asyncDispose]());

async function open(): Promise<RecipientWorld> {
  if (certificates === undefined) throw new Error("The certificates are not made yet.");
  return openRecipientWorld(certificates);
}

async function follow(
  { way, bob }: RecipientWorld,
  share: Parameters<typeof way.follow>[0],
): Promise<FollowReply> {
  return way.follow(share, bob, asking().ask);
}

async function rowOf({ store }: RecipientWorld, id: string) {
  const sharing = await cozySharingByDocument(store.db, "a-bob", "v3", id);
  if (sharing === undefined) throw new Error("Bob has no copy of the sharing.");
  return { sharing, members: await cozyMembersOf(store.db, sharing.id) };
}

async function namesAt({ store }: RecipientWorld, id: string): Promise<readonly string[]> {
  const sharing = await cozySharingByDocument(store.db, "a-bob", "v3", id);
  const heads = sharing === undefined ? [] : await documentHeadsReceived(store.db, sharing.id, 100);
  return heads.map(({ body_json: text }) => String((JSON.parse(text) as { name?: unknown }).name)).toSorted();
}

test("sharings_test.go TestAnswerSharing: credentials are exchanged both ways, and both sides are ready", async () => {
  await using world = await open();
  const { alice } = world;
  const album = await shareAlbum(alice);
  expect((await follow(world, album.share)).kind).toBe("followed");
  expect(alice.statuses(album.id)).toEqual(["owner", "ready"]);
  expect(alice.sharing(album.id)?.members[1]).toMatchObject({ instance: bobUrl, public_name: "bob" });
  const { sharing, members } = await rowOf(world, album.id);
  expect([sharing.is_active, sharing.is_owner, sharing.description]).toEqual([1, 0, "Holiday"]);
  expect(members.map(({ status }) => status)).toEqual(["owner", "ready"]);
  expect(members[0]?.token_sealed).not.toBeNull();
  // The state has done its work, and is kept nowhere.
  expect(members[0]?.secret_sealed).toBeNull();
  expect(alice.refusals()).toEqual([]);
});

test("what the sharer changes, adds and removes later is seen here", async () => {
  await using world = await open();
  const { alice } = world;
  const album = await shareAlbum(alice);
  const { directory } = album;
  const first = alice.owner.addFile({
    name: "beach.json",
    content: '{"a":1}',
    mime: "application/json",
    directory,
  });
  await follow(world, album.share);
  await expect.poll(async () => namesAt(world, album.id)).toEqual(["Holiday", "beach.json"]);
  alice.owner.addFile({ name: "dunes.txt", content: "", directory });
  await expect.poll(async () => namesAt(world, album.id)).toEqual(["Holiday", "beach.json", "dunes.txt"]);
  await alice.owner.remove("io.cozy.files", first);
  await expect.poll(async () => namesAt(world, album.id)).toEqual(["Holiday", "dunes.txt"]);
  expect([alice.refusals(), alice.failures()]).toEqual([[], []]);
});

test("a token that has expired at Bob's is refreshed by the sharer", async () => {
  await using world = await open();
  const { alice, store } = world;
  const album = await shareAlbum(alice);
  await follow(world, album.share);
  await expect.poll(async () => namesAt(world, album.id)).toEqual(["Holiday"]);
  await store.db.updateTable("cozy_token").set({ expires_at: 1 }).where("kind", "=", "access").execute();
  alice.owner.addFile({ name: "late.txt", content: "late", directory: album.directory });
  await expect.poll(async () => namesAt(world, album.id)).toEqual(["Holiday", "late.txt"]);
});

test("a preview link is followed through the code's sharing (preview link case of sharings_test.go)", async () => {
  await using world = await open();
  const { alice } = world;
  const album = await shareAlbum(alice, { previewPath: "/preview" });
  expect(album.link).toContain("/preview?sharecode=");
  const share = shareOf(alice.origin, album.link, "preview");
  expect((await follow(world, share)).kind).toBe("followed");
  expect(alice.statuses(album.id)).toEqual(["owner", "ready"]);
  // Its link does not name the sharing, and still finds what became of it.
  expect((await world.way.browse?.(share, world.bob, "", asking().ask))?.kind).toBe("listed");
  await alice.owner.revoke(album.id);
  expect(await world.way.check(share, world.bob, asking().ask)).toMatchObject({
    kind: "no",
    state: "REMOVED",
  });
});

test("a plain sharing by link ends with a plain reason, and tells nobody where Bob's Cozy is", async () => {
  await using world = await open();
  const { alice } = world;
  const share = shareOf(alice.origin, alice.owner.shareByLink(), "preview");
  expect(await follow(world, share)).toMatchObject({
    kind: "no",
    state: "UNSUPPORTED",
    because: "page-only",
  });
  expect(alice.requests().map(({ place }) => place)).toEqual(["permissions"]);
});

test("an invitation by a member of an open sharing is answered at the owner", async () => {
  await using world = await open();
  const { alice, carol } = world;
  const inviter = alice.owner.addContact({ name: "Carol", email: "carol@mail.example" });
  const album = await shareAlbum(alice, { isOpen: true, recipients: [inviter] });
  const invitation = alice.mails().findLast(({ recipient }) => recipient === "carol@mail.example");
  await carol.owner.accept(await carol.owner.open(invitation?.link ?? ""));
  await carol.owner.invite(album.id, [carol.owner.addContact({ name: "Bob", email: "bob@mail.example" })]);
  const link = carol.mails().findLast(({ recipient }) => recipient === "bob@mail.example")?.link ?? "";
  expect(link).toContain(carol.origin);
  expect((await follow(world, shareOf(carol.origin, link))).kind).toBe("followed");
  expect(alice.statuses(album.id)).toEqual(["owner", "ready", "ready"]);
  expect((await rowOf(world, album.id)).members[0]?.instance_url).toBe(alice.origin);
});

test("a sharer that cannot reach Bob's host is asked again, and then it works", async () => {
  await using world = await open();
  const album = await shareAlbum(world.alice);
  world.goDown();
  expect(await follow(world, album.share)).toMatchObject({ kind: "try-later", because: "request-failed" });
  world.comeUp();
  expect((await follow(world, album.share)).kind).toBe("followed");
});

test("Bob leaves: the sharer hears of it, and nothing that was issued opens anything (revoke by recipient, 204)", async () => {
  await using world = await open();
  const { alice, way, bob, store } = world;
  const album = await shareAlbum(alice);
  await follow(world, album.share);
  expect(await way.leave(album.share, bob, asking().ask)).toEqual({ kind: "left" });
  expect(alice.statuses(album.id)).toEqual(["owner", "revoked"]);
  const { sharing, members } = await rowOf(world, album.id);
  expect([sharing.is_active, members[0]?.token_sealed, members[1]?.status]).toEqual([0, null, "revoked"]);
  for (const table of ["cozy_token", "cozy_client"] as const) {
    expect(await store.db.selectFrom(table).selectAll().execute()).toEqual([]);
  }
});

test("a sharer that lost its memory of Bob ends the subscription with the next check", async () => {
  await using world = await open();
  const { alice, way, bob } = world;
  const album = await shareAlbum(alice);
  await follow(world, album.share);
  world.goDown();
  await alice.owner.revoke(album.id);
  world.comeUp();
  expect(await way.check(album.share, bob, asking().ask)).toMatchObject({ kind: "no", state: "REMOVED" });
  expect((await rowOf(world, album.id)).sharing.is_active).toBe(0);
});

test("the same invitation accepted twice at once leads to one state on each side", async () => {
  await using world = await open();
  const { alice } = world;
  const album = await shareAlbum(alice);
  await Promise.all([follow(world, album.share), follow(world, album.share)]);
  expect((await follow(world, album.share)).kind).toBe("followed");
  expect(alice.statuses(album.id)).toEqual(["owner", "ready"]);
  const { sharing, members } = await rowOf(world, album.id);
  expect([sharing.is_active, members.map(({ status }) => status)]).toEqual([1, ["owner", "ready"]]);
  expect(await world.way.check(album.share, world.bob, asking().ask)).toMatchObject({ kind: "followed" });
});
