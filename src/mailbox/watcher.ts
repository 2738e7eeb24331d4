import { setTimeout as wait } from "node:timers/promises";
import { limits } from "../domain/limits.ts";
import type { MailboxCondition } from "../store/mailboxes.ts";
import { conditionConnected, conditionFailed, type Patience, reconnectWaitMs } from "./condition.ts";
import type { ImapTarget } from "./imap-target.ts";
import { Lending } from "./lending.ts";
import { type FolderStatus, isRefusal, MailboxError, type MailboxSession } from "./session.ts";

/** What happens in the life of a mailbox, for the log. */
export type WatcherEvent =
  | { readonly kind: "connected" }
  | { readonly kind: "failed"; readonly error: MailboxError; readonly retryInMs: number | null }
  | { readonly kind: "folder-missing"; readonly folder: string }
  /** Answers by moving mail are off for this mailbox until the next connection. */
  | { readonly kind: "answers-off"; readonly error: MailboxError }
  /** A fault of this program or machine, not of the mailbox. */
  | { readonly kind: "fault"; readonly error: unknown };

/** One look into a folder that is open. */
export interface Visit {
  readonly session: MailboxSession;
  readonly folder: string;
  readonly status: FolderStatus;
  readonly signal: AbortSignal;
}

export interface WatcherParts {
  /** The first one is watched by IDLE, the others are polled. */
  readonly folders: readonly string[];
  /**
   * Called with each connection: makes the folders that answers are put into, and returns those to watch. They are looked
   * at when mail leaves the first folder too, and every `answerPollMs`; left out, there are none.
   */
  readonly prepareAnswers?: (session: MailboxSession) => Promise<readonly string[]>;
  readonly answerPollMs: number;
  readonly condition: MailboxCondition;
  /** Asked before each connection. */
  readonly target: () => ImapTarget;
  readonly connect: (target: ImapTarget, signal: AbortSignal) => Promise<MailboxSession>;
  /** Deals with new mail; `more` asks to be called again, with others let in between. */
  readonly onMail: (visit: Visit) => Promise<{ readonly more: boolean }>;
  readonly save: (condition: MailboxCondition) => Promise<void>;
  readonly report: (event: WatcherEvent) => void;
  /** Waits for a turn to connect. */
  readonly turn: (signal: AbortSignal) => Promise<void>;
  readonly pollEveryMs: () => number;
  readonly patience: Patience;
  readonly clock: () => number;
  readonly random: () => number;
}

/** Watches one mailbox until it is disposed of or its condition is `disabled`. */
export interface Watcher extends AsyncDisposable {
  readonly condition: MailboxCondition;
  /** Whether the store knows the condition. */
  readonly isSaved: boolean;
  /** Uses the live connection between the watcher's own steps. Throws MailboxError (temporary) where there is none. */
  borrow<T>(use: (session: MailboxSession) => Promise<T>): Promise<T>;
}

export function createWatcher(parts: WatcherParts): Watcher {
  const watch = new Watch(parts);
  watch.start();
  return watch;
}

class Watch implements Watcher {
  condition: MailboxCondition;
  isSaved = true;
  readonly #parts: WatcherParts;
  readonly #lending = new Lending();
  readonly #stop = new AbortController();
  /** Drops the connection without LOGOUT. */
  readonly #drop = new AbortController();
  /** How far each folder was dealt with, to leave quiet folders alone. */
  readonly #drained = new Map<string, string>();
  /** How many mails each folder had when it was last visited. */
  readonly #counts = new Map<string, number>();
  #life: Promise<void> = Promise.resolve();
  #isConnected = false;
  #failures = 0;
  #savedAt = -Infinity;
  #answers: readonly string[] = [];
  /** Why there are no folders for answers. */
  #complaint: string | null = null;

  constructor(parts: WatcherParts) {
    this.#parts = parts;
    this.condition = parts.condition;
  }

  start(): void {
    this.#life = this.#live();
  }

  async borrow<T>(use: (session: MailboxSession) => Promise<T>): Promise<T> {
    return this.#lending.borrow(use);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    // Nothing to log out from.
    if (!this.#isConnected) this.#drop.abort();
    const overdue = setTimeout(() => this.#drop.abort(), limits.imapLogoutMs);
    await this.#life;
    clearTimeout(overdue);
  }

  async #live(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && this.condition.state !== "disabled") {
      await this.#parts.turn(signal);
      const retryInMs = await this.#connection();
      if (retryInMs !== null) await quietly(retryInMs, signal);
    }
    this.#lending.close(this.condition.reason ?? "it is not watched");
  }

  /** One connection from login to its end. Returns how long to wait for the next; null when there is none. */
  async #connection(): Promise<number | null> {
    const { connect, target, clock, report } = this.#parts;
    let connectedAt: number | null = null;
    try {
      await using session = await connect(target(), this.#drop.signal);
      this.#isConnected = true;
      connectedAt = clock();
      report({ kind: "connected" });
      // From here on a stop logs out.
      this.#lending.open();
      await this.#become(conditionConnected(connectedAt));
      await this.#prepareAnswers(session);
      await this.#watch(session);
      return null;
    } catch (error) {
      this.#isConnected = false;
      return this.#failed(error, connectedAt);
    }
  }

