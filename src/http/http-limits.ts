import type { limits } from "../domain/limits.ts";

/** The limits of one guarded client; tests give shorter ones. */
export type HttpLimits = Readonly<Record<Extract<keyof typeof limits, `http${string}`>, number>>;
