import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Answer } from "../../world/ocm/caller.ts";
import { type InviteWorld, openInviteWorld } from "./world.ts";

let world: InviteWorld;

beforeAll(async () => {
  world = await openInviteWorld();
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

interface Invite {
  readonly id: string;
  readonly sharing_id: string | null;
  readonly state: string;
  readonly link?: string;
  readonly code?: string;
  readonly invite_string?: string;
}

function invitesIn({ text }: Answer): readonly Invite[] {
  const invites: readonly Invite[] = JSON.parse(text);
  return invites;
}

function objectIn({ text }: Answer): unknown {
  return JSON.parse(text);
}

const path = "/sharings/invites";

describe("invitations by the API", () => {
  test("are mailed, listed and withdrawn, and tell their secrets to whoever asks while they are made", async () => {
    const to = ["carl@mail.example", "erna@mail.example"];
    const made = await world.usher.api("dora", "POST", path, { to, title: "Plans" });
    expect(made.status).toBe(201);
    const invites = invitesIn(made);
    expect(invites).toMatchObject(to.map((address) => ({ address, state: "open" })));
    expect(made.text).not.toMatch(/"(link|code|invite_string)"/);
    const [first] = invites;
    const shown = await world.usher.api("dora", "GET", `/sharings/${first?.sharing_id}`);
    expect(objectIn(shown)).toMatchObject({ title: "Plans", recipients: [{ state: "pending" }, {}] });
    const handed = await world.usher.api("dora", "POST", path, { reveal: true });
    const [given] = invitesIn(handed);
    const token = given?.code?.slice(0, given.code.lastIndexOf("@")) ?? "";
    expect(given?.code).toBe(`${token}@${world.usher.host}`);
    expect(Buffer.from(given?.invite_string ?? "", "base64").toString("utf8")).toBe(given?.code);
    expect(given?.link).toContain(token);
    const listed = await world.usher.api("dora", "GET", `${path}?limit=2`);
    expect(invitesIn(listed)).toHaveLength(2);
    expect(listed.headers.get("link")).toContain('rel="next"');
    expect(listed.text).not.toContain(token);
    const one = `${path}/${given?.id}`;
    expect(objectIn(await world.usher.api("dora", "DELETE", one))).toMatchObject({ state: "withdrawn" });
    expect((await world.usher.api("dora", "DELETE", one)).status).toBe(409);
    expect((await world.accept(world.acceptance(token))).status).toBe(400);
  });

  test("are nobody else's", async () => {
    const { id } = await world.invite();
    for (const method of ["GET", "DELETE"]) {
      expect((await world.usher.api("emil", method, `${path}/${id}`)).status).toBe(404);
    }
    expect(invitesIn(await world.usher.api("emil", "GET", path))).toEqual([]);
  });

  test("are refused as a whole where one address is none", async () => {
    const to = ["carl@mail.example", "nonsense"];
    const refused = await world.usher.api("dora", "POST", path, { to });
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining("body.to.1")]);
  });
});

describe("an invitation that a person brings", () => {
  const token = "0c9a2f0e-1111-4222-8333-444455556666";

  test.each([
    ["its code", `${token}@cloud.example`],
    ["its invite string", Buffer.from(`${token}@cloud.example`).toString("base64url")],
    ["its link", `https://mesh.example/accept?token=${token}&providerDomain=https://cloud.example`],
    ["a link without provider", `https://cloud.example/wayf?token=${token}`],
  ])("is held once, by %s", async (_, invite) => {
    const brought = await world.usher.api("dora", "POST", "/notifications", { invite });
    expect(brought.status).toBe(201);
    expect(objectIn(brought)).toMatchObject({
      state: "held",
      protocol: "ocm-invite",
      origin: "https://cloud.example",
    });
    expect(brought.text).not.toContain(token);
    const all = await world.usher.api("dora", "GET", "/notifications?state=held");
    expect(objectIn(all)).toHaveLength(1);
  });

  test("is refused where it is none, and where nobody says whose it is", async () => {
    const none = await world.usher.api("dora", "POST", "/notifications", { invite: "hello" });
    expect([none.status, none.text]).toEqual([400, expect.stringContaining("no-invite")]);
    const whose = await world.usher.api(null, "POST", "/notifications", { invite: `${token}@cloud.example` });
    expect([whose.status, whose.text]).toEqual([400, expect.stringContaining("name the account")]);
  });
});
