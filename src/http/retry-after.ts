import { limits } from "../domain/limits.ts";
import type { OutboundResponse } from "./outbound.ts";

/**
 * How long another server asks to be left alone, clamped to the limits; null where it does not say or cannot be
 * understood. RFC 9110 section 10.2.3: seconds, or a date in one of the three forms of section 5.6.7.
 */
export function retryAfterMs(headers: OutboundResponse["headers"], nowMs: number): number | null {
  const value = headers["retry-after"]?.[0]?.trim() ?? "";
  const askedMs = /^\d+$/.test(value) ? Number(value) * 1000 : dateMs(value) - nowMs;
  if (Number.isNaN(askedMs)) return null;
  return Math.min(limits.retryAfterMaxMs, Math.max(limits.retryAfterMinMs, askedMs));
}

function dateMs(value: string): number {
  // Date.parse also takes "-1" or "2" for a date; HTTP dates begin with the name of a day.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(value)) return Number.NaN;
  return Date.parse(value.endsWith("GMT") ? value : `${value} GMT`);
}
