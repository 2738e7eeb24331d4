import { expect, test } from "vitest";
import {
  conditionConnected,
  conditionFailed,
  patience,
  reconnectWaitMs,
} from "../../src/mailbox/condition.ts";

const middle = (): number => 0.5;
const hourMs = 3600_000;

test("a wrong password is tried about twenty times in about three days, and never often", () => {
  const refused = { reason: "authentication-failed", message: "Refused." } as const;
  let condition = conditionConnected(0);
  let now = 0;
  let tries = 0;
  const waits: number[] = [];
  while (condition.state !== "disabled") {
    tries += 1;
    condition = conditionFailed(condition, refused, now, patience);
    const waitMs = reconnectWaitMs(condition, tries, patience, middle);
    waits.push(waitMs);
    now += waitMs;
  }
  expect(tries).toBeLessThanOrEqual(20);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(60_000);
  expect(now).toBeGreaterThan(2.5 * 24 * hourMs);
  expect(now).toBeLessThan(4 * 24 * hourMs);
  expect(condition.reason).toContain("usher mailbox enable");
});

test("trouble of any other kind never disables a mailbox, and keeps what was counted", () => {
  const counted = { ...conditionConnected(0), authFailures: 5, firstAuthFailureAt: 1 };
  for (const reason of ["throttled", "unreachable", "timeout", "tls", "protocol", "refused"] as const) {
    const failed = conditionFailed(counted, { reason, message: "Trouble." }, 10 * 24 * hourMs, patience);
    expect(failed).toMatchObject({ state: "backoff", authFailures: 5, reason: "Trouble." });
  }
  expect(conditionConnected(7)).toMatchObject({ authFailures: 0, firstAuthFailureAt: null, progressAt: 7 });
});

test("waits grow from a second to ten minutes, and a connection that lived long is renewed at once", () => {
  const active = conditionConnected(0);
  const waits = [1, 2, 3, 11, 100].map((failures) => reconnectWaitMs(active, failures, patience, middle));
  expect(waits).toEqual([1000, 2000, 4000, 600_000, 600_000]);
  expect(reconnectWaitMs(active, 0, patience, middle)).toBe(0);
});
