import type { Policy } from "../domain/policy.ts";
import type { JobQueue } from "../jobs/queue.ts";
import type { Protocol } from "../protocols/protocol.ts";
import type { Sealer } from "../store/sealing.ts";
import type { Store } from "../store/store.ts";

/** What every step of the receiving flow is given by the composition root. */
export interface ReceivingParts {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly queue: JobQueue;
  readonly protocols: readonly Protocol[];
  /** Asked anew each time: a reload of the configuration applies to the next mail. */
  readonly settings: () => ReceivingSettings;
  /** Says what happened, for the log; fields without secrets. */
  readonly tell: (event: ReceivingEvent, fields: Readonly<Record<string, string | number | null>>) => void;
  readonly newId: (prefix: string) => string;
  readonly random: () => number;
}

export interface ReceivingSettings {
  readonly policy: Policy;
  readonly trustedAuthservIds: readonly string[];
  readonly checkEveryMs: number;
  readonly pauseAfterErrorMs: number;
}

export type ReceivingEvent =
  /** A mail with the marks of a share notification is none that can be followed; `reason` says why. */
  | "mail-passed-over"
  /** A mail announced a share; `state` says what was decided. */
  | "share-judged"
  /** An accepted share is followed. */
  | "share-followed"
  /** An accepted share cannot be followed; `reason` says why. */
  | "share-not-followed"
  /** The other server could not be asked; it is asked again. */
  | "share-waits"
  /** A subscription changed its state. */
  | "subscription-changed";
