import { expect, test, vi } from "vitest";
import { startSchedule } from "../../src/jobs/schedule.ts";
import { diary, drain, job, temporaryQueue } from "./outcomes.ts";

const everySecond = "* * * * * *";

test("the schedule plans work and does none; ticks that find their job waiting add none", async () => {
  await using world = await temporaryQueue();
  const { queue, store } = world;
  const planned: unknown[] = [];
  const counting = {
    ...queue,
    enqueue: async (...asked: Parameters<typeof queue.enqueue>) => {
      planned.push(asked[1]);
      await queue.enqueue(...asked);
    },
  };
  const sweep = job("site", { kind: "sweep-subscriptions" });
  {
    const parts = {
      queue: counting,
      store,
      onProblem: (error: unknown) => expect.unreachable(String(error)),
    };
    await using schedule = startSchedule([{ cron: everySecond, job: sweep }], parts);
    expect(schedule).toBeDefined();
    await vi.waitFor(() => expect(planned.length).toBeGreaterThanOrEqual(2), { timeout: 60_000 });
  }
  expect(await queue.counts()).toEqual({ ready: 1, leased: 0, parked: 0 });
  const { seen, worker } = diary();
  await drain(queue, worker, "sweep-subscriptions");
  expect(seen).toEqual(["site"]);
});

test("a tick that cannot be planned is reported and the next one follows", async () => {
  await using world = await temporaryQueue();
  const problems: unknown[] = [];
  const parts = {
    queue: world.queue,
    store: { ...world.store, db: world.store.db.withSchema("nowhere") },
    onProblem: (error: unknown) => void problems.push(error),
  };
  await using schedule = startSchedule([{ cron: everySecond, job: job("site") }], parts);
  expect(schedule).toBeDefined();
  await vi.waitFor(() => expect(problems.length).toBeGreaterThanOrEqual(2), { timeout: 60_000 });
  expect(problems[0]).toMatchObject({ name: "StoreError" });
});

test("a line that is not cron is refused by name", async () => {
  await using world = await temporaryQueue();
  const start = (): unknown =>
    startSchedule([{ cron: "every day", job: job("site") }], { ...world, onProblem: () => {} });
  expect(start).toThrow("The schedule of follow is not a line of cron: every day.");
});
