import { describe, expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import type { MailFailure } from "../../src/domain/mail-failure.ts";
import { scoreAfter, type Suppression, suppressedUntilMs } from "../../src/domain/suppression.ts";

const dayMs = 24 * 3600_000;
const nowMs = Date.UTC(2026, 10, 20);

/** After failures on these days, one after the other. */
function after(...failures: readonly (readonly [MailFailure, number])[]): Suppression | null {
  let suppression: Suppression | null = null;
  for (const [failure, day] of failures) {
    const atMs = nowMs + day * dayMs;
    const score = scoreAfter(suppression, failure, atMs);
    if (score !== null) suppression = { score, lastAtMs: atMs };
  }
  return suppression;
}

/** Days from then on which nothing is sent; 0 for none. */
function days(suppression: Suppression | null, day = 0): number {
  const untilMs = suppression === null ? null : suppressedUntilMs(suppression, nowMs + day * dayMs);
  return untilMs === null ? 0 : (untilMs - nowMs) / dayMs - day;
}

describe("an address that mail came back from", () => {
  test.each<MailFailure>(["unknown-user", "unknown-domain", "mailbox-closed"])(
    "is left alone for two weeks after one failure: %s",
    (failure) => {
      expect(days(after([failure, 0]))).toBeCloseTo(14);
      expect(days(after([failure, 0]), 13.9)).toBeCloseTo(0.1);
      expect(days(after([failure, 0]), 14)).toBe(0);
    },
  );

  test("is left alone longer where it fails again, and never for more than six weeks", () => {
    expect(days(after(["unknown-user", 0], ["unknown-user", 14]), 14)).toBeGreaterThan(20);
    const often = after(...Array.from({ length: 50 }, (_, day) => ["unknown-user", day] as const));
    expect(days(often, 49)).toBeCloseTo(42);
  });

  test("is used again at once after a single full mailbox, and not after the third within days", () => {
    expect(days(after(["mailbox-full", 0]))).toBe(0);
    expect(days(after(["mailbox-full", 0], ["mailbox-full", 1], ["mailbox-full", 2]), 2)).toBeGreaterThan(1);
    expect(days(after(["mailbox-full", 0], ["mailbox-full", 60], ["mailbox-full", 120]), 120)).toBe(0);
  });

  test.each<MailFailure>(["refused", "too-large", "expired", "server-fault", "suppressed", "not-sent"])(
    "is not to blame: %s",
    (failure) => {
      expect(after([failure, 0], [failure, 1], [failure, 2])).toBeNull();
    },
  );

  test("does not count as suppressed for longer where the clock runs back", () => {
    expect(days(after(["unknown-user", 0]), -1)).toBeCloseTo(15);
    expect(limits.suppressionScoreMax).toBeGreaterThan(limits.suppressionThreshold);
  });
});
