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

const client = {
  client_id: "client-at-bob",
  client_secret: "secret-of-the-client",
  redirect_uris: ["https://alice.cozy.example/sharings/answer"],
  client_name: "Sharing Alice",
  client_kind: "sharing",
  client_uri: "https://alice.cozy.example/",
  software_id: "github.com/cozy/cozy-stack",
};
const accessToken = { token_type: "bearer", access_token: "token-at-bob", refresh_token: "refresh-at-bob" };

/** POST answer at Alice's Cozy with attributes of one's own. */
async function answer({ alice, ask }: Cast, id: string, attributes: object) {
  return ask({
    method: "POST",
    url: `${alice.origin}/sharings/${id}/answer`,
    type: "application/vnd.api+json",
    body: JSON.stringify({ data: { type: "io.cozy.sharings.answer", id, attributes } }),
  });
}

/** A sharing whose request has reached Bob's Cozy, with the state for the answer. */
async function discovered(cast: Cast): Promise<{ readonly id: string; readonly state: string }> {
  const { sharing, link } = await shareAlbum(cast);
  await cast.bob.owner.open(link);
  return { id: sharing, state: new URL(link).searchParams.get("state") ?? "" };
}

test("S3 sharings_test: credentials are exchanged both ways, with a scope for this sharing alone", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const { sharing } = await sharedAlbum(cast);
  const [atAlice, atBob] = [alice, bob].map((cozy) => exchanged(credentialsOf(cozy, sharing)));
  expect(atAlice?.client).toMatchObject({
    client_name: "Sharing Alice",
    client_kind: "sharing",
    redirect_uris: [`${alice.origin}/sharings/answer`],
    client_uri: `${alice.origin}/`,
  });
  expect(atBob?.client.client_name).toBe("Sharing Bob");
  expect(atBob?.xor_key).toEqual(atAlice?.xor_key);
  expect(alice.tokens()).toEqual([
    { token: atBob?.access_token.access_token, scope: `io.cozy.sharings:ALL:${sharing}` },
  ]);
  expect(bob.tokens()).toEqual([
    { token: atAlice?.access_token.access_token, scope: `io.cozy.sharings:ALL:${sharing}` },
  ]);
});

test("a read-only member gets a token with GET alone, and its changes stay with it", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const contact = alice.owner.addContact({ name: "Bob", email: emailOf("bob") });
  const { sharing, file } = await sharedAlbum(cast, { recipients: [], readOnlyRecipients: [contact] });
  expect(alice.tokens()[0]?.scope).toBe(`io.cozy.sharings:GET:${sharing}`);
  const [copy] = bob.documents("io.cozy.files").filter(({ fields }) => fields["name"] === "beach.txt");
  bob.owner.change("io.cozy.files", copy?.id ?? "", {}, "mine");
  await settled(cast);
  expect(
    alice
      .documents("io.cozy.files")
      .find(({ id }) => id === file)
      ?.content?.toString(),
  ).toBe("sand");
  const written = await cast.ask({
    method: "POST",
    url: `${alice.origin}/sharings/${sharing}/_bulk_docs`,
    bearer: tokenOf(alice, sharing),
    body: "{}",
  });
  expect(written.status).toBe(403);
  await bob.owner.leave(sharing);
  expect(alice.statuses(sharing)).toEqual(["owner", "revoked"]);
});

test("S3 model/sharing: an answer without state, client or token is not in the expected state", async () => {
  await using cast = await meet(stage);
  const { id, state } = await discovered(cast);
  const whole = { public_name: "Bob", state, client, access_token: accessToken };
  for (const broken of [
    { ...whole, state: "" },
    { ...whole, client: null },
    { ...whole, access_token: null },
  ]) {
    const refused = problemIn(await answer(cast, id, broken));
    expect(refused).toEqual({ status: "400", detail: "Sharing is not in the expected state" });
  }
  const nameless = await answer(cast, id, { ...whole, client: { ...client, client_id: "" } });
  expect(nameless.status).toBe(400);
  expect(cast.alice.statuses(id)).toEqual(["owner", "pending"]);
  const whole200 = await answer(cast, id, whole);
  expect(JSON.parse(whole200.text)).toMatchObject({
    data: {
      type: "io.cozy.sharings.answer",
      attributes: { client: { client_kind: "sharing" }, access_token: { token_type: "bearer" } },
    },
  });
});

