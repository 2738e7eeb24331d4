import { expect, test } from "vitest";
import { MailboxError, type MailboxReason } from "../../src/mailbox/session.ts";
import { createReadMessage } from "../../src/receiving/read-message.ts";
import { readMessage } from "../../src/store/messages.ts";
import { openJudgeWorld } from "./judge-world.ts";

async function neverAsked(): Promise<never> {
  throw new Error("A mail that was not fetched must not be looked at.");
}

/** What becomes of reading one mail when its mailbox fails for this reason. */
async function afterFailure(
  reason: MailboxReason,
): Promise<{ readonly outcome: object; readonly state: string }> {
  await using world = await openJudgeWorld();
  const id = (await world.finding()).mail.id ?? "";
  const read = createReadMessage({
    ...world.parts,
    withSession: async () => {
      throw new MailboxError(reason, "The server says no.");
    },
    isJunkFolder: neverAsked,
    parse: neverAsked,
    takeReport: neverAsked,
    inspect: () => {
      throw new Error("A mail that was not fetched must not be looked at.");
    },
    weigh: neverAsked,
  });
  const job = { id: 1, kind: "read-message", subject: id, payload: {}, attempt: 1, fence: 1 } as const;
  const outcome = await read(job, new AbortController().signal);
  return { outcome, state: (await readMessage(world.store.db, id))?.state ?? "none" };
}

test("a mail that its server refuses to show is tried a few times and then parked, not asked for for ever", async () => {
  const { outcome, state } = await afterFailure("refused");
  expect(outcome).toMatchObject({ kind: "retry", because: "mailbox: refused" });
  expect(outcome).not.toHaveProperty("isUncounted");
  expect(state).toBe("found");
});

test.each<MailboxReason>(["connection-lost", "throttled", "authentication-failed"])(
  "a mailbox that is %s says nothing about its mails: they wait",
  async (reason) => {
    const { outcome, state } = await afterFailure(reason);
    expect(outcome).toMatchObject({ kind: "retry", isUncounted: true });
    expect(state).toBe("found");
  },
);
