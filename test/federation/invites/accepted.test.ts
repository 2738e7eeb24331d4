import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startStranger } from "./stranger.ts";
import { dora, type InviteWorld, openInviteWorld } from "./world.ts";

let world: InviteWorld;

beforeAll(async () => {
  world = await openInviteWorld();
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

describe("POST /ocm/invite-accepted", () => {
  test.each([
    ["userID alone", { userID: "u1" }],
    ["userId alone, as Nextcloud 32 calls it", { userID: undefined, userId: "u2" }],
    ["both", { userID: "u3", userId: "u3" }],
    ["an empty userID beside userId", { userID: "", userId: "u4" }],
    ["a provider with its scheme", { userID: "u5", recipientProvider: "https" }],
    ["neither mail address nor name", { userID: "u6", email: undefined, name: undefined }],
    ["a base64 id of another server", { userID: "YmY5Y2MxQGh0dHBzOi8vY2xvdWQuZXhhbXBsZQ==" }],
  ])("takes %s", async (_, more) => {
    const { token, id } = await world.invite();
    const provider = "recipientProvider" in more ? { recipientProvider: world.stranger.origin } : {};
    const reply = await world.accept(world.acceptance(token, { ...more, ...provider }));
    expect([reply.status, JSON.parse(reply.text)]).toEqual([200, dora]);
    const userId = more.userID === undefined || more.userID === "" ? "u" : more.userID;
    const contacts = await world.contactsAt(world.stranger.host);
    expect(contacts.some((contact) => contact.user_id.startsWith(userId))).toBe(true);
    expect(await world.stateOf(id)).toBe("accepted");
  });

  test("takes a form, and JSON that is not called so", async () => {
    const form = new URLSearchParams(asTexts(world.acceptance((await world.invite()).token))).toString();
    const asForm = { "content-type": "application/x-www-form-urlencoded; charset=UTF-8" };
    expect(
      (await world.usher.ask("POST", "/ocm/invite-accepted", { body: form, headers: asForm })).status,
    ).toBe(200);
    const text = JSON.stringify(world.acceptance((await world.invite()).token));
    const asText = { "content-type": "text/plain" };
    expect(
      (await world.usher.ask("POST", "/ocm/invite-accepted", { body: text, headers: asText })).status,
    ).toBe(200);
  });

  test("names the field that is missing or wrong, and asks nobody", async () => {
    const { token } = await world.invite();
    const before = world.stranger.received().length;
    for (const [field, value, why] of [
      ["recipientProvider", undefined, "REQUIRED"],
      ["recipientProvider", "not a host", "INVALID"],
      ["recipientProvider", "http://other.example", "INVALID"],
      ["recipientProvider", "user@other.example", "INVALID"],
      ["token", undefined, "REQUIRED"],
      ["userID", undefined, "REQUIRED"],
      ["userID", 7, "INVALID"],
    ] as const) {
      const reply = await world.accept(world.acceptance(token, { [field]: value }));
      expect(reply.status).toBe(400);
      expect(JSON.parse(reply.text)).toMatchObject({ validationErrors: [{ name: field, message: why }] });
    }
    const noObject = await world.usher.ask("POST", "/ocm/invite-accepted", { body: "[1" });
    expect(noObject.status).toBe(400);
    expect(world.stranger.received()).toHaveLength(before);
  });

  test("is single use: by somebody else 409, by the same person again 200 as OpenCloud", async () => {
    const { token, id } = await world.invite();
    expect((await world.accept(world.acceptance(token, { userID: "first" }))).status).toBe(200);
    const other = await world.accept(world.acceptance(token, { userID: "second" }));
    expect([other.status, JSON.parse(other.text)]).toEqual([409, { message: "Invite already accepted" }]);
    const again = await world.accept(world.acceptance(token, { userID: "first" }));
    expect([again.status, JSON.parse(again.text)]).toEqual([200, dora]);
    const contacts = await world.contactsAt(world.stranger.host);
    expect(contacts.filter(({ user_id }) => user_id === "first")).toHaveLength(1);
    expect(contacts.some(({ user_id }) => user_id === "second")).toBe(false);
    const listed = await world.usher.json<readonly { id: string }[]>("sharing", "invites", "dora");
    expect(listed.find((each) => each.id === id)).toMatchObject({
      accepted_by: { host: world.stranger.host, user_id: "first" },
    });
  });

  test("of ten at once lets one in", async () => {
    const { token } = await world.invite();
    const people = Array.from({ length: 10 }, (_, index) => `racer${index}`);
    const replies = await Promise.all(
      people.map(async (userID) => world.accept(world.acceptance(token, { userID }))),
    );
    const statuses = replies.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([200, ...Array.from({ length: 9 }, () => 409)]);
    const contacts = await world.contactsAt(world.stranger.host);
    expect(contacts.filter(({ user_id }) => user_id.startsWith("racer"))).toHaveLength(1);
  });

  test("knows nothing of invitations that are withdrawn, expired, or of nobody, and asks nobody about them", async () => {
    const withdrawn = await world.invite();
    await world.usher.usher("sharing", "uninvite", withdrawn.id);
    const expired = await world.invite();
    await world.expire(expired.id);
    const before = world.stranger.received().length;
    const texts = new Set<string>();
    for (const token of [withdrawn.token, expired.token, "5f0f8a2e-7f0e-4b51-9d6c-0c1b2a3d4e5f"]) {
      const reply = await world.accept(world.acceptance(token));
      expect(reply.status).toBe(400);
      texts.add(reply.text);
    }
    expect([...texts]).toEqual([
      JSON.stringify({
        message: "Invalid or non existing token",
        validationErrors: [{ name: "token", message: "NOT_FOUND" }],
      }),
    ]);
    expect(world.stranger.received()).toHaveLength(before);
    expect([await world.stateOf(withdrawn.id), await world.stateOf(expired.id)]).toEqual([
      "withdrawn",
      "expired",
    ]);
  });

  test("does not trust a provider that is shut out, is none, or cannot be found", async () => {
    const { token, id } = await world.invite();
    for (const recipientProvider of ["shut.example", world.usher.host.replace("usher", "nowhere")]) {
      const reply = await world.accept(world.acceptance(token, { recipientProvider }));
      expect([403, 503]).toContain(reply.status);
      if (recipientProvider === "shut.example") expect(reply.status).toBe(403);
    }
    expect(await world.stateOf(id)).toBe("open");
  });

  test("asks a provider that is down to come again, and keeps the invitation", async () => {
    await using cloud = await world.stage.start(startStranger, "cloud.example", {});
    await cloud.goDown();
    const { token, id } = await world.invite();
    const reply = await world.accept(world.acceptance(token, { recipientProvider: cloud.host }));
    expect([reply.status, reply.headers.get("retry-after")]).toEqual([503, "60"]);
    expect(await world.stateOf(id)).toBe("open");
  });

  test("demands a signature of a provider that announces them", async () => {
    await using cloud = await world.stage.start(startStranger, "cloud.example", {});
    cloud.says({ capabilities: ["http-sig", "invites"], jwksUri: cloud.jwksUri });
    const { token, id } = await world.invite();
    const fields = world.acceptance(token, { recipientProvider: cloud.host });
    const body = JSON.stringify(fields);
    const url = `${world.usher.origin}/ocm/invite-accepted`;
    expect((await world.accept(fields)).status).toBe(403);
    const forged = world.stranger.signed(url, body);
    expect((await world.usher.ask("POST", "/ocm/invite-accepted", { body, headers: forged })).status).toBe(
      403,
    );
    expect(await world.stateOf(id)).toBe("open");
    const signed = cloud.signed(url, body);
    expect((await world.usher.ask("POST", "/ocm/invite-accepted", { body, headers: signed })).status).toBe(
      200,
    );
  });

  test("refuses a signature that is wrong also where none is needed", async () => {
    await using cloud = await world.stage.start(startStranger, "cloud.example", {});
    cloud.says({ capabilities: ["invites"], jwksUri: cloud.jwksUri });
    const { token, id } = await world.invite();
    const fields = world.acceptance(token, { recipientProvider: cloud.host });
    const url = `${world.usher.origin}/ocm/invite-accepted`;
    const signed = cloud.signed(url, JSON.stringify({ ...fields, name: "Eve" }));
    expect((await world.accept(fields, signed)).status).toBe(403);
    expect(await world.stateOf(id)).toBe("open");
  });
});

test("whoever has one invitation cannot let Usher look at one server after the other", async () => {
  const { token, id } = await world.invite();
  const named = async (at: number) => {
    const recipientProvider = `host${at}.nowhere.example`;
    return (await world.accept(world.acceptance(token, { recipientProvider }))).status;
  };
  const statuses: number[] = [];
  while (statuses.length < 40 && statuses.at(-1) !== 429) statuses.push(await named(statuses.length));
  expect(statuses.at(-1)).toBe(429);
  expect(await world.stateOf(id)).toBe("open");
  // A server that was heard of before is looked at all the same.
  expect((await world.accept(world.acceptance(token, { userID: "known" }))).status).toBe(200);
});

describe("wrong tokens", () => {
  test("are counted: who guesses is sent away, and who has a right one is not", async () => {
    const { token } = await world.invite();
    const guess = async () =>
      (await world.accept(world.acceptance("00000000-0000-4000-8000-000000000000"))).status;
    const statuses: number[] = [];
    while (statuses.length < 40 && statuses.at(-1) !== 429) statuses.push(await guess());
    expect(statuses.at(-1)).toBe(429);
    expect((await world.accept(world.acceptance(token, { userID: "right" }))).status).toBe(200);
  });

  test("stand in no log", () => {
    const logged = world.usher.logged.join("\n");
    expect(logged).toContain("invite-accepted");
    expect(logged).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-/);
  });
});

function asTexts(fields: object): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
}