test("404 for a wrong state and for an unknown sharing, 400 at a Cozy that is not the owner", async () => {
  await using cast = await meet(stage);
  const { id } = await discovered(cast);
  const whole = { public_name: "Bob", state: "unknown", client, access_token: accessToken };
  expect(problemIn(await answer(cast, id, whole))).toMatchObject({ detail: "The member was not found" });
  expect((await answer(cast, "0".repeat(32), whole)).status).toBe(404);
  const elsewhere = await cast.ask({
    method: "POST",
    url: `${cast.bob.origin}/sharings/${id}/answer`,
    body: JSON.stringify({ data: { type: "io.cozy.sharings.answer", id, attributes: whole } }),
  });
  expect(problemIn(elsewhere)).toMatchObject({ detail: "Sharing is not in the expected state" });
});

test("422 for a member whose Cozy was not named through discovery before", async () => {
  await using cast = await meet(stage);
  const { sharing, link } = await shareAlbum(cast);
  const state = new URL(link).searchParams.get("state");
  const refused = await answer(cast, sharing, {
    public_name: "Bob",
    state,
    client,
    access_token: accessToken,
  });
  expect(problemIn(refused)).toMatchObject({ status: "422", source: { parameter: "url" } });
});

test("404 for the old state of a revoked member, and a new one when it is invited again", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const { sharing, link } = await sharedAlbum(cast);
  const state = new URL(link).searchParams.get("state");
  await alice.owner.revokeMember(sharing, 1);
  const refused = await answer(cast, sharing, {
    public_name: "Bob",
    state,
    client,
    access_token: accessToken,
  });
  expect(refused.status).toBe(404);
  const again = alice.owner.addContact({ name: "Bob", email: emailOf("bob") });
  await alice.owner.invite(sharing, [again]);
  expect(alice.sharing(sharing)?.credentials[0]?.state).not.toBe(state);
  await bob.owner.accept(await bob.owner.open(bob.mails()[0]?.link ?? ""));
  expect(alice.statuses(sharing)).toEqual(["owner", "ready"]);
});

test("a repeated answer is not refused: it mints new credentials", async () => {
  await using cast = await meet(stage);
  const { id, state } = await discovered(cast);
  const whole = { public_name: "Bob", state, client, access_token: accessToken };
  const [first, second] = [await answer(cast, id, whole), await answer(cast, id, whole)];
  expect([first.status, second.status]).toEqual([200, 200]);
  expect(second.text).not.toBe(first.text);
  expect(cast.alice.statuses(id)).toEqual(["owner", "ready"]);
});

test("an invitation that is still under way does not take back an acceptance", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const { sharing } = await sharedAlbum(cast);
  const again = alice.owner.addContact({ name: "Bob", email: emailOf("bob") });
  await alice.owner.invite(sharing, [again]);
  await settled(cast);
  expect([alice.statuses(sharing), bob.statuses(sharing)]).toEqual([
    ["owner", "ready"],
    ["owner", "ready"],
  ]);
});

test("PR #1499: a double click sends one answer, and leaves one pair of credentials", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const { id } = await discovered(cast);
  const clicks = await Promise.allSettled([bob.owner.accept(id), bob.owner.accept(id)]);
  await settled(cast);
  expect(clicks.map((click) => click.status)).toEqual(["fulfilled", "rejected"]);
  await expect(bob.owner.accept(id)).rejects.toMatchObject({ status: 409 });
  expect([alice.clientCount(), bob.clientCount(), bob.documents("io.cozy.files").length]).toEqual([1, 1, 2]);
});

