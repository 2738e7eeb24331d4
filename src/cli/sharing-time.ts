import { durationMs } from "../config/values.ts";
import { limits } from "../domain/limits.ts";
import { CommandError } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";

/** Milliseconds of `--expires`, such as `14d`. Throws CommandError for what is no time that a sharing can last. */
export function sharingMs(written: string): number {
  const parsed = durationMs(limits.sharingMinMs, limits.holdMaxMs)(written);
  if (parsed.ok) return parsed.value;
  throw new CommandError(`--expires ${written}: ${parsed.message} ${parsed.remedy}`, exitCodes.usage);
}
