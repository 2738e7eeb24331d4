import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openWorkplace, type Workplace } from "./workplace.ts";

let place: Workplace;
beforeEach(async () => {
  place = await openWorkplace();
});
afterEach(async () => place[Symbol.asyncDispose]());

const dayMs = 24 * 3600_000;

function yaml(sharing: string): string {
  return `key: {file: usher.key}\nsharing: {${sharing}}\n`;
}

describe("what the site says of sharings", () => {
  test("is nothing unless it does: no reminders, no end, no quiet hours, the limits of the reference", async () => {
    for (const text of ["key: {file: usher.key}\n", yaml("")]) {
      expect(await place.load(text)).toMatchObject({
        ok: true,
        config: {
          sharing: {
            remindAfterMs: [],
            expireAfterMs: null,
            quietHours: null,
            limits: { perMinute: 20, perDay: 200, perRecipientPerDay: 5, perDomainPerHour: 500 },
          },
        },
      });
    }
  });

  test("is read with its units, reminders in their order", async () => {
    const loaded = await place.load(
      yaml(
        'remindAfter: [7d, 3d], expireAfter: 30d, quietHours: {from: "22:00", to: "07:30", timeZone: Europe/Berlin}, limits: {perDay: 7}',
      ),
    );
    expect(loaded).toMatchObject({
      ok: true,
      config: {
        sharing: {
          remindAfterMs: [3 * dayMs, 7 * dayMs],
          expireAfterMs: 30 * dayMs,
          quietHours: { from: 22 * 60, to: 7 * 60 + 30, timeZone: "Europe/Berlin" },
          limits: { perMinute: 20, perDay: 7 },
        },
      },
    });
  });

  test("counts quiet hours by UTC where it names no time zone", async () => {
    const loaded = await place.load(yaml('quietHours: {from: "22:00", to: "07:00"}'));
    expect(loaded.ok && loaded.config.sharing.quietHours?.timeZone).toBe("UTC");
  });

  test.each([
    ["remindAfter: [1d, 2d, 3d, 4d, 5d, 6d]", "sharing.remindAfter"],
    ["remindAfter: [soon]", "sharing.remindAfter[0]"],
    ["remindAfter: 3d", "sharing.remindAfter"],
    ["expireAfter: 5s", "sharing.expireAfter"],
    ['quietHours: {from: "22:00"}', "sharing.quietHours.to"],
    ['quietHours: {from: "24:00", to: "07:00"}', "sharing.quietHours.from"],
    ['quietHours: {from: "7 pm", to: "07:00"}', "sharing.quietHours.from"],
    ['quietHours: {from: "22:00", to: "07:00", timeZone: Mars/Olympus}', "sharing.quietHours.timeZone"],
    ["limits: {perMinute: 0}", "sharing.limits.perMinute"],
    ["limits: {perDay: 1.5}", "sharing.limits.perDay"],
    ["limits: {perHour: 5}", "sharing.limits.perHour"],
  ])("is refused as %s, with its key and a way out", async (written, path) => {
    const found = await place.problems(yaml(written));
    expect(found.map((problem) => problem.path)).toEqual([path]);
    expect(found[0]?.remedy).not.toBe("");
  });
});
