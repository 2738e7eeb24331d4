import { afterAll, beforeAll, expect, test } from "vitest";
import { emailOf, form, meet, openStage, problemIn, shareAlbum, sharedAlbum, type Stage } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

const json = { accept: "application/json" };

function post(link: string, fields: Record<string, string>) {
  const url = link.split("?")[0] ?? "";
  return { method: "POST", url, type: form, body: String(new URLSearchParams(fields)) };
}

function stateIn(link: string): string {
  return new URL(link).searchParams.get("state") ?? "";
}

test("S3 sharings_test: the form of GET discovery holds the state, and shows the address of the member", async () => {
  await using cast = await meet(stage);
  const { link } = await shareAlbum(cast);
  const { status, text } = await cast.ask({ method: "GET", url: link });
  expect(status).toBe(200);
  expect(text).toContain(`name="state" value="${stateIn(link)}"`);
  expect(text).toContain(emailOf("bob"));
});

test("S3 sharings_test: POST discovery with slug and domain leads to the consent page of that Cozy", async () => {
  await using cast = await meet(stage);
  const { sharing, link } = await shareAlbum(cast);
  const state = stateIn(link);
  const domain = new URL(cast.bob.origin).host.replace("bob.", "");
  const { status, location } = await cast.ask(post(link, { state, slug: "bob", domain }));
  expect(status).toBe(302);
  expect(location).toBe(`${cast.bob.origin}/auth/authorize/sharing?sharing_id=${sharing}&state=${state}`);
  expect(cast.bob.sharing(sharing)?.members[1]?.instance).toBe(cast.bob.origin);
});

test("S3 sharings_test: a JSON discovery with the code of a preview gives the state away in its redirect", async () => {
  await using cast = await meet(stage);
  const { sharing, link } = await shareAlbum(cast, { previewPath: "/preview" });
  const sharecode = new URL(link).searchParams.get("sharecode") ?? "";
  const at = `${cast.alice.origin}/sharings/${sharing}/discovery`;
  const fields = { sharecode: `${sharecode}.`, url: cast.bob.origin, shortcut: "true" };
  const answer = await cast.ask({ ...post(at, fields), ...json });
  expect(answer.status).toBe(200);
  const state = cast.alice.sharing(sharing)?.credentials[0]?.state ?? "";
  expect(JSON.parse(answer.text)).toEqual({
    redirect: `${cast.bob.origin}/auth/authorize/sharing?sharing_id=${sharing}&state=${state}&shortcut=true`,
    email: emailOf("bob"),
  });
});

test("GET discovery sends the request by itself where the member's Cozy is known", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const { sharing, link } = await shareAlbum(cast);
  await cast.ask(post(link, { state: stateIn(link), url: bob.origin }));
  const puts = () => alice.called().filter(({ method }) => method === "PUT").length;
  expect(puts()).toBe(1);
  const { status, location } = await cast.ask({ method: "GET", url: `${link}&shortcut=true` });
  expect([status, puts()]).toEqual([302, 2]);
  expect(new URL(location).searchParams.get("shortcut")).toBe("true");
  expect(alice.statuses(sharing)).toEqual(["owner", "pending"]);
});

test("the domain of an organization's addresses leads to its own login page", async () => {
  const organizations = new Map([["mail.example", "https://login.example/oidc"]]);
  await using cast = await meet(stage, { alice: { settings: { organizations } } });
  const { link } = await shareAlbum(cast);
  const { status, location } = await cast.ask({ method: "GET", url: link });
  expect([status, location]).toEqual([302, "https://login.example/oidc"]);
});

test("who accepted, who was revoked and who never was invited get pages with 400", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const { sharing, link } = await sharedAlbum(cast);
  const accepted = await cast.ask({ method: "GET", url: link });
  expect([accepted.status, accepted.text.includes(bob.origin)]).toEqual([400, true]);
  await alice.owner.revokeMember(sharing, 1);
  const revoked = await cast.ask({ method: "GET", url: link });
  const unknown = await cast.ask({ method: "GET", url: link.replace(/state=.*/, "state=unknown") });
  const nowhere = await cast.ask({ method: "GET", url: link.replace(sharing, "0".repeat(32)) });
  for (const { status, text } of [revoked, unknown, nowhere]) {
    expect([status, text.includes("no longer available")]).toEqual([400, true]);
  }
});

test.each([
  ["an e-mail address", "bob@mail.example", 412],
  ["no address at all", "http://", 400],
  ["a Cozy that does not answer", "https://nobody.cozy.example", 400],
])("POST discovery with %s shows the form again, and says why in JSON", async (_, url, status) => {
  await using cast = await meet(stage);
  const { link, sharing } = await shareAlbum(cast);
  const state = stateIn(link);
  const shown = await cast.ask(post(link, { state, url }));
  expect([shown.status, shown.text.includes('name="state"')]).toEqual([status, true]);
  const told = await cast.ask({ ...post(link, { state, url }), ...json });
  expect([told.status, Object.keys(JSON.parse(told.text))]).toEqual([400, ["error"]]);
  expect(cast.alice.sharing(sharing)?.members[1]?.instance).toBe("");
});

