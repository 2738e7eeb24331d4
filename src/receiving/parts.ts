import type { Rule } from "../domain/policy.ts";
import type { JobQueue } from "../jobs/queue.ts";
import type { Protocol } from "../protocols/protocol.ts";
import type { Sealer } from "../store/sealing.ts";
import type { NotificationState } from "../store/schema.ts";
import type { Db, Store } from "../store/store.ts";

/** What every step of the receiving flow is given by the composition root. */
export interface ReceivingParts {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly queue: JobQueue;
  readonly protocols: readonly Protocol[];
  /** Asked anew each time: a reload of the configuration applies to the next mail. */
  readonly settings: () => ReceivingSettings;
  /**
   * Called once for each change of a notification's state, in the same transaction: notices and marks are planned there.
   * Called by receiving/state.ts only.
   */
  readonly onStateChanged: (db: Db, change: NotificationChange) => Promise<void>;
  /** Says what happened, for the log; fields without secrets. */
  readonly tell: (event: ReceivingEvent, fields: Readonly<Record<string, string | number | null>>) => void;
  readonly newId: (prefix: string) => string;
  readonly random: () => number;
}

/** A notification that is new, or whose state or reason has changed. */
export interface NotificationChange {
  readonly notificationId: string;
  readonly accountId: string;
  /** Null where it is new. */
  readonly from: NotificationState | null;
  readonly to: NotificationState;
  readonly reason: string | null;
  /** Who decided last: `policy`, `expiry`, `command line`, `mailbox`, `page` or `api: <token name>`. */
  readonly by: string;
  /** Whether the account hears of it: as the rule says, or because it answered where it sees no outcome. Never for junk. */
  readonly notify: boolean;
}

export interface ReceivingSettings {
  /** The site's rules; those of an account stand in the store. */
  readonly policy: readonly Rule[];
  /** Whether the account hears of what no rule says otherwise about. */
  readonly notify: boolean;
  /** How long a notification is held. */
  readonly holdMs: number;
  /** Whether a DKIM signature is verified here where no trusted server spoke. */
  readonly verifyDkim: boolean;
  readonly trustedAuthservIds: readonly string[];
  readonly checkEveryMs: number;
  readonly pauseAfterErrorMs: number;
}

export type ReceivingEvent =
  /** A mail with the marks of a share notification is none that can be followed; `reason` says why. */
  | "mail-passed-over"
  /** A report about mail that came back is about no mail of this site; `reason` says why. */
  | "report-not-attributed"
  /** A mail announced a share; `state` says what was decided. */
  | "share-judged"
  /** An accepted share is followed. */
  | "share-followed"
  /** An accepted share cannot be followed; `reason` says why. */
  | "share-not-followed"
  /** The other server could not be asked; it is asked again. */
  | "share-waits"
  /** A subscription changed its state. */
  | "subscription-changed"
  /** A request to another server because somebody looked behind a subscription. */
  | "files-asked-for";
