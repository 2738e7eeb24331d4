import type { Config } from "./config/config.ts";
import type { Workers } from "./jobs/queue.ts";

/** Asked anew each time: a reload counts for the next mail and the next request. */
export type CurrentConfig = () => Config;

/** A part of the daemon that does work, and how it is closed. */
export interface Room extends AsyncDisposable {
  readonly workers: Workers;
}
