import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Nextcloud, startNextcloud } from "../../world/nextcloud/nextcloud.ts";
import { startOpenCloud } from "../../world/opencloud/opencloud.ts";
import { startUsher } from "../usher.ts";
import { dora, type InviteWorld, type Notification, openInviteWorld } from "./world.ts";

let world: InviteWorld;

beforeAll(async () => {
  world = await openInviteWorld();
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const users = [{ uid: "ada", displayName: "Ada E.", mail: "ada@mail.example" }];
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
      expect(await world.follow(cloud.createInvite("ada")[form])).toMatchObject(added);
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
    expect(await world.follow(link)).toMatchObject(added);
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
    expect(await world.follow(given.invites[0]?.link ?? "")).toMatchObject(added);
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

describe("before the account says yes", () => {
  test("nobody is asked, however the invitation came", async () => {
    await using cloud = await startCloud(32);
    const { code, link, inviteString } = cloud.createInvite("ada");
    const first = await world.add(code);
    expect(first.state).toBe("held");
    // One invitation is one notification, in whichever form it is pasted.
    for (const pasted of [link, inviteString, ` ${code}\n`])
      expect((await world.add(pasted)).id).toBe(first.id);
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
