import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { JobKind, JobOutcome, LeasedJob, Worker } from "../../src/jobs/queue.ts";
import type { Followed, LeaveReply, Protocol } from "../../src/protocols/protocol.ts";
import { accept, ignore, leave, refuse } from "../../src/receiving/answer.ts";
import { createFollow } from "../../src/receiving/follow.ts";
import { createLeave } from "../../src/receiving/leave.ts";
import { readNotification } from "../../src/store/notifications.ts";
import { type JudgeWorld, openJudgeWorld } from "./judge-world.ts";

let world: JudgeWorld;
let answers: LeaveReply[];
beforeEach(async () => {
  answers = [];
  world = await openJudgeWorld([following(() => answers.shift() ?? { kind: "left" })]);
});
afterEach(async () => world[Symbol.asyncDispose]());

const yes = { by: "page", password: null };
const noAnswer: LeaveReply = {
  kind: "try-later",
  because: "timeout",
  detail: "No answer.",
  retryAfterMs: null,
};

/** One open job of this kind, taken as the queue would. */
async function take(kind: JobKind): Promise<LeasedJob> {
  const { db } = world.store;
  const row = await db.selectFrom("job").selectAll().where("kind", "=", kind).executeTakeFirstOrThrow();
  const payload: unknown = JSON.parse(row.payload_json);
  const cause = typeof payload === "object" && payload !== null && "cause" in payload ? payload.cause : null;
  await db.deleteFrom("job").where("id", "=", row.id).execute();
  return {
    id: row.id,
    kind,
    subject: row.subject,
    payload: typeof cause === "string" ? { cause } : {},
    attempt: 1,
    fence: 1,
  };
}

async function ask(worker: Worker, job: LeasedJob): Promise<JobOutcome> {
  return worker(job, new AbortController().signal);
}

async function keep({ commit }: JobOutcome): Promise<void> {
  await world.store.transaction(async (db) => commit?.(db));
}

async function run(kind: "follow" | "leave"): Promise<void> {
  const worker = kind === "follow" ? createFollow(world.parts) : createLeave(world.parts);
  await keep(await ask(worker, await take(kind)));
}

async function subscriptions(): Promise<readonly string[]> {
  const rows = await world.store.db
    .selectFrom("subscription")
    .select("state")
    .orderBy("created_at")
    .execute();
  return rows.map(({ state }) => state);
}

async function stateOf(id: string): Promise<string | undefined> {
  return (await readNotification(world.store.db, id))?.state;
}

/** The account said yes, and no while the origin was asked: what now stands is to be left. */
async function withdrawn(): Promise<string> {
  const { notificationId: id } = await world.mail();
  await accept(world.parts, id, yes);
  const visit = await ask(createFollow(world.parts), await take("follow"));
  await ignore(world.parts, id, { by: "page" });
  await keep(visit);
  return id;
}

describe("a yes that was taken back while the origin was asked", () => {
  test("leaves what stands", async () => {
    const id = await withdrawn();
    await run("leave");
    expect([await stateOf(id), await subscriptions()]).toEqual(["ignored", ["UNSUBSCRIBED"]]);
  });

  test("stands when it is given again before the share was left", async () => {
    const id = await withdrawn();
    answers = [noAnswer];
    expect((await ask(createLeave(world.parts), await take("leave"))).kind).toBe("retry");
    await accept(world.parts, id, yes);
    await run("follow");
    const late: LeasedJob = {
      id: 9,
      kind: "leave",
      subject: await subscriptionId(),
      payload: { cause: "taken-back" },
      attempt: 2,
      fence: 2,
    };
    await keep(await ask(createLeave(world.parts), late));
    expect([await stateOf(id), await subscriptions()]).toEqual(["followed", ["SUBSCRIBED"]]);
  });

  test("is followed anew when it is given again while the share is being left", async () => {
    const id = await withdrawn();
    const leaving = await ask(createLeave(world.parts), await take("leave"));
    await accept(world.parts, id, yes);
    await keep(leaving);
    expect(await stateOf(id)).toBe("accepted");
    await run("follow");
    expect([await stateOf(id), await subscriptions()]).toEqual(["followed", ["UNSUBSCRIBED", "SUBSCRIBED"]]);
  });
});

describe("leaving", () => {
  test("ends a share that is followed", async () => {
    const { notificationId: id } = await world.mail();
    await accept(world.parts, id, yes);
    await run("follow");
    await leave(world.parts, await subscriptionId(), "page");
    await run("leave");
    expect([await stateOf(id), await subscriptions()]).toEqual(["ignored", ["UNSUBSCRIBED"]]);
  });

  test("undoes no end that came meanwhile, and no share that was accepted since", async () => {
    const { notificationId: id } = await world.mail();
    await accept(world.parts, id, yes);
    await run("follow");
    const first = await subscriptionId();
    await leave(world.parts, first, "page");
    const leaving = await ask(createLeave(world.parts), await take("leave"));
    const ended = { state: "REMOVED", ended_at: 1 } as const;
    await world.store.db.updateTable("subscription").set(ended).where("id", "=", first).execute();
    await world.store.db.updateTable("notification").set({ state: "failed" }).execute();
    await accept(world.parts, id, yes);
    await run("follow");
    await keep(leaving);
    expect([await stateOf(id), await subscriptions()]).toEqual(["followed", ["REMOVED", "SUBSCRIBED"]]);
  });

  test("leaves a refusal to be told to the origin", async () => {
    const { notificationId: id } = await world.mail();
    await accept(world.parts, id, yes);
    const visit = await ask(createFollow(world.parts), await take("follow"));
    await refuse(world.parts, id, { by: "page" });
    await keep(visit);
    await run("leave");
    expect([await stateOf(id), await subscriptions()]).toEqual(["refused", ["UNSUBSCRIBED"]]);
  });
});

async function subscriptionId(): Promise<string> {
  const open = world.store.db.selectFrom("subscription").select("id").where("ended_at", "is", null);
  return (await open.executeTakeFirstOrThrow()).id;
}

const followed: Followed = {
  kind: "followed",
  state: "SUBSCRIBED",
  guest: "bob@example.org",
  folders: [{ module: "files", folder: "39", title: "Plans", entries: [] }],
  homeAccount: null,
  homeFolder: null,
};

/** A protocol whose origin lets everybody in, and answers a leave as told. */
function following(left: () => LeaveReply): Protocol {
  return {
    name: "ox",
    capabilities: { canRefuse: true, canFollow: true, canFollowAtHome: false, canBrowse: false },
    ignoredVariants: [],
    restriction: () => null,
    way: () => ({
      via: "usher",
      way: {
        follow: async () => Promise.resolve(followed),
        check: async () => Promise.resolve(followed),
        leave: async () => Promise.resolve(left()),
        refuse: async () => Promise.resolve({ kind: "left" }),
      },
    }),
  };
}
