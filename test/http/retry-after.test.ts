import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { retryAfterMs } from "../../src/http/retry-after.ts";

const nowMs = Date.UTC(2026, 10, 21, 12, 0, 0);

describe("how long another server asks to be left alone", () => {
  test.each([
    ["120", 120_000],
    [" 120 ", 120_000],
    ["0", 1000],
    ["99999999999999999999", 86_400_000],
    ["Sat, 21 Nov 2026 12:00:30 GMT", 30_000],
    ["Saturday, 21-Nov-26 12:00:30 GMT", 30_000],
    ["Sat Nov 21 12:00:30 2026", 30_000],
    ["Sat, 21 Nov 2020 12:00:30 GMT", 1000],
    ["Sat, 21 Nov 2099 12:00:30 GMT", 86_400_000],
    ["-1", null],
    ["1.5", null],
    ["soon", null],
    ["Sat, never", null],
    ["", null],
  ])("%s", (value, expected) => {
    expect(retryAfterMs({ "retry-after": [value] }, nowMs)).toBe(expected);
  });

  test("is unknown where it does not say", () => {
    expect(retryAfterMs({}, nowMs)).toBeNull();
    expect(retryAfterMs({ "retry-after": [] }, nowMs)).toBeNull();
  });

  test("is within its bounds for anything that a server may say", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.integer().map(String),
          fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
        ),
        (value) => {
          const waitMs = retryAfterMs({ "retry-after": [value] }, nowMs) ?? 1000;
          expect(waitMs).toBeGreaterThanOrEqual(1000);
          expect(waitMs).toBeLessThanOrEqual(86_400_000);
        },
      ),
    );
  });
});
