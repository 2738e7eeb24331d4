import { z } from "zod";
import { limits } from "../domain/limits.ts";
import { field, orNull, section } from "./parsed.ts";
import * as value from "./values.ts";

/** When invitations go out, how many, and when a sharing ends. */
export function sharingConfig() {
  const age = value.durationMs(limits.sharingMinMs, limits.holdMaxMs);
  return section({
    remindAfter: z.array(field(age)).max(limits.reminders).default([]),
    expireAfter: orNull(field(age)),
    quietHours: orNull(
      z.strictObject({
        from: field(value.timeOfDay),
        to: field(value.timeOfDay),
        timeZone: field(value.timeZone).prefault("UTC"),
      }),
    ),
    limits: section({
      perMinute: field(value.wholeNumber(1, 10_000)).prefault(20),
      perDay: field(value.wholeNumber(1, 1_000_000)).prefault(200),
      perRecipientPerDay: field(value.wholeNumber(1, 10_000)).prefault(5),
      perDomainPerHour: field(value.wholeNumber(1, 1_000_000)).prefault(500),
    }),
  }).transform(({ remindAfter, expireAfter, quietHours, limits: bounds }) => ({
    remindAfterMs: remindAfter.toSorted((a, b) => a - b),
    expireAfterMs: expireAfter,
    quietHours,
    limits: bounds,
  }));
}
