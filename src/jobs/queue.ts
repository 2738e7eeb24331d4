import type { Db } from "../store/store.ts";

/** The port that the embedded queue implements; a PostgreSQL queue can take its place. */
export interface JobQueue {
  /**
   * Plans work in the transaction of its cause. A second open job with the same `uniqueKey` is not made;
   * the open one takes the new payload and runs at the earlier of both times. One that is under way runs once
   * more after that, because it may have looked before the cause; a parked one is due again with fresh attempts.
   * Wakes the workers of this process once committed.
   */
  enqueue(db: Db, job: NewJob): Promise<void>;
  /** Takes due work until `stop` aborts, then lets running work end within limits.stopGraceMs. */
  work(workers: Workers, stop: AbortSignal): Promise<void>;
  /** Does all work of these kinds that is due now, here, and returns how many jobs ran. */
  drain(workers: Workers, only: JobFilter, signal: AbortSignal): Promise<number>;
  parked(): Promise<readonly JobView[]>;
  /** Makes parked work due again with a fresh count of attempts; false where there is none with this id. */
  runAgain(id: number): Promise<boolean>;
  counts(): Promise<{ readonly ready: number; readonly leased: number; readonly parked: number }>;
}

export interface NewJob {
  readonly kind: JobKind;
  /** Id of the row the work is about. */
  readonly subject: string;
  readonly lane: string;
  readonly uniqueKey?: string;
  /** A parked job with this `uniqueKey` stays parked: for causes that come back by themselves, such as a sweep. */
  readonly leavesParked?: true;
  /** Milliseconds since 1970; now where it is left out. */
  readonly runAt?: number;
  readonly payload?: Readonly<Record<string, string | number | null>>;
}

export type JobKind =
  | "read-message"
  | "follow"
  | "check-subscription"
  | "leave"
  /** The origin hears that the account does not want the share. */
  | "refuse"
  | "send-invitation"
  | "sweep-subscriptions"
  /** A notice mail to an account. */
  | "send-notice"
  /** The keyword or folder of a mail follows the state of its notification. */
  | "mark-message"
  /** What an account put into an answer folder. */
  | "read-answer"
  /** Held notifications whose time is over. */
  | "expire-notifications"
  /** A mail to an account about recipients that could not be reached. */
  | "send-sharer-notice"
  /** One step of a sharing at a member's Cozy: the request, documents, the end. */
  | "tell-member"
  /** A share, or its end, at the recipient's server of Open Cloud Mesh. */
  | "tell-peer"
  /** What of Open Cloud Mesh is over: invitations, shares, signatures, tokens. */
  | "sweep-federation"
  /** Reminders that are due, and sharings whose time is over. */
  | "sweep-sharings";

export interface LeasedJob {
  readonly id: number;
  readonly kind: JobKind;
  readonly subject: string;
  readonly payload: Readonly<Record<string, string | number | null>>;
  /** Attempts including this one; counted when leased, so that a killed process counts too. */
  readonly attempt: number;
  readonly fence: number;
}

/** What became of one attempt. `commit` runs in the transaction that closes the job, and again where that fails. */
export type JobOutcome =
  | { readonly kind: "done"; readonly commit?: (db: Db) => Promise<void> }
  | {
      readonly kind: "retry";
      readonly because: string;
      readonly afterMs: number;
      /** The attempt says nothing about the work itself (its mailbox is not connected): it does not count. */
      readonly isUncounted?: true;
      readonly commit?: (db: Db) => Promise<void>;
    }
  | { readonly kind: "park"; readonly because: string; readonly commit?: (db: Db) => Promise<void> };

/**
 * Does one kind of work. The signal is aborted when the work is no longer wanted: the daemon has to end, the lease
 * was lost, or it took longer than limits.jobLongestMs. A throw is retried
 * like an outcome `retry`, then parked when the tries are used up.
 */
export type Worker = (job: LeasedJob, signal: AbortSignal) => Promise<JobOutcome>;
export type Workers = Readonly<Partial<Record<JobKind, Worker>>>;

export interface JobFilter {
  readonly kinds: readonly JobKind[];
  readonly lane?: string;
  readonly subject?: string;
}

export interface JobView {
  readonly id: number;
  readonly kind: string;
  /** Name of the account whose work it is; null for the site's own. */
  readonly owner: string | null;
  readonly subject: string;
  readonly lane: string;
  readonly state: string;
  readonly attempts: number;
  readonly runAt: number;
  readonly lastError: string | null;
}
