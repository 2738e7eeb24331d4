import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  afterEvent,
  type CheckTimes,
  hasEnded,
  type SubscriptionEvent,
  type SubscriptionLife,
  type SubscriptionState,
} from "../../src/domain/subscription.ts";

const hour = 3600_000;
const times: CheckTimes = {
  nowMs: 1000 * hour,
  checkEveryMs: hour,
  pauseAfterErrorMs: 2 * hour,
  random: () => 0,
};

function life(state: SubscriptionState, failingSince: number | null = null): SubscriptionLife {
  return { state, failingSince, nextCheckAt: 0 };
}

describe("the life of a subscription", () => {
  test("comes back to SUBSCRIBED when the share is seen again", () => {
    expect(afterEvent(life("INACCESSIBLE", 5), { kind: "seen" }, times)).toEqual({
      state: "SUBSCRIBED",
      failingSince: null,
      nextCheckAt: times.nowMs + hour,
    });
  });

  test("pauses after an error, and for as long as the origin asks", () => {
    const paused = afterEvent(life("SUBSCRIBED"), { kind: "no-answer", retryAfterMs: null }, times);
    expect(paused).toEqual({
      state: "INACCESSIBLE",
      failingSince: times.nowMs,
      nextCheckAt: times.nowMs + 2 * hour,
    });
    const asked = afterEvent(life("SUBSCRIBED"), { kind: "no-answer", retryAfterMs: 5 * hour }, times);
    expect(asked?.nextCheckAt).toBe(times.nowMs + 5 * hour);
  });

  test("outlives what only bars this account from looking", () => {
    expect(afterEvent(life("SUBSCRIBED"), { kind: "barred" }, times)).toEqual({
      state: "INACCESSIBLE",
      failingSince: times.nowMs,
      nextCheckAt: times.nowMs + 2 * hour,
    });
  });

  test("remembers since when it fails", () => {
    const again = afterEvent(life("INACCESSIBLE", 7), { kind: "no-answer", retryAfterMs: null }, times);
    expect(again?.failingSince).toBe(7);
  });

  test("waits for the account, without asking the origin, when the guest password is wrong", () => {
    const waiting = afterEvent(life("SUBSCRIBED"), { kind: "bad-password" }, times);
    expect(waiting).toMatchObject({ state: "CREDENTIALS_REFRESH", nextCheckAt: null });
  });

  test("ends when the share is gone or left, and never comes back", () => {
    const events: SubscriptionEvent[] = [
      { kind: "seen" },
      { kind: "gone" },
      { kind: "left" },
      { kind: "bad-password" },
      { kind: "no-answer", retryAfterMs: null },
    ];
    for (const end of ["REMOVED", "UNSUBSCRIBED"] as const) {
      for (const event of events) expect(afterEvent(life(end), event, times)).toBeNull();
    }
  });

  test("never checks earlier than wanted, whatever the jitter, and always checks an open one unless the account must act", () => {
    const event = fc.constantFrom<SubscriptionEvent["kind"]>(
      "seen",
      "no-answer",
      "barred",
      "bad-password",
      "gone",
      "left",
    );
    const state = fc.constantFrom<SubscriptionState>("SUBSCRIBED", "INACCESSIBLE", "CREDENTIALS_REFRESH");
    fc.assert(
      fc.property(state, event, fc.double({ min: 0, max: 0.999, noNaN: true }), (from, kind, random) => {
        const next = afterEvent(life(from), kind === "no-answer" ? { kind, retryAfterMs: null } : { kind }, {
          ...times,
          random: () => random,
        });
        if (next === null) throw new Error("an open life takes every event");
        if (hasEnded(next.state) || next.state === "CREDENTIALS_REFRESH") {
          expect(next.nextCheckAt === null || kind === "no-answer" || kind === "barred").toBe(true);
        } else {
          expect(next.nextCheckAt).toBeGreaterThanOrEqual(times.nowMs + hour);
          expect(next.nextCheckAt).toBeLessThanOrEqual(times.nowMs + 2.2 * hour);
        }
      }),
    );
  });
});
