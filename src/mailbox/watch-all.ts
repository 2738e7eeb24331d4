import { createHash } from "node:crypto";
import type { MailServer } from "../config/config.ts";
import type { FolderAnswer } from "../domain/answer-folders.ts";
import { limits } from "../domain/limits.ts";
import {
  conditionOf,
  type FoundMessage,
  listMailboxes,
  type MailboxCondition,
  type NamedMailbox,
  parseFolders,
  saveCondition,
} from "../store/mailboxes.ts";
import type { Sealer } from "../store/sealing.ts";
import type { Db, Store } from "../store/store.ts";
import { type AnswerFolders, prepareAnswerFolders } from "./answer-folders.ts";
import { type Patience, patience } from "./condition.ts";
import { connectMailbox } from "./imap-session.ts";
import { targetOf } from "./mailbox-row.ts";
import type { ScanRules } from "./scan-rules.ts";
import { scanFolder, type ScanResult } from "./scan.ts";
import { MailboxError, type MailboxSession, type WithSession } from "./session.ts";
import { StructureDoubts } from "./structure-doubts.ts";
import { createTurns } from "./turns.ts";
import { createWatcher, type Visit, type Watcher, type WatcherEvent } from "./watcher.ts";

/** What happens in all mailboxes, for the log. */
export type MailboxEvent =
  | WatcherEvent
  | { readonly kind: "scanned"; readonly folder: string; readonly result: ScanResult };

export interface MailboxesParts {
  readonly store: Store;
  readonly sealer: Sealer;
  /** Asked at each visit: what is looked for in a mailbox of this account. */
  readonly rules: (accountId: string) => Promise<ScanRules>;
  /** Asked anew each time: a reload of the configuration applies after `refresh()`. */
  readonly settings: () => {
    readonly mailServers: Readonly<Record<string, MailServer>>;
    readonly pollEveryMs: number;
    /** Below which folder answers are put; null for nowhere. */
    readonly answerFolder?: string | null;
  };
  /** Plans what follows from mails that an account put into a folder for answers, in the transaction that records them. */
  readonly onAnswers?: (db: Db, found: readonly FoundMessage[], answer: FolderAnswer) => Promise<void>;
  /** `mailbox` is null for faults of the watching itself. */
  readonly report: (
    event: MailboxEvent,
    mailbox: { readonly id: string; readonly account: string } | null,
  ) => void;
  readonly random: () => number;
  readonly clock?: () => number;
  readonly connect?: typeof connectMailbox;
  readonly patience?: Patience;
  readonly refreshEveryMs?: number;
  readonly answerPollMs?: number;
}

/** All mailboxes of the site, each with a watcher of its own. */
export interface Mailboxes extends AsyncDisposable {
  /** Compares the watchers with the store and the configuration now, instead of within limits.mailboxRefreshMs. */
  refresh(): Promise<void>;
  readonly withSession: WithSession;
  status(): readonly MailboxStatus[];
}

export interface MailboxStatus extends MailboxCondition {
  readonly mailboxId: string;
  readonly account: string;
}

/** Starts to watch; returns when the store was read, before any server has answered. */
export async function createMailboxes(parts: MailboxesParts): Promise<Mailboxes> {
  const all = new AllMailboxes(parts);
  await all.refresh();
  all.start();
  return all;
}

interface Watched {
  readonly row: NamedMailbox;
  /** What of the row and the configuration the watcher was made from. */
  readonly makings: string;
  readonly watcher: Watcher;
}

