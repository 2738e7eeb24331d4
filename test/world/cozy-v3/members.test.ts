import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type Cast,
  credentialsOf,
  emailOf,
  exchanged,
  form,
  meet,
  openStage,
  problemIn,
  settled,
  shareAlbum,
  sharedAlbum,
  type Stage,
  tokenOf,
} from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

function addCarol({ bob, carol }: Cast, isKnown: boolean): string {
  const at = isKnown ? { cozy: carol.origin } : { email: emailOf("carol") };
  return bob.owner.addContact({ name: "Carol C.", ...at });
}

test("S3 sharings_test: in an open sharing a member invites, and the link is on its own Cozy", async () => {
  await using cast = await meet(stage, { bob: { settings: { locale: "fr" } } });
  const { alice, bob, carol } = cast;
  const { sharing } = await sharedAlbum(cast, { isOpen: true });
  await bob.owner.invite(sharing, [addCarol(cast, false)]);
  await settled(cast);
  const [mail] = bob.mails();
  expect(mail).toMatchObject({ recipient: emailOf("carol"), template: "sharing_request" });
  expect(mail?.link.startsWith(`${bob.origin}/sharings/${sharing}/discovery?state=`)).toBe(true);
  expect(mail?.subject).toBe("Bob a partagé un répertoire avec vous");
  expect([alice.mails().length, alice.statuses(sharing)]).toEqual([1, ["owner", "ready", "pending"]]);
  await carol.owner.accept(await carol.owner.open(mail?.link ?? ""));
  await settled(cast);
  expect(alice.statuses(sharing)).toEqual(["owner", "ready", "ready"]);
  expect(bob.statuses(sharing)).toEqual(["owner", "ready", "ready"]);
  expect(carol.sharing(sharing)?.members[0]?.instance).toBe(alice.origin);
  for (const cozy of [alice, bob, carol]) expect([cozy.refusals(), cozy.failures()]).toEqual([[], []]);
});

test("PR #3892: a delegated member that is known by its Cozy gets a shortcut from the owner", async () => {
  await using cast = await meet(stage);
  const { alice, bob, carol } = cast;
  const { sharing } = await sharedAlbum(cast, { isOpen: true });
  await bob.owner.invite(sharing, [addCarol(cast, true)]);
  await settled(cast);
  expect([bob.mails(), carol.mails()[0]?.template]).toEqual([[], "notifications_sharing"]);
  expect(alice.statuses(sharing)).toEqual(["owner", "ready", "pending"]);
});

test("403 where the sharing is not open, 409 for a member that accepted, and a token is needed", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const closed = await sharedAlbum(cast);
  await expect(bob.owner.invite(closed.sharing, [addCarol(cast, false)])).rejects.toMatchObject({
    status: 403,
  });
  const { sharing } = await sharedAlbum(cast, { isOpen: true });
  const delegate = async (id: string, bearer: string, email: string) =>
    cast.ask({
      method: "POST",
      url: `${alice.origin}/sharings/${id}/recipients/delegated`,
      bearer,
      body: JSON.stringify({ data: { relationships: { recipients: { data: [{ email }] } } } }),
    });
  const token = tokenOf(alice, sharing);
  expect((await delegate(closed.sharing, tokenOf(alice, closed.sharing), "x@mail.example")).status).toBe(403);
  expect((await delegate(sharing, "wrong", "x@mail.example")).status).toBe(403);
  expect(problemIn(await delegate(sharing, token, emailOf("bob")))).toMatchObject({ status: "409" });
  const added = await delegate(sharing, token, emailOf("carol"));
  const state = alice.sharing(sharing)?.credentials[1]?.state;
  expect([added.status, JSON.parse(added.text)]).toEqual([200, { [emailOf("carol")]: state }]);
});

test("a delegated link is shown without checks, and its form goes on to the owner", async () => {
  await using cast = await meet(stage);
  const { bob, carol } = cast;
  const { sharing } = await sharedAlbum(cast, { isOpen: true });
  const url = `${bob.origin}/sharings/${sharing}/discovery`;
  expect((await cast.ask({ method: "GET", url: `${url}?state=unknown` })).status).toBe(200);
  const post = async (state: string) =>
    cast.ask({
      method: "POST",
      url,
      type: form,
      accept: "application/json",
      body: String(new URLSearchParams({ state, url: carol.origin })),
    });
  expect((await post("unknown")).status).toBe(404);
  await bob.owner.invite(sharing, [addCarol(cast, false)]);
  await carol.goDown();
  const state = new URL(bob.mails()[0]?.link ?? "").searchParams.get("state") ?? "";
  const failed = await post(state);
  expect([failed.status, JSON.parse(failed.text)]).toEqual([400, { error: "The sharing request failed" }]);
  await carol.comeUp();
  expect((await post(state)).status).toBe(200);
});

