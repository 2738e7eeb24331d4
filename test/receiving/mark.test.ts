import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { accept } from "../../src/receiving/answer.ts";
import { answering } from "../../src/answering.ts";
import { planMark } from "../../src/receiving/plan-mailbox.ts";
import { until } from "../mailbox/store-world.ts";
import { type MailWorld, startMailWorld } from "../mailbox/world.ts";
import { type AnswerWorld, openAnswerWorld, share } from "./answer-world.ts";

let world: MailWorld;
let directory: string;

beforeAll(async () => {
  world = await startMailWorld();
});
afterAll(async () => world[Symbol.asyncDispose]());
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "usher-marks-"));
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

async function flagsAre(user: string, keyword: string): Promise<void> {
  const flags = async (): Promise<string> => (await world.dovecot.flags(user, "INBOX")).join();
  await until(
    async () => (await flags()).includes(keyword),
    () => keyword,
  );
}

async function acceptByCommand({ site }: AnswerWorld, id: string): Promise<void> {
  const parts = answering(site, () => site.config);
  await accept(
    { ...parts, onStateChanged: async (db, change) => planMark(db, change.notificationId, site.queue) },
    id,
    {
      by: "command line",
      password: null,
    },
  );
}

describe("the keyword of a share mail", () => {
  test("follows the state of its notification, one at a time, and never marks it as read", async () => {
    await using answers = await openAnswerWorld(world, { user: "marks", directory, answerFolder: null });
    answers.outcome = null;
    await world.dovecot.deliver("marks", share("marks", 1));
    await flagsAre("marks", "$UsherHeld");
    const [row] = await answers.notifications();
    await acceptByCommand(answers, row?.id ?? "");
    await flagsAre("marks", "$UsherAccepted");
    await answers.settle("failed");
    await flagsAre("marks", "$UsherFailed");
    const flags = (await world.dovecot.flags("marks", "INBOX")).join();
    expect(flags.match(/\$Usher\w+/g)).toEqual(["$UsherFailed"]);
    expect(flags).not.toContain("Seen");
  });

  test("is left out where keywords are off", async () => {
    await using off = await openAnswerWorld(world, {
      user: "off",
      directory,
      answerFolder: null,
      keywords: false,
    });
    await world.dovecot.deliver("off", share("off", 1));
    await until(async () => (await off.notifications()).length === 1);
    await until(async () => (await off.jobs()).length === 0);
    expect((await world.dovecot.flags("off", "INBOX")).join()).not.toContain("Usher");
  });

  test("costs nothing where the mailbox may not be changed", async () => {
    await using readOnly = await startMailWorld({ acl: ["INBOX owner lr"] });
    await using answers = await openAnswerWorld(readOnly, {
      user: "readonly",
      directory,
      answerFolder: null,
    });
    await readOnly.dovecot.deliver("readonly", share("readonly", 1));
    await until(async () => (await answers.notifications()).length === 1);
    await until(
      async () => (await answers.jobs()).length === 0,
      () => answers.changes,
    );
    expect(await answers.notifications()).toMatchObject([{ state: "held" }]);
  });
});
