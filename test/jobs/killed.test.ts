import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { sql } from "kysely";
import { expect, test, vi } from "vitest";
import { retryRules } from "../../src/jobs/retry-rules.ts";
import { createSqlQueue } from "../../src/jobs/sql-queue.ts";
import { openStore } from "../../src/store/store.ts";
import { type Child, startChild } from "../world/killed-process/child.ts";
import { temporaryDirectory } from "../store/temporary.ts";

const script = "work-until-killed-main.ts";
const { tries } = retryRules["read-message"];

interface Place {
  readonly file: string;
  readonly effects: string;
}

async function places(directory: string): Promise<Place> {
  const place = { file: join(directory, "usher.sqlite"), effects: join(directory, "effects") };
  await writeFile(place.effects, "");
  return place;
}

/** Effects as they were really done: subject and attempt. */
async function effectsOf({ effects }: Place): Promise<readonly (readonly [string, number])[]> {
  const lines = (await readFile(effects, "utf8")).split("\n").filter((line) => line !== "");
  return lines.map((line) => [line.split(" ")[0] ?? "", Number(line.split(" ")[1])] as const);
}

async function recorded({ file }: Place): Promise<readonly string[]> {
  await using store = await openStore(file);
  const rows = await store.db.selectFrom("record").select("notification_id").execute();
  return rows.map((row) => row.notification_id ?? "");
}

async function untilIdle({ file }: Place, child: Child): Promise<void> {
  await using store = await openStore(file);
  const queue = createSqlQueue({ store, owner: "cli:1" });
  await vi.waitFor(async () => expect(await queue.counts()).toMatchObject({ ready: 0, leased: 0 }), {
    timeout: 60_000,
    interval: 50,
  });
  child.tell("stop");
  expect((await child.rest()).code).toBe(0);
  const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(store.db);
  expect(rows).toEqual([{ integrity_check: "ok" }]);
}

test("twenty kills at random lose no job that was planned, and repeat none more often than it was tried", async () => {
  await using directory = await temporaryDirectory();
  const place = await places(directory.path);
  const planned: string[] = [];
  for (let round = 0; round < 20; round += 1) {
    await using child = startChild(script, place.file, place.effects, String(round));
    expect(await child.line()).toBe("ready");
    const lines = 6 + Math.floor(Math.random() * 15);
    for (let line = 0; line < lines; line += 1) planned.push(await child.line());
    await wait(Math.random() * 10);
    await child.kill("SIGKILL");
    planned.push(...(await child.rest()).lines);
  }
  await using last = startChild(script, place.file, place.effects);
  expect(await last.line()).toBe("ready");
  await untilIdle(place, last);

  expect(planned.length).toBeGreaterThan(100);
  const done = await recorded(place);
  expect(new Set(done).size).toBe(done.length);
  const doneOnce = new Set(done);
  expect(planned.filter((subject) => !doneOnce.has(subject))).toEqual([]);
  const attempts = new Map<string, number[]>();
  for (const [subject, attempt] of await effectsOf(place)) {
    attempts.set(subject, [...(attempts.get(subject) ?? []), attempt]);
  }
  // An attempt is counted before its effect, so the n-th effect is never called less than the n-th attempt.
  for (const [subject, numbers] of attempts) {
    for (const [before, number] of numbers.entries()) expect(number, subject).toBeGreaterThan(before);
    expect(new Set(numbers).size, subject).toBe(numbers.length);
  }
});

test("a job that kills the process is parked after its tries, and takes no other job with it", async () => {
  await using directory = await temporaryDirectory();
  const place = await places(directory.path);
  const subjects = Array.from({ length: 20 }, (_, index) => `m${index}`);
  {
    await using store = await openStore(place.file);
    const queue = createSqlQueue({ store, owner: "cli:1" });
    for (const subject of subjects)
      await queue.enqueue(store.db, { kind: "read-message", subject, lane: "mailbox/m" });
  }
  for (let death = 0; death < tries; death += 1) {
    await using child = startChild(script, place.file, place.effects, "", "m1");
    expect(await child.line()).toBe("ready");
    expect((await child.rest()).code).toBeNull();
  }
  await using last = startChild(script, place.file, place.effects, "", "m1");
  expect(await last.line()).toBe("ready");
  await untilIdle(place, last);

  expect((await recorded(place)).toSorted()).toEqual(
    subjects.filter((subject) => subject !== "m1").toSorted(),
  );
  await using store = await openStore(place.file);
  const parked = await createSqlQueue({ store, owner: "cli:1" }).parked();
  expect(parked).toMatchObject([{ subject: "m1", attempts: tries }]);
});
