import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Nextcloud, startNextcloud } from "../../world/nextcloud/nextcloud.ts";
import { startOpenCloud } from "../../world/opencloud/opencloud.ts";
import { startOwncloud } from "../../world/owncloud/owncloud.ts";
import { type InviteWorld, openInviteWorld } from "./world.ts";

let world: InviteWorld;

beforeAll(async () => {
  world = await openInviteWorld();
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const users = [
  { uid: "ada", displayName: "Ada E.", mail: "ada@mail.example" },
  { uid: "nomail", displayName: "No Mail" },
];
const added = { state: "followed", reason: "contact-added" };

async function startCloud(generation: 32 | 34): Promise<Nextcloud> {
  return world.stage.start(startNextcloud, "cloud.example", { generation, users });
}

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
    expect(await world.follow(`${token}@${cloud.host}`)).toMatchObject({ state: "failed", reason });
    expect(await world.contactsAt(cloud.host)).toEqual([]);
  });

  test.each([32, 34] as const)("Nextcloud %i has it as expired", async (generation) => {
    await using cloud = await startCloud(generation);
    const { token, code } = cloud.createInvite("ada");
    cloud.expireInvite(token);
    expect(await world.follow(code)).toMatchObject({ state: "failed", reason: "invitation-over" });
  });

  test("Nextcloud 32 does not take the token of an inviter without a mail address", async () => {
    await using cloud = await startCloud(32);
    const outcome = await world.follow(cloud.createInvite("nomail").code);
    expect(outcome).toMatchObject({ state: "failed", reason: "invitation-over" });
    expect(outcome.detail).toContain("Ask the sender for another");
  });

  test("Nextcloud of the master line without the contacts app has no such route", async () => {
    const settings = { contactsApp: false };
    const options = { generation: 34, users, settings } as const;
    await using cloud = await world.stage.start(startNextcloud, "cloud.example", options);
    expect(await world.follow(cloud.createInvite("ada").code)).toMatchObject({ state: "failed" });
  });

  test("ownCloud 10 takes no invitations", async () => {
    await using cloud = await world.stage.start(startOwncloud, "cloud.example", { users: [] });
    const code = `0c9a2f0e-1111-4222-8333-444455556666@${cloud.host}`;
    expect(await world.follow(code)).toMatchObject({ state: "failed" });
  });

  test.each(["opencloud", "ocis"] as const)("%s knows no such token (404)", async (family) => {
    await using cloud = await world.stage.start(startOpenCloud, "cloud.example", { family });
    cloud.trust(world.usher.host);
    const code = `0c9a2f0e-1111-4222-8333-444455556666@${cloud.host}`;
    expect(await world.follow(code)).toMatchObject({ state: "failed", reason: "invitation-over" });
    expect(await world.contactsAt(cloud.host)).toEqual([]);
  });

  test("OpenCloud does not know this server (403)", async () => {
    await using cloud = await world.stage.start(startOpenCloud, "cloud.example", {});
    cloud.addUser({ login: "max", displayName: "Max M.", mail: "max@mail.example" });
    const { token } = await cloud.createInvite("max");
    const outcome = await world.follow(`${token}@${cloud.host}`);
    expect(outcome).toMatchObject({ state: "failed", reason: "not-trusted-there" });
    expect(outcome.detail).toContain("its administrator can allow it");
  });

  test("it is busy, and asked again later", async () => {
    await using cloud = await startCloud(32);
    const { code } = cloud.createInvite("ada");
    cloud.misbehave({ kind: "status", status: 503, retryAfter: "120" }, "invite", 1);
    const waiting = await world.follow(code);
    expect(waiting).toMatchObject({ state: "accepted", reason: "peer-not-ready" });
    await world.usher.workAgain("follow");
    expect(await world.show(waiting.id)).toMatchObject(added);
  });

  test.each([
    ["does not answer", { kind: "hang-up" }, "accepted"],
    ["answers with a page", { kind: "nonsense" }, "accepted"],
    ["answers without end", { kind: "huge", bytes: 4_000_000 }, "accepted"],
    ["refuses everything", { kind: "status", status: 403, retryAfter: null }, "failed"],
  ] as const)("it %s, and nobody becomes a contact", async (_, fault, state) => {
    await using cloud = await startCloud(32);
    const { code } = cloud.createInvite("ada");
    cloud.misbehave(fault, "invite");
    const outcome = await world.follow(code);
    expect(outcome).toMatchObject({ state, reason: expect.any(String), detail: expect.any(String) });
    expect(await world.contactsAt(cloud.host)).toEqual([]);
  });

  test("the answer is lost: OpenCloud says it once more, Nextcloud that it is done (409)", async () => {
    await using cloud = await world.stage.start(startOpenCloud, "cloud.example", {});
    cloud.addUser({ login: "max", displayName: "Max M.", mail: "max@mail.example" });
    cloud.trust(world.usher.host);
    const { token } = await cloud.createInvite("max");
    cloud.misbehave({ kind: "lost-answer" }, "invite", 1);
    const waiting = await world.follow(`${token}@${cloud.host}`);
    expect(waiting.state).toBe("accepted");
    await world.usher.workAgain("follow");
    expect(await world.show(waiting.id)).toMatchObject(added);
    expect(await world.contactsAt(cloud.host)).toHaveLength(1);
  });

  test("the answer is lost, and Nextcloud says afterwards that it is done (409)", async () => {
    await using cloud = await startCloud(32);
    const { code } = cloud.createInvite("ada");
    cloud.misbehave({ kind: "lost-answer" }, "invite", 1);
    const waiting = await world.follow(code);
    await world.usher.workAgain("follow");
    expect(await world.show(waiting.id)).toMatchObject({ state: "followed", reason: "accepted-before" });
  });
});