  async #failed(error: unknown, connectedAt: number | null): Promise<number | null> {
    if (this.#stop.signal.aborted) return null;
    const { clock, patience, random, report } = this.#parts;
    const isStable = connectedAt !== null && clock() - connectedAt >= patience.stableMs;
    this.#failures = isStable ? 0 : this.#failures + 1;
    if (error instanceof MailboxError) {
      await this.#become(conditionFailed(this.condition, error, clock(), patience));
    }
    const isDisabled = this.condition.state === "disabled";
    const retryInMs = isDisabled ? null : reconnectWaitMs(this.condition, this.#failures, patience, random);
    if (error instanceof MailboxError) report({ kind: "failed", error, retryInMs });
    else report({ kind: "fault", error });
    this.#lending.close(error instanceof MailboxError ? error.message : "an internal fault");
    return retryInMs;
  }

  /** Deals with mail before every wait, so that nothing that came between two waits is missed. */
  async #watch(session: MailboxSession): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const [first] = await this.#round(session);
      const waitedFrom = performance.now();
      if (first === undefined) await quietly(this.#pollMs(), this.#pause());
      else if (!(await this.#hasNews(session, first)))
        await session.waitForMail(this.#pollMs(), this.#pause(), { orGone: this.#answers.length > 0 });
      const served = await this.#lending.serve(session);
      const waitedMs = performance.now() - waitedFrom;
      if (served === 0 && waitedMs < limits.imapWakeMs)
        await quietly(limits.imapWakeMs - waitedMs, this.#pause());
    }
  }

  async #prepareAnswers(session: MailboxSession): Promise<void> {
    this.#answers = [];
    this.#complaint = null;
    try {
      this.#answers = (await this.#parts.prepareAnswers?.(session)) ?? [];
    } catch (error) {
      if (!(error instanceof MailboxError) || !isRefusal(error)) throw error;
      this.#complaint = `Answers by moving mail are off, their folders cannot be made: ${error.message}`;
      this.#parts.report({ kind: "answers-off", error });
    }
  }

  /** Ends a wait when the watcher is stopped or somebody wants the connection. */
  #pause(): AbortSignal {
    return AbortSignal.any([this.#stop.signal, this.#lending.arrival]);
  }

  /** Visits all folders, and returns those with mail that exist. */
  async #round(session: MailboxSession): Promise<readonly string[]> {
    const { folders, clock, report } = this.#parts;
    const missing: string[] = [];
    for (const folder of folders) {
      if (!(await this.#drain(session, folder))) missing.push(folder);
    }
    for (const folder of this.#answers) {
      if (!(await this.#drain(session, folder))) await this.#prepareAnswers(session);
    }
    const condition = conditionConnected(clock(), missing, this.#complaint);
    if (condition.reason !== this.condition.reason) {
      for (const folder of missing) report({ kind: "folder-missing", folder });
      await this.#become(condition);
    }
    await this.#progress();
    return folders.filter((folder) => !missing.includes(folder));
  }

  async #drain(session: MailboxSession, folder: string): Promise<boolean> {
    const { signal } = this.#stop;
    for (let more = true; more && !signal.aborted;) {
      const status = await openFolder(session, folder);
      if (status === null) return false;
      this.#counts.set(folder, status.exists);
      const position = positionOf(status);
      if (this.#drained.get(folder) === position) return true;
      ({ more } = await this.#parts.onMail({ session, folder, status, signal }));
      if (!more) this.#drained.set(folder, position);
      await this.#lending.serve(session);
    }
    return true;
  }

  /** Opens the folder to wait in, and tells whether mail came to it since its visit, or left it for a folder of answers. */
  async #hasNews(session: MailboxSession, folder: string): Promise<boolean> {
    const status = await openFolder(session, folder);
    if (status === null || this.#drained.get(folder) !== positionOf(status)) return true;
    return this.#answers.length > 0 && status.exists < (this.#counts.get(folder) ?? 0);
  }

  /** IDLE is renewed with each poll, which finds a dead line too; the spread keeps the polls of many mailboxes apart. */
  #pollMs(): number {
    const spread = 0.8 + 0.2 * this.#parts.random();
    const answersMs = this.#answers.length === 0 ? Infinity : this.#parts.answerPollMs;
    return Math.min(limits.imapIdleMs, answersMs, this.#parts.pollEveryMs() * spread);
  }

  async #progress(): Promise<void> {
    const now = this.#parts.clock();
    if (now - this.#savedAt < limits.progressSaveMs) return;
    await this.#become({ ...this.condition, progressAt: now });
  }

  async #become(condition: MailboxCondition): Promise<void> {
    this.condition = condition;
    this.isSaved = false;
    if (condition.progressAt !== null) this.#savedAt = condition.progressAt;
    try {
      await this.#parts.save(condition);
      this.isSaved = true;
    } catch (error) {
      this.#parts.report({ kind: "fault", error });
    }
  }
}

/** Waits so long, or until the signal aborts. */
async function quietly(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
}

/** Null where the folder does not exist. */
async function openFolder(session: MailboxSession, folder: string): Promise<FolderStatus | null> {
  try {
    return await session.open(folder);
  } catch (error) {
    if (error instanceof MailboxError && error.reason === "no-such-folder") return null;
    throw error;
  }
}

function positionOf({ uidValidity, uidNext }: FolderStatus): string {
  return `${uidValidity}/${uidNext}`;
}