test("PUT recipients: the list from the owner alone, without names and addresses of Cozys", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const { sharing } = await sharedAlbum(cast);
  const carol = alice.owner.addContact({ name: "Private Carol", email: emailOf("carol") });
  await alice.owner.invite(sharing, [carol]);
  await settled(cast);
  expect(bob.sharing(sharing)?.members.map(({ name, instance, email }) => [name, instance, email])).toEqual([
    ["", alice.origin, emailOf("alice")],
    ["", bob.origin, emailOf("bob")],
    ["", "", emailOf("carol")],
  ]);
  const put = async (origin: string, bearer: string): Promise<number> => {
    const url = `${origin}/sharings/${sharing}/recipients`;
    return (await cast.ask({ method: "PUT", url, bearer, body: JSON.stringify({ data: [], included: [] }) }))
      .status;
  };
  expect([await put(bob.origin, "wrong"), await put(alice.origin, tokenOf(alice, sharing))]).toEqual([
    403, 400,
  ]);
});

test("a member that has a shortcut alone is told with its sharecode, which its Cozy refuses", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const contact = alice.owner.addContact({ name: "Bob", email: emailOf("bob"), cozy: bob.origin });
  const { sharing } = await shareAlbum(cast, { recipients: [contact], previewPath: "/preview" });
  const carol = alice.owner.addContact({ name: "Carol", email: emailOf("carol") });
  await alice.owner.invite(sharing, [carol]);
  await settled(cast);
  expect([bob.refusals(), bob.statuses(sharing).length]).toEqual([
    ["PUT /sharings/:id/recipients: 403 The token does not permit this"],
    2,
  ]);
});

test("read-only and back: the member gets new tokens, for an hour and with GET alone", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const { sharing, file } = await sharedAlbum(cast);
  const token = (): string => exchanged(credentialsOf(bob, sharing)).access_token.access_token;
  const before = token();
  await alice.owner.setReadOnly(sharing, 1, true);
  await settled(cast);
  expect(alice.tokens()).toEqual([{ token: token(), scope: `io.cozy.sharings:GET:${sharing}` }]);
  expect([before === token(), bob.sharing(sharing)?.members[1]?.read_only]).toEqual([false, true]);
  const [, copy] = bob.documents("io.cozy.files");
  bob.owner.change("io.cozy.files", copy?.id ?? "", {}, "mine");
  await settled(cast);
  expect(
    alice
      .documents("io.cozy.files")
      .find(({ id }) => id === file)
      ?.content?.toString(),
  ).toBe("sand");
  await alice.owner.setReadOnly(sharing, 1, false);
  bob.owner.change("io.cozy.files", copy?.id ?? "", {}, "ours");
  await settled(cast);
  expect(
    alice
      .documents("io.cozy.files")
      .find(({ id }) => id === file)
      ?.content?.toString(),
  ).toBe("ours");
});

test("S3 sharings_test: a read-only member cannot make itself anything else", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const { sharing } = await sharedAlbum(cast, { isOpen: true });
  await alice.owner.setReadOnly(sharing, 1, true);
  const bearer = tokenOf(alice, sharing);
  const at = `${alice.origin}/sharings/${sharing}/recipients`;
  const remove = { method: "DELETE", bearer };
  expect((await cast.ask({ ...remove, url: `${at}/1/readonly` })).status).toBe(403);
  expect((await cast.ask({ ...remove, url: `${at}/self/readonly` })).status).toBe(403);
  await expect(bob.owner.setReadOnly(sharing, 1, false)).rejects.toMatchObject({ status: 400 });
  await expect(bob.owner.invite(sharing, [addCarol(cast, false)])).rejects.toMatchObject({ status: 403 });
  expect(alice.sharing(sharing)?.members[1]?.read_only).toBe(true);
});

test("who was invited twice is one member; the second invitation has new credentials", async () => {
  await using cast = await meet(stage);
  const { alice } = cast;
  const { sharing, link } = await shareAlbum(cast);
  const again = alice.owner.addContact({ name: "Robert", email: emailOf("bob") });
  await alice.owner.invite(sharing, [again]);
  expect([alice.statuses(sharing), alice.mails().length]).toEqual([["owner", "pending"], 2]);
  expect(alice.mails()[1]?.link).not.toBe(link);
  expect((await cast.ask({ method: "GET", url: link })).status).toBe(400);
});
