import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStage, type Stage } from "../ocm/stage.ts";
import { startNextcloud } from "./nextcloud.ts";
import type { Generation, NextcloudSettings } from "./state.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage(["uni-a.example", "uni-b.example"]);
});
afterAll(async () => stage[Symbol.asyncDispose]());

async function meet(generation: Generation, settings: Partial<NextcloudSettings> = {}) {
  const start = async (hostname: string, uid: string, displayName: string) =>
    stage.start(startNextcloud, hostname, {
      generation,
      settings,
      users: [{ uid, displayName, mail: `${uid}@mail.example` }],
    });
  const [a, b] = [
    await start("uni-a.example", "ada", "Ada E."),
    await start("uni-b.example", "bob", "Bob B."),
  ];
  return { a, b, unnoted: () => [...a.refusals(), ...b.refusals()] };
}

/** A share that stands at Ada's, and as it arrived at Bob's. */
async function shared({ a, b }: Awaited<ReturnType<typeof meet>>) {
  const files = { "one.txt": "1", "deep/two words.txt": "22" };
  const made = await a.createShare(b.address("bob"), {
    name: "Reports",
    files,
    permissions: ["read", "share"],
  });
  if (made.kind === "failed") throw new Error("The share failed.");
  const taken = b.taken().at(-1);
  if (taken === undefined) throw new Error("Nothing arrived.");
  return { sent: made.share, taken };
}

describe.each([
  ["32", 32, {}],
  ["the master line", 34, {}],
  ["the master line with tokens", 34, { tokens: "must-exchange" }],
] as const)("two Nextclouds, %s", (_, generation, settings) => {
  test("share, accept, look, read, and unshare", async () => {
    const both = await meet(generation, settings);
    const { a, b } = both;
    const { sent, taken } = await shared(both);
    expect(taken).toMatchObject({ name: "Reports", owner: a.address("ada"), user: "bob", state: "pending" });
    await b.accept(taken);
    expect(sent.state).toBe("accepted");
    expect(a.notified()).toMatchObject([{ type: "SHARE_ACCEPTED", providerId: sent.id, host: b.host }]);
    expect(await b.list(taken)).toMatchObject([
      { path: "", isFolder: true, permissions: '["read","share"]' },
      { path: "one.txt", isFolder: false, sizeBytes: 1 },
      { path: "deep", isFolder: true },
    ]);
    expect((await b.read(taken, "deep/two words.txt")).text).toBe("22");
    await a.unshare(sent);
    expect(taken.state).toBe("unshared");
    expect((await b.read(taken, "one.txt").catch(() => ({ status: 0 }))).status).not.toBe(200);
    expect(both.unnoted()).toEqual([]);
  });

  test("decline, and leave after accepting", async () => {
    const both = await meet(generation, settings);
    const first = await shared(both);
    await both.b.decline(first.taken);
    expect([first.sent.state, first.taken.state]).toEqual(["declined", "declined"]);
    const second = await shared(both);
    await both.b.accept(second.taken);
    await both.b.decline(second.taken);
    expect([second.sent.state, second.taken.state]).toEqual(["left", "left"]);
    expect(both.unnoted()).toEqual([]);
  });
});
