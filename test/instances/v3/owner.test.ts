import { beforeEach, describe, expect, test } from "vitest";
import {
  accept,
  bobsMail,
  filesType,
  membersOf,
  openOwnerWorld,
  type OwnerWorld,
  share,
  statuses,
} from "./owner-world.ts";

let world: OwnerWorld;

beforeEach(async () => {
  world = await openOwnerWorld();
});

async function refusals() {
  return [...world.bob.refusals(), ...world.carol.refusals()];
}

describe("an account shares with Cozys of today", () => {
  test("web/sharings create: 201 with members, no credentials, and a mail whose link has a state", async () => {
    await using _ = world;
    const shared = await share(world, [{ email: bobsMail }]);
    expect(await membersOf(world, shared)).toMatchObject([
      { status: "owner", public_name: "alice" },
      { status: "pending", email: bobsMail },
    ]);
    const { text } = await world.app("GET", `/sharings/${shared.id}`);
    expect(text).not.toMatch(/credentials|state|xor_key|access_token/);
    const link = await world.alice.linkOf(bobsMail);
    expect(link).toMatch(
      new RegExp(`^${world.alice.origin}/sharings/${shared.id}/discovery\\?state=[\\w-]{22}$`),
    );
  });

  test("accepting exchanges credentials, and the folder arrives with its file", async () => {
    await using _ = world;
    const shared = await share(world, [{ email: bobsMail }]);
    await accept(world, world.bob, await world.alice.linkOf(bobsMail));
    expect(await statuses(world, shared)).toEqual(["owner", "ready"]);
    expect(await membersOf(world, shared)).toMatchObject([
      {},
      { public_name: "Bob", instance: world.bob.origin },
    ]);
    expect(world.bob.statuses(shared.id)).toEqual(["owner", "ready"]);
    expect(world.bob.documents(filesType).map(({ fields }) => fields["name"])).toEqual(
      expect.arrayContaining(["Holiday", "beach.txt"]),
    );
    expect(await refusals()).toEqual([]);
    expect(world.bob.failures()).toEqual([]);
  });
});
