import { afterAll, beforeAll, expect, test } from "vitest";
import {
  emailOf,
  meet,
  openStage,
  settled,
  shareAlbum,
  sharedAlbum,
  type Stage,
  tokenOf,
  type Cast,
} from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

/** Bob and Carol have both accepted. */
async function sharedWithBoth(cast: Cast): Promise<string> {
  const { alice, carol } = cast;
  const contacts = (["bob", "carol"] as const).map((name) =>
    alice.owner.addContact({ name, email: emailOf(name) }),
  );
  const { sharing } = await sharedAlbum(cast, { recipients: contacts });
  const link = alice.mails().find(({ recipient }) => recipient === emailOf("carol"))?.link ?? "";
  await carol.owner.accept(await carol.owner.open(link));
  await settled(cast);
  return sharing;
}

const nothingLeft = { state: "", client: null, access_token: null, inbound_client_id: "" };

test("S3 sharings_test: the owner takes everything back from everybody", async () => {
  await using cast = await meet(stage);
  const { alice, bob, carol } = cast;
  const sharing = await sharedWithBoth(cast);
  await alice.owner.revoke(sharing);
  expect(alice.statuses(sharing)).toEqual(["owner", "revoked", "revoked"]);
  expect(alice.sharing(sharing)?.credentials).toMatchObject([nothingLeft, nothingLeft]);
  for (const cozy of [alice, bob, carol]) {
    expect(cozy.sharing(sharing)?.active).toBe(false);
    expect([cozy.clientCount(), cozy.tokens(), cozy.refusals(), cozy.failures()]).toEqual([0, [], [], []]);
  }
  expect(bob.sharing(sharing)?.credentials).toMatchObject([nothingLeft]);
});

test("S3 sharings_test: one member is revoked, the others get the new list; with the last one it ends", async () => {
  await using cast = await meet(stage);
  const { alice, bob, carol } = cast;
  const sharing = await sharedWithBoth(cast);
  await alice.owner.revokeMember(sharing, 1);
  await settled(cast);
  expect([alice.sharing(sharing)?.active, bob.sharing(sharing)?.active]).toEqual([true, false]);
  expect(carol.statuses(sharing)).toEqual(["owner", "revoked", "ready"]);
  await alice.owner.revokeMember(sharing, 2);
  expect([alice.sharing(sharing)?.active, carol.sharing(sharing)?.active]).toEqual([false, false]);
});

test("S3 sharings_test: a recipient leaves, both sides are clean, and the others see it", async () => {
  await using cast = await meet(stage);
  const { alice, bob, carol } = cast;
  const sharing = await sharedWithBoth(cast);
  await bob.owner.leave(sharing);
  await settled(cast);
  expect(alice.statuses(sharing)).toEqual(["owner", "revoked", "ready"]);
  expect(carol.statuses(sharing)).toEqual(["owner", "revoked", "ready"]);
  expect(bob.sharing(sharing)).toMatchObject({ active: false, credentials: [nothingLeft] });
  expect([bob.clientCount(), bob.tokens()]).toEqual([0, []]);
  await expect(bob.owner.leave(sharing)).rejects.toMatchObject({ status: 400 });
});

test("S3 sharings_test: a group is revoked with the members that are in it alone", async () => {
  await using cast = await meet(stage);
  const { alice, bob, carol } = cast;
  const [friends, family] = [alice.owner.addGroup("Friends"), alice.owner.addGroup("Family")];
  alice.owner.addContact({ name: "Bob", email: emailOf("bob"), groups: [friends] });
  alice.owner.addContact({ name: "Carol", email: emailOf("carol"), groups: [friends, family] });
  const { sharing } = await shareAlbum(cast, { recipients: [friends, family] });
  for (const [cozy, mail] of [bob, carol].map((each, at) => [each, alice.mails()[at]] as const)) {
    await cozy.owner.accept(await cozy.owner.open(mail?.link ?? ""));
  }
  await settled(cast);
  expect(carol.sharing(sharing)?.groups.map(({ name, addedBy }) => [name, addedBy])).toEqual([
    ["Friends", 0],
    ["Family", 0],
  ]);
  await alice.owner.revokeGroup(sharing, 0);
  await settled(cast);
  expect(alice.statuses(sharing)).toEqual(["owner", "revoked", "ready"]);
  expect(carol.sharing(sharing)?.groups[0]?.revoked).toBe(true);
});

