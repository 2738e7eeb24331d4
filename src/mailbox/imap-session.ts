import { ImapFlow } from "imapflow";
import { setTimeout as wait } from "node:timers/promises";
import { limits } from "../domain/limits.ts";
import { fetchHeaderRows } from "./fetch-rows.ts";
import { isTaggedRefusal, mailboxError } from "./imap-error.ts";
import { imapOptions, type ImapTarget, type Login, loginOf, serverName } from "./imap-target.ts";
import { type Bounds, oversee, type Oversight } from "./oversight.ts";
import { createRowStream } from "./row-stream.ts";
import { firstUidAmong, isNumber32 } from "./uid.ts";
import { property } from "./untyped.ts";
import { type FolderStatus, type HeaderRow, MailboxError, type MailboxSession } from "./session.ts";

/**
 * Connects and logs in. Throws MailboxError. When `signal` aborts, now or later, the connection is dropped without
 * LOGOUT and whatever runs on it rejects.
 */
export async function connectMailbox(
  target: ImapTarget,
  signal: AbortSignal,
  { commandMs = limits.imapCommandMs }: { readonly commandMs?: number } = {},
): Promise<MailboxSession> {
  const login = loginOf(target);
  const client = new ImapFlow(imapOptions(target, login));
  const session = new ImapSession(client, serverName(target), commandMs);
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

const commandLookMs = 100;
/** An idle connection must cost almost nothing; a flood is cut after this time. */
const idleLookMs = 5000;

class ImapSession implements MailboxSession {
  readonly #client: ImapFlow;
  readonly #server: string;
  readonly #commandMs: number;
  /** What runs now, and ends with the connection. */
  readonly #running = new Set<Oversight>();
  #fault: unknown = null;
  #isAnnounced = false;
  #wake: (() => void) | null = null;

  constructor(client: ImapFlow, server: string, commandMs: number) {
    this.#client = client;
    this.#server = server;
    this.#commandMs = commandMs;
    // Without a listener a dropped socket would end the process.
    client.on("error", (error: unknown) => (this.#fault ??= error));
    client.on("close", () => {
      const error = this.#toError({ code: "NoConnection" });
      for (const oversight of this.#running) oversight.cut(error);
    });
    client.on("exists", ({ count, prevCount }) => {
      if (count <= prevCount) return;
      this.#isAnnounced = true;
      this.#wake?.();
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
    await this.#run({ what: "Logging in", totalMs, bytes: limits.imapLoginBytes }, async () =>
      this.#client.connect(),
    );
  }

  async open(folder: string): Promise<FolderStatus> {
    this.#isAnnounced = false;
    const opened = await this.#run({ what: "EXAMINE" }, async () =>
      this.#client.mailboxOpen(folder, { readOnly: true }),
    );
    const uidValidity = Number(opened.uidValidity);
    const { uidNext, exists } = opened;
    if (!isNumber32(uidValidity) || !isNumber32(uidNext) || !Number.isSafeInteger(exists)) {
      throw this.#breach("gave no UIDVALIDITY or UIDNEXT for a folder");
    }
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
    const fetched = this.#run(bounds, async (oversight) =>
      fetchHeaderRows(this.#client, `${fromUid}:${toUid}`, fields, async (row) => {
        if (row.uid < fromUid || row.uid > toUid || seen.has(row.uid)) {
          oversight.cut(this.#breach("sent mails that were not asked for"));
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
    return this.#run(bounds, async () => {
      let found: Buffer | null = null;
      const query = { uid: true, source: { start: 0, maxLength: bytes } };
      for await (const row of this.#client.fetch(String(uid), query, { uid: true })) {
        if (row.source === undefined) continue;
        if (row.uid !== uid) throw this.#breach("sent a mail that was not asked for");
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

  async waitForMail(maxMs: number, signal: AbortSignal): Promise<void> {
    if (this.#isAnnounced || signal.aborted) return;
    const bounds = { what: "IDLE", quietMs: Infinity, totalMs: Infinity, lookMs: idleLookMs };
    await this.#run(bounds, async () => {
      // It ends with the next command; where a server refuses it, the time is waited out.
      this.#client.idle().catch(() => undefined);
      await this.#announcement(maxMs, signal);
    });
    // Ends IDLE, and finds out whether the other side still lives.
    await this.#run({ what: "NOOP" }, async () => this.#client.noop());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#run({ what: "LOGOUT", totalMs: limits.imapLogoutMs }, async () => this.#client.logout());
    } catch {
      // The connection is gone either way.
    } finally {
      this.#client.close();
    }
  }

  async #smallest(query: { readonly seq: string; readonly since: Date }): Promise<number | null> {
    const result = await this.#run({ what: "SEARCH" }, async () =>
      this.#client.search({ ...query }, { uid: true, returnOptions: ["MIN"] }),
    );
    // imapflow reports a refused SEARCH like an empty one, but for its type.
    if (result === false || result === undefined || Array.isArray(result)) {
      throw new MailboxError(
        "refused",
        `The mail server ${this.#server} refused SEARCH SINCE; its log says why, and --all does without.`,
      );
    }
    const { min } = result;
    return isNumber32(min) ? min : null;
  }

  async #uidAt(sequence: number): Promise<number> {
    return this.#run({ what: "FETCH of a UID" }, async () => {
      let found: number | null = null;
      for await (const row of this.#client.fetch(String(sequence), { uid: true })) {
        if (row.seq === sequence && isNumber32(row.uid)) found = row.uid;
      }
      if (found === null) throw this.#breach("did not show a mail that it counts");
      return found;
    });
  }

  #exists(): number {
    const { mailbox } = this.#client;
    return mailbox === false ? 0 : mailbox.exists;
  }

  /** Mail announced, `maxMs` passed, `signal` aborted or the connection closed. */
  async #announcement(maxMs: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    const wake = (): void => woken.abort();
    this.#wake = wake;
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

  async #run<T>(
    bounds: Pick<Bounds, "what"> & Partial<Bounds>,
    work: (oversight: Oversight) => Promise<T>,
  ): Promise<T> {
    using oversight = oversee(this.#client, {
      quietMs: this.#commandMs,
      totalMs: this.#commandMs,
      bytes: limits.imapResponseBytes,
      lookMs: commandLookMs,
      ...bounds,
    });
    this.#running.add(oversight);
    try {
      return await Promise.race([work(oversight), oversight.ended]);
    } catch (error) {
      throw this.#settle(error);
    } finally {
      this.#running.delete(oversight);
    }
  }

  /** After anything but a plain refusal the state of the connection is unknown: it is dropped. */
  #settle(error: unknown): MailboxError {
    const settled = this.#toError(error);
    if (!isTaggedRefusal(error)) this.#client.close();
    return settled;
  }

  /** A stream that broke also rejects the running command, with less to say. */
  #toError(error: unknown): MailboxError {
    const plain = mailboxError(error, this.#server);
    return plain.reason === "connection-lost" && this.#fault !== null
      ? mailboxError(this.#fault, this.#server)
      : plain;
  }

  #breach(what: string): MailboxError {
    return new MailboxError(
      "protocol",
      `The mail server ${this.#server} ${what}; the connection is dropped.`,
    );
  }
}
