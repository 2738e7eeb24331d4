import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createKeyedWaitingLine, createWaitingLine } from "../../src/http/waiting-line.ts";

const never = new AbortController().signal;

describe("a waiting line", () => {
  test("gives places in the order of asking", async () => {
    const line = createWaitingLine(1);
    const entered: number[] = [];
    const leave = await line.enter(never);
    const others = [1, 2, 3].map(async (number) => {
      const leaveLater = await line.enter(never);
      entered.push(number);
      leaveLater();
    });
    expect(entered).toEqual([]);
    leave();
    await Promise.all(others);
    expect(entered).toEqual([1, 2, 3]);
    expect(line.isEmpty).toBe(true);
  });

  test("forgets who gives up waiting", async () => {
    const line = createWaitingLine(1);
    const leave = await line.enter(never);
    const stop = new AbortController();
    const waiting = line.enter(stop.signal);
    stop.abort(new Error("no more"));
    await expect(waiting).rejects.toThrow("no more");
    await expect(line.enter(stop.signal)).rejects.toThrow("no more");
    leave();
    expect(line.isEmpty).toBe(true);
    (await line.enter(never))();
  });

  test("is never over its bounds, and ends empty, whoever comes, waits and goes", async () => {
    const visit = fc.record({ key: fc.constantFrom("a", "b", "c"), givesUp: fc.boolean() });
    const property = fc.asyncProperty(
      fc.array(visit, { maxLength: 30 }),
      fc.scheduler(),
      async (visits, turns) => {
        const line = createKeyedWaitingLine(2, 3);
        const inside: string[] = [];
        const ends = visits.map(async ({ key, givesUp }) => {
          const stop = new AbortController();
          if (givesUp) void turns.schedule(Promise.resolve()).then(() => stop.abort(new Error("gave up")));
          const leave = await line.enter(key, stop.signal);
          inside.push(key);
          expect(inside.length).toBeLessThanOrEqual(3);
          expect(inside.filter((each) => each === key).length).toBeLessThanOrEqual(2);
          await turns.schedule(Promise.resolve());
          inside.splice(inside.indexOf(key), 1);
          leave();
        });
        const settled = Promise.allSettled(ends);
        await turns.waitFor(settled);
        const failed = (await settled).filter((each) => each.status === "rejected");
        expect(failed.map(({ reason }) => String(reason))).toEqual(failed.map(() => "Error: gave up"));
        const again = await Promise.all(["a", "a", "b"].map(async (key) => line.enter(key, never)));
        expect(again).toHaveLength(3);
      },
    );
    await fc.assert(property, { numRuns: 200 });
  });
});
