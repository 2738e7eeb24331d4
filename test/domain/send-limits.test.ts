import * as fc from "fast-check";
import { expect, test } from "vitest";
import { placeFor, type SendLimit, sendLimits } from "../../src/domain/send-limits.ts";

const minute: SendLimit = { scope: "account", mails: 3, withinMs: 60_000, because: "" };

/** When a mail goes that has to wait, after mails were sent at these times, the latest first. */
function turn(sentAt: readonly number[], waiting: number): number {
  const place = placeFor(minute, minute.mails, waiting);
  return (sentAt[place.laterMails] ?? Number.NaN) + place.afterMs;
}

test("whoever waits gets the place that becomes free next, and the next one the place after it", () => {
  const sentAt = [30_000, 20_000, 10_000];
  expect([0, 1, 2, 3, 4].map((waiting) => turn(sentAt, waiting))).toEqual([
    71_000, 81_000, 91_000, 132_000, 142_000,
  ]);
});

test("mails that go at their turns never are more than the limit within its time, and lose but a second", () => {
  const times = fc.array(fc.integer({ min: 0, max: 59_999 }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 50 }), (earlier, mails) => {
      const latestFirst = earlier.toSorted((a, b) => b - a);
      const turns = Array.from({ length: mails }, (_, waiting) => turn(latestFirst, waiting));
      const all = [...latestFirst.toReversed(), ...turns];
      for (const [place, at] of all.entries()) {
        const third = all[place - 3];
        if (third !== undefined) expect(at - third).toBe(61_000);
      }
    }),
  );
});

test("a limit whose mails are all being handed over lets the next one look again after its time", () => {
  expect(placeFor(minute, 0, 0)).toEqual({ laterMails: 0, afterMs: 61_000 });
});

test("the limits of a site count for its accounts, their recipients and the domains of these", () => {
  const limits = sendLimits({ perMinute: 1, perDay: 2, perRecipientPerDay: 3, perDomainPerHour: 4 });
  expect(limits.map(({ scope, mails, withinMs }) => [scope, mails, withinMs / 60_000])).toEqual([
    ["account", 1, 1],
    ["account", 2, 24 * 60],
    ["recipient", 3, 24 * 60],
    ["domain", 4, 60],
  ]);
});
