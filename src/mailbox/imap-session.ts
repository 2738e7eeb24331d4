import { ImapFlow } from "imapflow";
import { setTimeout as wait } from "node:timers/promises";
import { limits } from "../domain/limits.ts";
import { fetchFlags, fetchReceivedAt } from "./fetch-parts.ts";
import { fetchHeaderRows } from "./fetch-rows.ts";
import { listFolders, pathOf } from "./folders.ts";
import { mailboxError } from "./imap-error.ts";
import { ImapLine } from "./imap-line.ts";
import { imapOptions, type ImapTarget, type Login, loginOf, serverName } from "./imap-target.ts";
import { createMailboxChanges, type OpenFolder } from "./mailbox-changes.ts";
import { createRowStream } from "./row-stream.ts";
import { fetchSlim } from "./slim-mail.ts";
import { StructureDoubts } from "./structure-doubts.ts";
import { fetchTexts } from "./texts.ts";
import { firstUidAmong, isNumber32 } from "./uid.ts";
import { property } from "./untyped.ts";
import {
  type FolderStatus,
  type HeaderRow,
  type ListedFolder,
  MailboxError,
  type MailboxSession,
  type SlimMail,
  type TextRow,
} from "./session.ts";

interface ConnectOptions {
  readonly commandMs?: number;
  /** What earlier connections to this mailbox ended with. */
  readonly doubts?: StructureDoubts;
}

/**
 * Connects and logs in. Throws MailboxError. When `signal` aborts, now or later, the connection is dropped without
 * LOGOUT and whatever runs on it rejects.
 */
export async function connectMailbox(
  target: ImapTarget,
  signal: AbortSignal,
  { commandMs = limits.imapCommandMs, doubts = new StructureDoubts() }: ConnectOptions = {},
): Promise<MailboxSession> {
  const login = loginOf(target);
  const client = new ImapFlow(imapOptions(target, login));
  const session = new ImapSession(new ImapLine(client, serverName(target), commandMs), doubts);
  const abort = (): void => client.close();
  signal.addEventListener("abort", abort, { once: true });
  const forget = (): void => signal.removeEventListener("abort", abort);
  client.once("close", forget);
  try {
    if (signal.aborted) client.close();
    await session.connect();
    if (isLoggedIn(client, login)) return session;
    // It may be anyone's mailbox.
    throw new MailboxError(
      "protocol",
      `The mail server ${serverName(target)} did not log in the user asked for; it must offer SASL PLAIN.`,
    );
  } catch (error) {
    forget();
    client.close();
    throw mailboxError(error, serverName(target));
  }
}

/** Whether the credentials were used: a PREAUTH greeting skips them, another mechanism drops the user asked for. */
function isLoggedIn(client: ImapFlow, { needsPlain }: Login): boolean {
  // Left out of imapflow's types: a mechanism that succeeded maps to true.
  const used = property(client, "authCapabilities");
  if (!(used instanceof Map)) return false;
  return needsPlain ? used.get("AUTH=PLAIN") === true : [...used.values()].includes(true);
}

/** An idle connection must cost almost nothing; a flood is cut after this time. */
const idleLookMs = 5000;

class ImapSession implements MailboxSession {
  readonly change: MailboxSession["change"];
  readonly #line: ImapLine;
  readonly #client: ImapFlow;
  readonly #doubts: StructureDoubts;
  #opened: OpenFolder | null = null;
  #isAnnounced = false;
  #hasLost = false;
  #wake: ((what: "new" | "gone") => void) | null = null;

  constructor(line: ImapLine, doubts: StructureDoubts) {
    const { client } = line;
    this.#line = line;
    this.#client = client;
    this.#doubts = doubts;
    this.change = createMailboxChanges(line, {
      opened: () => this.#opened,
      reopen: async (folder) => void (await this.open(folder)),
    });
    client.on("exists", ({ count, prevCount }) => {
      if (count <= prevCount) return;
      this.#isAnnounced = true;
      this.#wake?.("new");
    });
    client.on("expunge", () => {
      this.#hasLost = true;
      this.#wake?.("gone");
    });
  }

  get features(): MailboxSession["features"] {
    const { tls, capabilities } = this.#client;
    return {
      tls: tls === undefined || tls === false ? null : tls.version,
      hasIdle: capabilities.has("IDLE"),
    };
  }

