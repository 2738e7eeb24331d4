import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endOfQuiet, type QuietHours } from "../../src/domain/quiet-hours.ts";

const minuteMs = 60_000;
const night = { from: 22 * 60, to: 7 * 60, timeZone: "Europe/Berlin" };

function at(time: string): number {
  return Date.parse(time);
}

/** Minute by minute. */
function slowly(atMs: number, { from, to, timeZone }: QuietHours): number {
  const format = new Intl.DateTimeFormat("en", { timeZone, hourCycle: "h23", timeStyle: "short" });
  for (let ms = atMs; ; ms = (Math.floor(ms / minuteMs) + 1) * minuteMs) {
    const [hours, minutes] = format.format(ms).split(":").map(Number);
    const minute = (hours ?? 0) * 60 + (minutes ?? 0);
    const hasBegun = minute >= from;
    const hasEnded = minute >= to;
    if (from <= to ? !hasBegun || hasEnded : !hasBegun && hasEnded) return ms;
  }
}

describe("quiet hours", () => {
  test("end in the morning, before and after midnight, in the time zone that is named", () => {
    expect(endOfQuiet(at("2026-06-10T21:00:00Z"), night)).toBe(at("2026-06-11T05:00:00Z"));
    expect(endOfQuiet(at("2026-06-11T02:30:17.500Z"), night)).toBe(at("2026-06-11T05:00:00Z"));
    expect(endOfQuiet(at("2026-06-11T02:30:17.500Z"), { ...night, timeZone: "America/New_York" })).toBe(
      at("2026-06-11T11:00:00Z"),
    );
    const noon = { from: 12 * 60, to: 13 * 60 + 30, timeZone: "UTC" };
    expect(endOfQuiet(at("2026-06-11T12:00:00Z"), noon)).toBe(at("2026-06-11T13:30:00Z"));
  });

  test("leave every other moment as it is", () => {
    for (const time of ["2026-06-11T05:00:00Z", "2026-06-11T12:34:56.789Z", "2026-06-11T19:59:59.999Z"]) {
      expect(endOfQuiet(at(time), night)).toBe(at(time));
    }
    expect(endOfQuiet(at("2026-06-11T02:00:00Z"), { from: 60, to: 60, timeZone: "UTC" })).toBe(
      at("2026-06-11T02:00:00Z"),
    );
  });

  test("end by the clock on the wall in the nights in which it is changed", () => {
    // 29 March 2026, 02:00 becomes 03:00; 25 October, 03:00 becomes 02:00.
    expect(endOfQuiet(at("2026-03-28T22:00:00Z"), night)).toBe(at("2026-03-29T05:00:00Z"));
    expect(endOfQuiet(at("2026-10-24T21:00:00Z"), night)).toBe(at("2026-10-25T06:00:00Z"));
    const untilHalfPastTwo = { ...night, to: 2 * 60 + 30 };
    // There is no half past two: the first moment after it is three.
    expect(endOfQuiet(at("2026-03-28T22:00:00Z"), untilHalfPastTwo)).toBe(at("2026-03-29T01:00:00Z"));
    // There are two; the hours end with the first, and come back when two is struck again.
    expect(endOfQuiet(at("2026-10-24T21:00:00Z"), untilHalfPastTwo)).toBe(at("2026-10-25T00:30:00Z"));
    expect(endOfQuiet(at("2026-10-25T01:10:00Z"), untilHalfPastTwo)).toBe(at("2026-10-25T01:30:00Z"));
  });

  test("are what somebody finds who looks at the clock every minute, around every change of it", () => {
    const changes = [
      { timeZone: "Europe/Berlin", at: at("2026-03-29T01:00:00Z") },
      { timeZone: "Europe/Berlin", at: at("2026-10-25T01:00:00Z") },
      { timeZone: "America/St_Johns", at: at("2026-03-08T05:30:00Z") },
      { timeZone: "America/St_Johns", at: at("2026-11-01T04:30:00Z") },
      // Half an hour only.
      { timeZone: "Australia/Lord_Howe", at: at("2026-04-04T15:00:00Z") },
      { timeZone: "Australia/Lord_Howe", at: at("2026-10-03T15:30:00Z") },
      { timeZone: "Asia/Kathmandu", at: at("2026-05-05T00:00:00Z") },
      // A whole day was left out.
      { timeZone: "Pacific/Apia", at: at("2011-12-30T10:00:00Z") },
    ];
    const minute = fc.integer({ min: 0, max: 24 * 60 - 1 });
    const nearMs = fc.integer({ min: -30 * 3600_000, max: 3 * 3600_000 });
    fc.assert(
      fc.property(fc.constantFrom(...changes), nearMs, minute, minute, (change, beforeMs, from, to) => {
        const quiet = { from, to, timeZone: change.timeZone };
        const atMs = change.at + beforeMs;
        expect(endOfQuiet(atMs, quiet)).toBe(slowly(atMs, quiet));
      }),
      { numRuns: 400 },
    );
  });
});
