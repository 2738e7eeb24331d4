import { limits } from "./limits.ts";

/** How long to wait after each failed attempt: the steps, then the last step grown by a factor up to the cap. */
export interface Schedule {
  readonly stepsMs: readonly [number, ...number[]];
  readonly growth: number;
  readonly capMs: number;
}

const minuteMs = 60_000;

/** reference/security.md, section 12, "Backoff". */
export const schedules = {
  mail: {
    stepsMs: [
      2 * minuteMs,
      5 * minuteMs,
      10 * minuteMs,
      15 * minuteMs,
      30 * minuteMs,
      60 * minuteMs,
      120 * minuteMs,
    ],
    growth: 1,
    capMs: 120 * minuteMs,
  },
  http: { stepsMs: [minuteMs / 2], growth: 2, capMs: 360 * minuteMs },
  imap: { stepsMs: [limits.imapBackoffFirstMs], growth: 2, capMs: limits.imapBackoffMaxMs },
} as const satisfies Record<string, Schedule>;

/** Share of a wait by which it is made longer or shorter. */
const jitter = 0.25;

/**
 * How long to wait after the failed attempt of this number, counted from 1. Capped first and spread by ±25 %
 * after that, so that waits of the longest length do not fall together either; `random` gives [0, 1).
 */
export function backoffMs(attempt: number, schedule: Schedule, random: () => number): number {
  return Math.round(windowMs(attempt, schedule) * (1 - jitter + random() * 2 * jitter));
}

/** How many attempts fit into this time, the first one at its beginning. */
export function triesWithin(forMs: number, schedule: Schedule): number {
  let tries = 1;
  for (let atMs = windowMs(1, schedule); atMs <= forMs; atMs += windowMs(tries, schedule)) tries += 1;
  return tries;
}

function windowMs(attempt: number, { stepsMs, growth, capMs }: Schedule): number {
  const place = Math.max(1, Math.floor(attempt)) - 1;
  const stepMs = stepsMs[place];
  if (stepMs !== undefined) return Math.min(capMs, stepMs);
  const lastMs = stepsMs.at(-1) ?? stepsMs[0];
  // The exponent is clamped: a number too large to be finite would make every wait NaN.
  return Math.min(capMs, lastMs * growth ** Math.min(place - stepsMs.length + 1, 30));
}