  async connect(): Promise<void> {
    const totalMs = limits.imapConnectMs + limits.imapGreetingMs + limits.imapCommandMs;
    await this.#line.run({ what: "Logging in", totalMs, bytes: limits.imapLoginBytes }, async () =>
      this.#client.connect(),
    );
  }

  async open(folder: string): Promise<FolderStatus> {
    this.#isAnnounced = false;
    this.#hasLost = false;
    this.#opened = null;
    const opened = await this.#line.run({ what: "EXAMINE" }, async () =>
      this.#client.mailboxOpen(folder, { readOnly: true }),
    );
    const uidValidity = Number(opened.uidValidity);
    const { uidNext, exists } = opened;
    if (!isNumber32(uidValidity) || !isNumber32(uidNext) || !Number.isSafeInteger(exists)) {
      throw this.#line.breach("gave no UIDVALIDITY or UIDNEXT for a folder");
    }
    this.#opened = { folder, uidValidity };
    return { uidValidity, uidNext, exists };
  }

  async *headers(fromUid: number, toUid: number, fields: readonly string[]): AsyncGenerator<HeaderRow, void> {
    const count = toUid - fromUid + 1;
    const rows = createRowStream<HeaderRow>();
    const seen = new Set<number>();
    const bounds = {
      what: "FETCH of headers",
      totalMs: limits.imapBatchMs,
      bytes: count * 2 * limits.imapHeaderFieldsBytes + limits.imapResponseBytes,
    };
    const fetched = this.#line.run(bounds, async (oversight) =>
      fetchHeaderRows(this.#client, `${fromUid}:${toUid}`, fields, async (row) => {
        if (row.uid < fromUid || row.uid > toUid || seen.has(row.uid)) {
          oversight.cut(this.#line.breach("sent mails that were not asked for"));
          return;
        }
        seen.add(row.uid);
        await rows.give(row);
        oversight.progress();
      }),
    );
    try {
      yield* rows.take(fetched);
    } finally {
      // The command must end before the next one; after a break the rest of the rows runs through.
      await fetched.catch(() => undefined);
    }
  }

  async prefix(uid: number, bytes: number): Promise<Buffer | null> {
    const bounds = { what: "FETCH of a mail", bytes: bytes + limits.imapResponseBytes };
    return this.#line.run(bounds, async () => {
      let found: Buffer | null = null;
      const query = { uid: true, source: { start: 0, maxLength: bytes } };
      for await (const row of this.#client.fetch(String(uid), query, { uid: true })) {
        if (row.source === undefined) continue;
        if (row.uid !== uid) throw this.#line.breach("sent a mail that was not asked for");
        found = row.source.subarray(0, bytes);
      }
      return found;
    });
  }

  async firstUidSince(sinceMs: number): Promise<number | null> {
    // SEARCH SINCE compares days in the server's zone (RFC 9051 section 6.4.4): a day more makes sure.
    const since = new Date(Math.max(0, Math.min(sinceMs, Date.now()) - 24 * 3600_000));
    const exists = this.#exists();
    const step = this.#client.capabilities.has("ESEARCH") ? exists : limits.imapSearchMessages;
    for (let first = 1; first <= exists; first += step) {
      const found = await this.#smallest({ seq: `${first}:${Math.min(exists, first + step - 1)}`, since });
      if (found !== null) return found;
    }
    return null;
  }

  async firstUidFrom(uid: number): Promise<number | null> {
    return firstUidAmong(this.#exists(), uid, async (sequence) => this.#uidAt(sequence));
  }

  async waitForMail(maxMs: number, signal: AbortSignal, wakes = { orGone: false }): Promise<void> {
    if (this.#isAnnounced || (wakes.orGone && this.#hasLost) || signal.aborted) return;
    const bounds = { what: "IDLE", quietMs: Infinity, totalMs: Infinity, lookMs: idleLookMs };
    await this.#line.run(bounds, async () => {
      // It ends with the next command; where a server refuses it, the time is waited out.
      this.#client.idle().catch(() => undefined);
      await this.#announcement(maxMs, signal, wakes.orGone);
    });
    // Ends IDLE, and finds out whether the other side still lives.
    await this.#line.run({ what: "NOOP" }, async () => this.#client.noop());
  }

  async slim(uid: number): Promise<SlimMail | null> {
    return fetchSlim({ line: this.#line, doubts: this.#doubts, folder: this.#opened }, uid);
  }

  async *texts(uids: readonly number[], bytesEach: number): AsyncGenerator<TextRow, void> {
    const place = { line: this.#line, doubts: this.#doubts, folder: this.#opened };
    yield* fetchTexts(place, uids, bytesEach);
  }

  async flags(uid: number): Promise<readonly string[] | null> {
    return fetchFlags(this.#line, uid);
  }

  async receivedAt(uid: number): Promise<number | null> {
    return fetchReceivedAt(this.#line, uid);
  }

  async folders(): Promise<readonly ListedFolder[]> {
    return listFolders(this.#line);
  }

  pathOf(names: readonly string[]): string {
    return pathOf(this.#client, names);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#line.run({ what: "LOGOUT", totalMs: limits.imapLogoutMs }, async () =>
        this.#client.logout(),
      );
    } catch {
      // The connection is gone either way.
    } finally {
      this.#client.close();
    }
  }

  async #smallest(query: { readonly seq: string; readonly since: Date }): Promise<number | null> {
    const result = await this.#line.run({ what: "SEARCH" }, async () =>
      this.#client.search({ ...query }, { uid: true, returnOptions: ["MIN"] }),
    );
    // imapflow reports a refused SEARCH like an empty one, but for its type.
    if (result === false || result === undefined || Array.isArray(result)) {
      throw new MailboxError(
        "refused",
        `The mail server ${this.#line.server} refused SEARCH SINCE; its log says why, and --all does without.`,
      );
    }
    const { min } = result;
    return isNumber32(min) ? min : null;
  }

  async #uidAt(sequence: number): Promise<number> {
    return this.#line.run({ what: "FETCH of a UID" }, async () => {
      let found: number | null = null;
      for await (const row of this.#client.fetch(String(sequence), { uid: true })) {
        if (row.seq === sequence && isNumber32(row.uid)) found = row.uid;
      }
      if (found === null) throw this.#line.breach("did not show a mail that it counts");
      return found;
    });
  }

  #exists(): number {
    const { mailbox } = this.#client;
    return mailbox === false ? 0 : mailbox.exists;
  }

  /** Mail announced or, if that counts, gone; `maxMs` passed, `signal` aborted or the connection closed. */
  async #announcement(maxMs: number, signal: AbortSignal, orGone: boolean): Promise<void> {
    const woken = new AbortController();
    const wake = (): void => woken.abort();
    this.#wake = (what) => {
      if (what === "new" || orGone) wake();
    };
    this.#client.once("close", wake);
    try {
      await wait(maxMs, undefined, { signal: AbortSignal.any([signal, woken.signal]) });
    } catch {
      // Woken before the time was up.
    } finally {
      this.#wake = null;
      this.#client.off("close", wake);
    }
  }
}
