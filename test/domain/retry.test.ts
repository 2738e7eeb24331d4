import * as fc from "fast-check";
import { expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import { backoffMs, schedules, triesWithin } from "../../src/domain/retry.ts";

const middle = (): number => 0.5;

test("mail is tried again after 2, 5, 10, 15, 30, 60 and 120 minutes, then every two hours", () => {
  const minutes = Array.from(
    { length: 9 },
    (_, index) => backoffMs(index + 1, schedules.mail, middle) / 60_000,
  );
  expect(minutes).toEqual([2, 5, 10, 15, 30, 60, 120, 120, 120]);
});

test("an origin is asked again after 30 s, twice as long each time, up to six hours", () => {
  const seconds = Array.from(
    { length: 13 },
    (_, index) => backoffMs(index + 1, schedules.http, middle) / 1000,
  );
  expect(seconds).toEqual([30, 60, 120, 240, 480, 960, 1920, 3840, 7680, 15_360, 21_600, 21_600, 21_600]);
});

test("a mailbox is connected again after a second, twice as long each time, up to ten minutes", () => {
  const seconds = Array.from(
    { length: 11 },
    (_, index) => backoffMs(index + 1, schedules.imap, middle) / 1000,
  );
  expect(seconds).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600]);
});

test("waits stay within a quarter of their length, also the longest ones and for any attempt", () => {
  const schedule = fc.constantFrom(...Object.values(schedules));
  fc.assert(
    fc.property(
      fc.integer(),
      schedule,
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      (n, of, r) => {
        const plain = backoffMs(n, of, middle);
        const spread = backoffMs(n, of, () => r);
        expect(spread).toBeGreaterThanOrEqual(Math.floor(plain * 0.75));
        expect(spread).toBeLessThanOrEqual(Math.ceil(plain * 1.25));
        expect(plain).toBeLessThanOrEqual(of.capMs);
      },
    ),
  );
  expect(backoffMs(50, schedules.http, () => 0)).not.toBe(backoffMs(50, schedules.http, () => 0.9));
});

test("an invitation is tried for five days", () => {
  const tries = triesWithin(limits.sendForMs, schedules.mail);
  let waitedMs = 0;
  for (let attempt = 1; attempt < tries; attempt += 1) waitedMs += backoffMs(attempt, schedules.mail, middle);
  expect(waitedMs).toBeLessThanOrEqual(limits.sendForMs);
  expect(waitedMs + backoffMs(tries, schedules.mail, middle)).toBeGreaterThan(limits.sendForMs);
});
