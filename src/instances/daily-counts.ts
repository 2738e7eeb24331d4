import { limits } from "../domain/limits.ts";

/** Counts what strangers bring within a day, in memory: a restart forgets it. */
export interface DailyCounts {
  /** Counts one more under this key; how long to wait where it is one too many, else null. */
  take(key: string, most: number, nowMs: number): number | null;
}

export function createDailyCounts(): DailyCounts {
  const counts = new Map<string, { count: number; readonly untilMs: number }>();
  return {
    take: (key, most, nowMs) => {
      const known = counts.get(key);
      if (known !== undefined && known.untilMs > nowMs) {
        known.count += 1;
        return known.count > most ? known.untilMs - nowMs : null;
      }
      counts.delete(key);
      // Entries lie in the order in which they end.
      for (const [old, { untilMs }] of counts) {
        if (untilMs > nowMs && counts.size < limits.cozyRequestSharers) break;
        counts.delete(old);
      }
      counts.set(key, { count: 1, untilMs: nowMs + limits.cozyRequestDayMs });
      return null;
    },
  };
}
