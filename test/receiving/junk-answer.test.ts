import { afterEach, beforeEach, expect, test } from "vitest";
import type { Rule } from "../../src/domain/policy.ts";
import type { Protocol } from "../../src/protocols/protocol.ts";
import { accept, refuse } from "../../src/receiving/answer.ts";
import { createExpire } from "../../src/receiving/expire.ts";
import { type JudgeWorld, openJudgeWorld } from "./judge-world.ts";
import { acceptAll } from "./rules.ts";

let world: JudgeWorld;
beforeEach(async () => {
  world = await openJudgeWorld([able]);
});
afterEach(async () => world[Symbol.asyncDispose]());

const yes = { by: "api: script", password: null };
const inJunk = { folder: "Junk", evidence: { isJunk: true } };

// oxlint-disable-next-line unicorn/no-thenable -- a rule's own word
const ignoreAll: Rule = { ...acceptAll, then: "ignore" };

/** A mail in Junk that was held until its time was over. */
async function expired(): Promise<string> {
  const { notificationId: id } = await world.mail(inJunk);
  await world.store.db.updateTable("notification").set({ expires_at: 1 }).execute();
  const job = {
    id: 1,
    kind: "expire-notifications",
    subject: "site",
    payload: {},
    attempt: 1,
    fence: 1,
  } as const;
  const { commit } = await createExpire(world.parts)(job, new AbortController().signal);
  await world.store.transaction(async (db) => commit?.(db));
  expect(world.changes.at(-1)).toMatchObject({ to: "ignored", reason: "expired" });
  return id;
}

async function ignored(): Promise<string> {
  world.settings.policy = [ignoreAll];
  const { notificationId: id, after } = await world.mail(inJunk);
  expect(after).toMatchObject({ state: "ignored", reason: "policy" });
  return id;
}

test.each([
  ["held too long", expired],
  ["ignored by a rule", ignored],
])("a mail in Junk that was %s leads to no request, whatever is answered", async (_, judged) => {
  const id = await judged();
  expect(await accept(world.parts, id, yes)).toMatchObject({
    kind: "unchanged",
    why: expect.stringContaining("lies in Junk"),
  });
  expect(await refuse(world.parts, id, yes)).toMatchObject({
    kind: "planned",
    state: "ignored",
    note: expect.stringContaining("its origin is not asked"),
  });
  expect(await world.jobs()).toEqual([]);
});

test("a mail that was taken out of Junk after its time can be accepted", async () => {
  const id = await expired();
  await world.mail();
  expect(await accept(world.parts, id, yes)).toMatchObject({ kind: "planned" });
});

const able: Protocol = {
  name: "ox",
  capabilities: { canRefuse: true, canFollow: true, canFollowAtHome: false, canBrowse: false },
  ignoredVariants: [],
  restriction: () => null,
  way: () => {
    throw new Error("nobody is asked here");
  },
};