test("one link accepted at once by two people: one member, in one state", async () => {
  await using cast = await meet(stage);
  const { alice, bob, carol } = cast;
  const { sharing, link } = await shareAlbum(cast);
  await bob.owner.open(link);
  await cast.ask({
    method: "POST",
    url: link.split("?")[0] ?? "",
    type: form,
    body: String(
      new URLSearchParams({ state: new URL(link).searchParams.get("state") ?? "", url: carol.origin }),
    ),
  });
  await carol.owner.open(link);
  await Promise.all([bob.owner.accept(sharing), carol.owner.accept(sharing)]);
  await settled(cast);
  expect(alice.statuses(sharing)).toEqual(["owner", "ready"]);
  await alice.owner.revoke(sharing);
  expect([alice.statuses(sharing), alice.sharing(sharing)?.active]).toEqual([["owner", "revoked"], false]);
});

test("what is not of the shape of the reference is taken, and noted", async () => {
  await using cast = await meet(stage);
  const { id, state } = await discovered(cast);
  const odd = { client: { ...client, client_kind: "web" }, access_token: { ...accessToken, scope: "all" } };
  expect((await answer(cast, id, { public_name: "Bob", state, ...odd })).status).toBe(200);
  expect(cast.alice.refusals()).toEqual([
    "the client of the other side is not one of a sharing with this Cozy",
    "the token of the other side is not for this sharing",
  ]);
});

test("an answer that the sharer took and that was lost on the way back can be given again", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const { id } = await discovered(cast);
  alice.misbehave({ kind: "lost-answer" }, "answer", 1);
  await expect(bob.owner.accept(id)).rejects.toMatchObject({ status: 502 });
  expect([alice.statuses(id), bob.clientCount()]).toEqual([["owner", "ready"], 0]);
  await bob.owner.accept(id);
  await settled(cast);
  expect(bob.sharing(id)?.active).toBe(true);
  alice.owner.push(id, 1);
  await settled(cast);
  expect(bob.documents("io.cozy.files").map(({ fields }) => fields["name"])).toEqual([
    "Holiday",
    "beach.txt",
  ]);
});

test.each([
  ["nonsense", { kind: "nonsense" }],
  ["an error of the server", { kind: "status", status: 500, retryAfter: null }],
  ["half an answer", { kind: "cut", afterBytes: 40 }],
] as const)("the recipient keeps nothing where the sharer answers with %s", async (_, fault) => {
  await using cast = await meet(stage);
  const { id } = await discovered(cast);
  cast.alice.misbehave(fault, "answer", 1);
  await expect(cast.bob.owner.accept(id)).rejects.toMatchObject({ status: 502 });
  expect([cast.bob.sharing(id)?.active, cast.bob.clientCount()]).toEqual([false, 0]);
});

test("a sharer that takes too long counts as one that does not answer", async () => {
  await using cast = await meet(stage);
  const { id } = await discovered(cast);
  cast.bob.settings.patienceMs = 50;
  cast.alice.misbehave({ kind: "slow", ms: 60_000 }, "answer");
  await expect(cast.bob.owner.accept(id)).rejects.toThrow("no answer");
});

test("access tokens are refreshed with client and refresh token, which stay the same", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const { sharing, file } = await sharedAlbum(cast);
  bob.expireTokens();
  alice.owner.change("io.cozy.files", file, {}, "gravel");
  await settled(cast);
  expect(bob.documents("io.cozy.files")[1]?.content?.toString()).toBe("gravel");
  const { client: registered, access_token: given } = exchanged(credentialsOf(alice, sharing));
  const fields = {
    grant_type: "refresh_token",
    client_id: registered.client_id,
    client_secret: registered.client_secret,
    refresh_token: given.refresh_token,
  };
  const refresh = async (change: Record<string, string>) =>
    cast.ask({
      method: "POST",
      url: `${bob.origin}/auth/access_token`,
      type: form,
      body: String(new URLSearchParams({ ...fields, ...change })),
    });
  const { status, text } = await refresh({});
  expect([status, JSON.parse(text)]).toMatchObject([200, { scope: `io.cozy.sharings:ALL:${sharing}` }]);
  for (const change of [{ grant_type: "other" }, { client_secret: "wrong" }, { refresh_token: "wrong" }]) {
    const refused = await refresh(change);
    expect([refused.status, Object.keys(JSON.parse(refused.text))]).toEqual([400, ["error"]]);
  }
});