test("POST discovery: 404 for an unknown state, and the same for a sharing that is not there", async () => {
  await using cast = await meet(stage);
  const { sharing, link } = await shareAlbum(cast);
  const unknown = await cast.ask(post(link, { state: "unknown", url: cast.bob.origin }));
  const nowhere = await cast.ask(post(link.replace(sharing, "0".repeat(32)), { state: stateIn(link) }));
  expect([problemIn(unknown).status, problemIn(nowhere).status]).toEqual(["404", "404"]);
});

test("POST discovery after the acceptance: a page for people, an error for programs", async () => {
  await using cast = await meet(stage);
  const { link } = await sharedAlbum(cast);
  const fields = { state: stateIn(link), url: cast.bob.origin };
  const shown = await cast.ask(post(link, fields));
  expect([shown.status, shown.text.includes("already accepted")]).toEqual([400, true]);
  const told = await cast.ask({ ...post(link, fields), ...json });
  expect([told.status, JSON.parse(told.text)]).toEqual([
    400,
    { error: "Sharing already accepted by this recipient" },
  ]);
});

test("only Accept: application/json alone asks for JSON", async () => {
  await using cast = await meet(stage);
  const { link } = await shareAlbum(cast);
  const accept = "application/json, text/html";
  const answer = await cast.ask({ ...post(link, { state: stateIn(link), url: cast.bob.origin }), accept });
  expect(answer.status).toBe(302);
});

test("preview-url: the preview of a state, 409 once it was accepted, 400 at who is not the owner", async () => {
  await using cast = await meet(stage);
  const { alice, bob } = cast;
  const { sharing, link } = await shareAlbum(cast, { previewPath: "/preview" });
  const state = alice.sharing(sharing)?.credentials[0]?.state ?? "";
  const ask = async (origin: string) =>
    cast.ask({
      method: "POST",
      url: `${origin}/sharings/${sharing}/preview-url`,
      type: "application/json",
      body: JSON.stringify({ state }),
    });
  expect(JSON.parse((await ask(alice.origin)).text)).toEqual({ url: link });
  await bob.owner.accept(await bob.owner.open(link));
  expect([(await ask(alice.origin)).status, (await ask(bob.origin)).status]).toEqual([409, 400]);
});

test("permissions/self names the sharing of a code; the first use marks the member as seen", async () => {
  await using cast = await meet(stage);
  const { alice } = cast;
  const { sharing, link } = await shareAlbum(cast, { previewPath: "/preview" });
  const self = async (bearer?: string) =>
    cast.ask({
      method: "GET",
      url: `${alice.origin}/permissions/self`,
      ...(bearer === undefined ? {} : { bearer }),
    });
  const code = new URL(link).searchParams.get("sharecode") ?? "";
  expect(code).toMatch(/^[A-Za-z0-9]{12}$/);
  expect(alice.statuses(sharing)).toEqual(["owner", "pending"]);
  const { status, text } = await self(`${code}.`);
  expect(status).toBe(200);
  expect(JSON.parse(text)).toMatchObject({
    data: { attributes: { source_id: `io.cozy.sharings/${sharing}` } },
  });
  expect(alice.statuses(sharing)).toEqual(["owner", "seen"]);
  const plain = await self(new URL(alice.owner.shareByLink()).searchParams.get("sharecode") ?? "");
  expect(plain.text).not.toContain("io.cozy.sharings");
  expect([(await self()).status, (await self("unknown")).status]).toEqual([401, 400]);
  await alice.owner.revokeMember(sharing, 1);
  expect(problemIn(await self(code))).toMatchObject({ status: "400", detail: "Invalid JWT" });
});

test("a plain sharing by link has no sharing between Cozys behind it", async () => {
  await using cast = await meet(stage);
  await expect(cast.bob.owner.open(cast.alice.owner.shareByLink())).rejects.toMatchObject({ status: 404 });
  expect(cast.bob.sharings()).toEqual([]);
});

test("the code of a preview opens its own sharing at the API, and no other", async () => {
  await using cast = await meet(stage);
  const { alice } = cast;
  const mine = await shareAlbum(cast, { previewPath: "/preview" });
  const other = await shareAlbum(cast);
  const bearer = new URL(mine.link).searchParams.get("sharecode") ?? "";
  const see = async (id: string) =>
    cast.ask({ method: "GET", url: `${alice.origin}/sharings/${id}`, bearer });
  const { status, text } = await see(mine.sharing);
  expect([status, text.includes("Holiday"), text.includes("credentials")]).toEqual([200, true, false]);
  expect((await see(other.sharing)).status).toBe(403);
});
