import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startNextcloud } from "../../world/nextcloud/nextcloud.ts";
import { startOpenCloud } from "../../world/opencloud/opencloud.ts";
import { startOcmStub } from "../../world/sloppy-peer/stub.ts";
import { dora, type InviteWorld, openInviteWorld } from "./world.ts";

let world: InviteWorld;

beforeAll(async () => {
  world = await openInviteWorld();
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

describe("servers of each family accept an invitation of an account", () => {
  test.each([
    ["link", "json"],
    ["code", "json"],
    ["inviteString", "json"],
    // An earlier state of the contacts app (reference/ocm.md 4.2, NCC).
    ["code", "form"],
  ] as const)("Nextcloud's contacts app, unsigned, by %s, posting as %s", async (form, inviteForm) => {
    const users = [{ uid: "ada", displayName: "Ada E.", mail: "ada@mail.example" }];
    const settings = { inviteForm };
    await using cloud = await world.stage.start(startNextcloud, "cloud.example", {
      generation: 34,
      users,
      settings,
    });
    const given = await world.invite();
    const outcome = await cloud.acceptInvite("ada", given[form]);
    expect(outcome.kind).toBe("accepted");
    expect(cloud.contacts()).toEqual([
      { of: "ada", address: `dora@${world.usher.host}`, email: dora.email, name: dora.name },
    ]);
    expect(await world.contactsAt(cloud.host)).toMatchObject([
      { user_id: "ada", name: "Ada E.", address: "ada@mail.example", came_by: "invite-sent" },
    ]);
    expect(cloud.refusals()).toEqual([]);
  });

  test.each(["opencloud", "ocis", "reva"] as const)("%s, unsigned", async (family) => {
    await using cloud = await world.stage.start(startOpenCloud, "cloud.example", { family });
    const { userId } = cloud.addUser({ login: "max", displayName: "Max M.", mail: "max@mail.example" });
    cloud.trust(world.usher.host);
    const { token } = await world.invite();
    expect(await cloud.acceptInvite("max", { token, providerDomain: world.usher.host })).toBe(200);
    expect(cloud.contacts()).toMatchObject([{ userId: "dora", provider: world.usher.host, name: "dora" }]);
    // Raw, as `shareWith` needs it: base64 or a bare id.
    expect(await world.contactsAt(cloud.host)).toMatchObject([{ user_id: userId, name: "Max M." }]);
    expect(cloud.refusals()).toEqual([]);
  });

  test("ocm-stub, at its old path", async () => {
    await using stub = await world.stage.start(startOcmStub, "cloud.example", {});
    const { code, id } = await world.invite();
    expect(await stub.forwardInvite(code)).toBe(200);
    expect(await world.stateOf(id)).toBe("accepted");
    expect(await world.contactsAt(stub.host)).toMatchObject([{ user_id: "alice" }]);
  });
});