test("a pending member is not told: its link shows that the sharing is gone", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const { sharing, link } = await shareAlbum(cast);
  await bob.owner.open(link);
  await alice.owner.revoke(sharing);
  expect(alice.called().filter(({ method }) => method === "DELETE")).toEqual([]);
  expect((await cast.ask({ method: "GET", url: link })).status).toBe(400);
  await expect(bob.owner.accept(sharing)).rejects.toMatchObject({ status: 502 });
});

test("a member that cannot be reached is revoked all the same, and the log says so", async () => {
  await using cast = await meet(stage);
  const { alice, bob, carol } = cast;
  const sharing = await sharedWithBoth(cast);
  await bob.goDown();
  await alice.owner.revoke(sharing);
  expect(alice.statuses(sharing)).toEqual(["owner", "revoked", "revoked"]);
  expect([carol.sharing(sharing)?.active, alice.failures().length]).toEqual([false, 1]);
});

test("DELETE /sharings/:id and answer take the right token alone", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const { sharing } = await sharedAlbum(cast);
  const other = await sharedAlbum(cast);
  const remove = async (url: string, bearer?: string): Promise<number> =>
    (await cast.ask({ method: "DELETE", url, ...(bearer === undefined ? {} : { bearer }) })).status;
  const [atBob, atAlice] = [
    `${bob.origin}/sharings/${sharing}`,
    `${alice.origin}/sharings/${sharing}/answer`,
  ];
  expect([await remove(atBob), await remove(atBob, "wrong")]).toEqual([401, 403]);
  expect(await remove(atBob, tokenOf(bob, other.sharing))).toBe(403);
  expect(await remove(atAlice, tokenOf(alice, other.sharing))).toBe(403);
  expect(await remove(`${alice.origin}/sharings/${sharing}`, tokenOf(alice, sharing))).toBe(400);
  expect(await remove(`${bob.origin}/sharings/${sharing}/answer`, tokenOf(bob, sharing))).toBe(400);
  expect([alice.statuses(sharing)[1], bob.statuses(sharing)[1]]).toEqual(["ready", "ready"]);
  expect(await remove(atAlice, tokenOf(alice, sharing))).toBe(204);
  expect(await remove(atBob, tokenOf(bob, sharing))).toBe(204);
  expect(await remove(atBob, "gone")).toBe(403);
  expect([alice.statuses(sharing)[1], bob.statuses(sharing)[1]]).toEqual(["revoked", "revoked"]);
});

test("the shared directory in the bin ends the sharing: for all by the owner, for oneself by a recipient", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const left = await sharedAlbum(cast);
  const root = bob.sharing(left.sharing)?.rules[0]?.values[0] ?? "";
  await bob.owner.remove("io.cozy.files", root);
  expect(alice.statuses(left.sharing)).toEqual(["owner", "revoked"]);
  const revoked = await sharedAlbum(cast);
  await alice.owner.remove("io.cozy.files", revoked.directory);
  expect(bob.sharing(revoked.sharing)?.active).toBe(false);
});

test("a Cozy that has moved says where, and is reached there", async () => {
  await using cast = await meet(stage);
  const { alice, bob, carol } = cast;
  const { sharing } = await sharedAlbum(cast);
  bob.settings.movedTo = carol.origin;
  await alice.owner.revoke(sharing);
  const deleted = alice.called().filter(({ method }) => method === "DELETE");
  expect(deleted.map(({ host, status }) => [host, status])).toEqual([
    [new URL(bob.origin).host, 410],
    [new URL(carol.origin).host, 404],
  ]);
});

test("a member tells its new address with the token of the sharing", async () => {
  await using cast = await meet(stage);
  const { alice, carol } = cast;
  const { sharing } = await sharedAlbum(cast);
  const attributes = { new_instance: carol.origin, access_token: "new", refresh_token: "new" };
  const { status } = await cast.ask({
    method: "POST",
    url: `${alice.origin}/sharings/${sharing}/recipients/self/moved`,
    bearer: tokenOf(alice, sharing),
    body: JSON.stringify({ data: { type: "io.cozy.sharings.moved", attributes } }),
  });
  expect(status).toBe(204);
  expect(alice.sharing(sharing)?.members[1]?.instance).toBe(carol.origin);
  expect(alice.sharing(sharing)?.credentials[0]?.access_token?.access_token).toBe("new");
});
