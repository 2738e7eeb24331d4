/** A part of each day in which nothing is sent; it may begin before midnight and end after it. */
export interface QuietHours {
  /** Minutes since midnight. */
  readonly from: number;
  readonly to: number;
  readonly timeZone: string;
}

const minuteMs = 60_000;
const dayMinutes = 24 * 60;

/**
 * The first moment from `atMs` on (milliseconds since 1970) that is not quiet: `atMs` itself, or a full minute. Clocks
 * that are put forward or back meanwhile are followed. Equal ends leave no quiet hours.
 */
export function endOfQuiet(atMs: number, quiet: QuietHours): number {
  const clock = clockIn(quiet.timeZone);
  let candidateMs = atMs;
  for (;;) {
    const minute = clock.minuteOfDay(candidateMs);
    if (!isQuiet(minute, quiet)) return candidateMs;
    const minutes = (quiet.to - minute + dayMinutes) % dayMinutes;
    const endMs = Math.floor(candidateMs / minuteMs) * minuteMs + minutes * minuteMs;
    const changeMs = firstChange(candidateMs, endMs, clock.offsetMs);
    if (changeMs === null) return endMs;
    candidateMs = changeMs;
  }
}

function isQuiet(minute: number, { from, to }: QuietHours): boolean {
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}

interface Clock {
  /** How far it is ahead of UTC; whole minutes. */
  readonly offsetMs: (atMs: number) => number;
  readonly minuteOfDay: (atMs: number) => number;
}

function clockIn(timeZone: string): Clock {
  const format = new Intl.DateTimeFormat("en", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  const offsetMs = (atMs: number): number => {
    const parts = Object.fromEntries(
      format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute) - Math.floor(atMs / minuteMs) * minuteMs;
  };
  return {
    offsetMs,
    minuteOfDay: (atMs) => Math.floor((atMs + offsetMs(atMs)) / minuteMs) % dayMinutes,
  };
}

/** The first minute up to `toMs` at which the clock was put forward or back; null where it was not. */
function firstChange(fromMs: number, toMs: number, offsetMs: Clock["offsetMs"]): number | null {
  const before = offsetMs(fromMs);
  if (offsetMs(toMs) === before) return null;
  let sameAt = Math.floor(fromMs / minuteMs);
  let otherAt = toMs / minuteMs;
  while (otherAt - sameAt > 1) {
    const middle = Math.floor((sameAt + otherAt) / 2);
    if (offsetMs(middle * minuteMs) === before) sameAt = middle;
    else otherAt = middle;
  }
  return otherAt * minuteMs;
}
