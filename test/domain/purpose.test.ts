import * as fc from "fast-check";
import { expect, test } from "vitest";
import { dueReminder, reminderNumber, templateOf } from "../../src/domain/purpose.ts";

test("a purpose has its template; reminders share one", () => {
  expect(["invitation", "reminder-1", "reminder-5", "revoked"].map(templateOf)).toEqual([
    "invitation",
    "reminder",
    "reminder",
    "revoked",
  ]);
  expect(["invitation", "reminder-3", "reminder-03", "reminder-"].map(reminderNumber)).toEqual([
    null,
    3,
    null,
    null,
  ]);
  expect(() => templateOf("reminder")).toThrow("reminder");
});

const dayMs = 24 * 3600_000;
const afterMs = [3 * dayMs, 7 * dayMs];

test.each([
  [2.9, 0, null],
  [3, 0, 1],
  [3, 1, null],
  [6.9, 1, null],
  [7, 1, 2],
  // Both were missed: one makes up for them.
  [30, 0, 2],
  [30, 2, null],
])("%d days after the invitation and after reminder %i, reminder %s is due", (days, last, due) => {
  expect(dueReminder(afterMs, { sentAtMs: 0, last, nowMs: days * dayMs })).toBe(due);
});

test("however often and late it is looked, nobody gets more reminders than are configured, nor one twice", () => {
  const waits = fc
    .uniqueArray(fc.integer({ min: 1, max: 1000 }), { maxLength: 5 })
    .map((list) => list.toSorted((a, b) => a - b));
  const looks = fc.array(fc.integer({ min: 0, max: 2000 }), { maxLength: 30 });
  fc.assert(
    fc.property(waits, looks, (configured, times) => {
      const sent: number[] = [];
      for (const nowMs of times.toSorted((a, b) => a - b)) {
        const number = dueReminder(configured, { sentAtMs: 0, last: sent.at(-1) ?? 0, nowMs });
        if (number !== null) sent.push(number);
      }
      expect(sent.length).toBeLessThanOrEqual(configured.length);
      expect(new Set(sent).size).toBe(sent.length);
      expect(sent).toEqual(sent.toSorted((a, b) => a - b));
    }),
  );
});