class AllMailboxes implements Mailboxes {
  readonly #parts: MailboxesParts;
  readonly #watched = new Map<string, Watched>();
  readonly #turn = createTurns(limits.imapConnectsPerSecond);
  #timer: NodeJS.Timeout | null = null;
  #refreshing: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(parts: MailboxesParts) {
    this.#parts = parts;
  }

  start(): void {
    const everyMs = this.#parts.refreshEveryMs ?? limits.mailboxRefreshMs;
    this.#timer = setInterval(() => {
      this.refresh().catch((error: unknown) => this.#parts.report({ kind: "fault", error }, null));
    }, everyMs);
  }

  async refresh(): Promise<void> {
    const turn = this.#refreshing.then(async () => this.#compare());
    this.#refreshing = turn.catch(() => undefined);
    await turn;
  }

  async withSession<T>(mailboxId: string, use: (session: MailboxSession) => Promise<T>): Promise<T> {
    const watched = this.#watched.get(mailboxId);
    if (watched === undefined) {
      throw new MailboxError(
        "connection-lost",
        `Mailbox ${mailboxId} is not watched; it was removed or is new.`,
      );
    }
    return watched.watcher.borrow(use);
  }

  status(): readonly MailboxStatus[] {
    return [...this.#watched.values()].map(({ row, watcher }) => ({
      mailboxId: row.id,
      account: row.account,
      ...watcher.condition,
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#refreshing;
    await Promise.all([...this.#watched.keys()].map(async (id) => this.#end(id)));
  }

  async #compare(): Promise<void> {
    if (this.#isOver) return;
    const rows = await listMailboxes(this.#parts.store.db);
    const known = new Set(rows.map(({ id }) => id));
    const gone = [...this.#watched.keys()].filter((id) => !known.has(id));
    await Promise.all(gone.map(async (id) => this.#end(id)));
    await Promise.all(rows.map(async (row) => this.#compareOne(row)));
  }

  async #compareOne(row: NamedMailbox): Promise<void> {
    const makings = makingsOf(row, this.#parts.settings());
    const watched = this.#watched.get(row.id);
    if (watched === undefined) return this.#begin(row, makings);
    const enabled = watched.makings === makings ? await this.#enabledAgain(watched) : row;
    if (enabled === null) return;
    await this.#end(row.id);
    this.#begin(enabled, makings);
  }

  /** The row, where `usher mailbox enable` made it active though its watcher has given up or waits; else null. */
  async #enabledAgain({ row, watcher }: Watched): Promise<NamedMailbox | null> {
    if (!watcher.isSaved || watcher.condition.state === "active") return null;
    // Read after the watcher's own change was saved, so that it cannot be taken for a person's.
    const rows = await listMailboxes(this.#parts.store.db, row.account_id);
    return rows.find(({ id, state: saved }) => id === row.id && saved === "active") ?? null;
  }

  #begin(row: NamedMailbox, makings: string): void {
    this.#watched.set(row.id, { row, makings, watcher: this.#watch(row) });
  }

  async #end(id: string): Promise<void> {
    const watched = this.#watched.get(id);
    this.#watched.delete(id);
    await watched?.watcher[Symbol.asyncDispose]();
  }

  #watch(row: NamedMailbox): Watcher {
    const { store, sealer, settings, random, report } = this.#parts;
    const connect = this.#parts.connect ?? connectMailbox;
    const doubts = new StructureDoubts();
    let answers: AnswerFolders = new Map();
    return createWatcher({
      folders: parseFolders(row),
      condition: conditionOf(row),
      target: () => targetOf(row, settings().mailServers, sealer),
      connect: async (target, signal) => connect(target, signal, { doubts }),
      prepareAnswers: async (session) => {
        answers = await this.#answerFolders(session);
        return [...answers.keys()];
      },
      turn: this.#turn,
      patience: this.#parts.patience ?? patience,
      pollEveryMs: () => settings().pollEveryMs,
      answerPollMs: this.#parts.answerPollMs ?? limits.answerPollMs,
      clock: this.#parts.clock ?? Date.now,
      random,
      save: async (condition) => saveCondition(store.db, row.id, condition),
      report: (event) => report(event, row),
      onMail: async (visit) => this.#visit(row, visit, answers.get(visit.folder) ?? null),
    });
  }

  async #answerFolders(session: MailboxSession): Promise<AnswerFolders> {
    const root = this.#parts.settings().answerFolder ?? null;
    const isOff = root === null || this.#parts.onAnswers === undefined;
    return isOff ? new Map() : prepareAnswerFolders(session, root);
  }

  async #visit(
    row: NamedMailbox,
    visit: Visit,
    answer: FolderAnswer | null,
  ): Promise<{ readonly more: boolean }> {
    const { store, onAnswers, report } = this.#parts;
    const rules = await this.#parts.rules(row.account_id);
    const { fields } = rules;
    // What lies in a folder for answers was put there, however old it is.
    const answered: ScanRules = {
      fields,
      isCandidate: () => true,
      onFound: async (db, found) => (answer === null ? undefined : onAnswers?.(db, found, answer)),
    };
    const result = await scanFolder({
      ...visit,
      store,
      clock: this.#parts.clock ?? Date.now,
      mailbox: {
        id: row.id,
        accountId: row.account_id,
        lookBackFrom: answer === null ? row.look_back_from : null,
      },
      rules: answer === null ? rules : answered,
      maxBatches: 1,
    });
    if (result.seen > 0) report({ kind: "scanned", folder: visit.folder, result }, row);
    return { more: result.next !== null };
  }
}

/** Changes when the watcher must start anew. A hash, because passwords are among it. */
function makingsOf(row: NamedMailbox, settings: ReturnType<MailboxesParts["settings"]>): string {
  const { login, auth, password_sealed, folders_json, look_back_from } = row;
  const server = settings.mailServers[row.server];
  const master = server?.masterUser;
  // Value by value: the order of a configuration's keys may differ from one reading to the next.
  const reach = [server?.host, server?.port, server?.tls, server?.ca];
  const masterLogin = [master?.login, master?.method, master?.separator, master?.password.reveal()];
  const own = [row.server, login, auth, password_sealed, folders_json, look_back_from];
  const makings = [own, reach, masterLogin, settings.answerFolder ?? null];
  return createHash("sha256").update(JSON.stringify(makings)).digest("base64");
}
