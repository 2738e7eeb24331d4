import { durationMs } from "../config/values.ts";
import { limits } from "../domain/limits.ts";
import { CommandError } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";

export interface LookBack {
  readonly since?: string;
  readonly all?: true;
}

/**
 * The time since when mail is looked at, in milliseconds since 1970; null for all mail, undefined where neither option
 * was given. Throws CommandError.
 */
export function lookBackFrom({ since, all }: LookBack, now: number): number | null | undefined {
  if (since !== undefined && all === true) {
    throw new CommandError("--since and --all exclude each other; give one of them", exitCodes.usage);
  }
  if (all === true) return null;
  if (since === undefined) return undefined;
  const duration = durationMs(0, limits.lookBackMaxMs)(since);
  if (duration.ok) return now - duration.value;
  const day = /^\d{4}-\d{2}-\d{2}$/.test(since) ? Date.parse(since) : Number.NaN;
  if (!Number.isNaN(day) && day <= now) return day;
  throw new CommandError(
    `--since ${since} is no time in the past; write it like 30d or 2026-11-01`,
    exitCodes.usage,
  );
}
