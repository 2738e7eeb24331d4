import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Nextcloud, startNextcloud } from "../../world/nextcloud/nextcloud.ts";
import { startOpenCloud } from "../../world/opencloud/opencloud.ts";
import { startOwncloud } from "../../world/owncloud/owncloud.ts";
import { startUsher } from "../usher.ts";
import { dora, type InviteWorld, openInviteWorld } from "./world.ts";

let world: InviteWorld;

beforeAll(async () => {
  world = await openInviteWorld();
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

interface Notification {
  readonly id: string;
  readonly state: string;
  readonly reason: string | null;
  readonly detail: string | null;
}

/** Dora pastes an invitation. */
async function add(pasted: string): Promise<Notification> {
  return world.usher.json("notification", "add", "dora", pasted);
}

/** Dora accepts it, and her Usher asks once. */
async function follow(pasted: string): Promise<Notification> {
  const { id } = await add(pasted);
  await world.usher.usher("notification", "accept", id);
  await world.usher.work("follow");
  return show(id);
}

async function show(id: string): Promise<Notification> {
  return world.usher.json("notification", "show", id);
}

const users = [
  { uid: "ada", displayName: "Ada E.", mail: "ada@mail.example" },
  { uid: "nomail", displayName: "No Mail" },
];
const added = { state: "followed", reason: "contact-added" };

async function startCloud(generation: 32 | 34): Promise<Nextcloud> {
  return world.stage.start(startNextcloud, "cloud.example", { generation, users });
}

describe("accepting an invitation of", () => {
  test.each([
    [32, "link"],
    [32, "code"],
    [32, "inviteString"],
    [34, "link"],
    [34, "code"],
    [34, "inviteString"],
  ] as const)(
    "Nextcloud %i by %s, whose core wants userId and its contacts app userID",
    async (generation, form) => {
      await using cloud = await startCloud(generation);
      expect(await follow(cloud.createInvite("ada")[form])).toMatchObject(added);
      expect(cloud.invites()).toMatchObject([
        { accepted: { provider: world.usher.host, userId: "dora", email: dora.email, name: dora.name } },
      ]);
      expect(await world.contactsAt(cloud.host)).toMatchObject([
        { user_id: "ada", name: "Ada E.", address: "ada@mail.example", came_by: "invite-accepted" },
      ]);
      expect(cloud.refusals()).toEqual([]);
    },
  );

  test.each(["opencloud", "ocis", "reva"] as const)("%s, whose provider has a scheme", async (family) => {
    await using cloud = await world.stage.start(startOpenCloud, "cloud.example", { family });
    const { userId } = cloud.addUser({ login: "max", displayName: "Max M.", mail: "max@mail.example" });
    cloud.trust(world.usher.host);
    const { token, providerDomain } = await cloud.createInvite("max");
    const link = `https://mesh.example/wayf?${String(new URLSearchParams({ token, providerDomain }))}`;
    expect(await follow(link)).toMatchObject(added);
    expect(cloud.contacts()).toMatchObject([{ userId: "dora", provider: world.usher.host }]);
    expect(await world.contactsAt(cloud.host)).toMatchObject([{ user_id: userId, name: "Max M." }]);
    expect(cloud.refusals()).toEqual([]);
  });

  test("another Usher, and the other way round", async () => {
    await using second = await startUsher(world.stage, { hostname: "second.example", accounts: ["bea"] });
    const given = await second.json<{ invites: readonly { link: string }[] }>(
      "sharing",
      "invite",
      "bea",
      "--print",
    );
    expect(await follow(given.invites[0]?.link ?? "")).toMatchObject(added);
    expect(await world.contactsAt(second.host)).toMatchObject([
      { user_id: "bea", came_by: "invite-accepted" },
    ]);
    expect(await second.usher("contact", "list", "bea")).toContain(`dora@${world.usher.host}`);
    const back = await world.invite();
    const { id } = await second.json<Notification>("notification", "add", "bea", back.inviteString);
    await second.usher("notification", "accept", id);
    await second.work("follow");
    expect(await world.stateOf(back.id)).toBe("accepted");
    // One person, however often he is met.
    expect(await world.contactsAt(second.host)).toHaveLength(1);
  });
});

describe("what a provider answers", () => {
  test.each([
    ["Nextcloud 32 knows no such token", 32, "0c9a2f0e-1111-4222-8333-444455556666", "invitation-over"],
    [
      "Nextcloud's contacts app knows none (404)",
      34,
      "0c9a2f0e-1111-4222-8333-444455556666",
      "invitation-over",
    ],
  ] as const)("%s", async (_, generation, token, reason) => {
    await using cloud = await startCloud(generation);
    expect(await follow(`${token}@${cloud.host}`)).toMatchObject({ state: "failed", reason });
    expect(await world.contactsAt(cloud.host)).toEqual([]);
  });

  test.each([32, 34] as const)("Nextcloud %i has it as expired", async (generation) => {
    await using cloud = await startCloud(generation);
    const { token, code } = cloud.createInvite("ada");
    cloud.expireInvite(token);
    expect(await follow(code)).toMatchObject({ state: "failed", reason: "invitation-over" });
  });

  test("Nextcloud 32 does not take the token of an inviter without a mail address", async () => {
    await using cloud = await startCloud(32);
    const outcome = await follow(cloud.createInvite("nomail").code);
    expect(outcome).toMatchObject({ state: "failed", reason: "invitation-over" });
    expect(outcome.detail).toContain("Ask the sender for another");
  });

  test("Nextcloud of the master line without the contacts app has no such route", async () => {
    const settings = { contactsApp: false };
    const options = { generation: 34, users, settings } as const;
    await using cloud = await world.stage.start(startNextcloud, "cloud.example", options);
    expect(await follow(cloud.createInvite("ada").code)).toMatchObject({ state: "failed" });
  });

  test("ownCloud 10 takes no invitations", async () => {
    await using cloud = await world.stage.start(startOwncloud, "cloud.example", { users: [] });
    const code = `0c9a2f0e-1111-4222-8333-444455556666@${cloud.host}`;
    expect(await follow(code)).toMatchObject({ state: "failed" });
  });

  test("OpenCloud does not know this server (403)", async () => {
    await using cloud = await world.stage.start(startOpenCloud, "cloud.example", {});
    cloud.addUser({ login: "max", displayName: "Max M.", mail: "max@mail.example" });
    const { token } = await cloud.createInvite("max");
    const outcome = await follow(`${token}@${cloud.host}`);
    expect(outcome).toMatchObject({ state: "failed", reason: "not-trusted-there" });
    expect(outcome.detail).toContain("its administrator can allow it");
  });

  test("it is busy, and asked again later", async () => {
    await using cloud = await startCloud(32);
    const { code } = cloud.createInvite("ada");
    cloud.misbehave({ kind: "status", status: 503, retryAfter: "120" }, "invite", 1);
    const waiting = await follow(code);
    expect(waiting).toMatchObject({ state: "accepted", reason: "peer-not-ready" });
    await world.usher.workAgain("follow");
    expect(await show(waiting.id)).toMatchObject(added);
  });

  test("the answer is lost: OpenCloud says it once more, Nextcloud that it is done (409)", async () => {
    await using cloud = await world.stage.start(startOpenCloud, "cloud.example", {});
    cloud.addUser({ login: "max", displayName: "Max M.", mail: "max@mail.example" });
    cloud.trust(world.usher.host);
    const { token } = await cloud.createInvite("max");
    cloud.misbehave({ kind: "lost-answer" }, "invite", 1);
    const waiting = await follow(`${token}@${cloud.host}`);
    expect(waiting.state).toBe("accepted");
    await world.usher.workAgain("follow");
    expect(await show(waiting.id)).toMatchObject(added);
    expect(await world.contactsAt(cloud.host)).toHaveLength(1);
  });

  test("the answer is lost, and Nextcloud says afterwards that it is done (409)", async () => {
    await using cloud = await startCloud(32);
    const { code } = cloud.createInvite("ada");
    cloud.misbehave({ kind: "lost-answer" }, "invite", 1);
    const waiting = await follow(code);
    await world.usher.workAgain("follow");
    expect(await show(waiting.id)).toMatchObject({ state: "followed", reason: "accepted-before" });
  });
});

describe("before the account says yes", () => {
  test("nobody is asked, however the invitation came", async () => {
    await using cloud = await startCloud(32);
    const { code, link, inviteString } = cloud.createInvite("ada");
    const first = await add(code);
    expect(first.state).toBe("held");
    // One invitation is one notification, in whichever form it is pasted.
    for (const pasted of [link, inviteString, ` ${code}\n`]) expect((await add(pasted)).id).toBe(first.id);
    await world.usher.usher("notification", "ignore", first.id);
    await world.usher.work("follow");
    expect(cloud.received()).toEqual([]);
  });

  test("what is no invitation is refused", async () => {
    for (const pasted of ["hello", "https://cloud.example/s/abc", "http://cloud.example/?token=0c9a2f0e"]) {
      const { code, err } = await world.usher.tryUsher("notification", "add", "dora", pasted);
      expect([code, err]).toEqual([2, expect.stringContaining("this is no invitation")]);
    }
  });
});
