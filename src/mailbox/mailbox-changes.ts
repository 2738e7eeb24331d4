import { mailboxError, refusalError } from "./imap-error.ts";
import type { ImapLine } from "./imap-line.ts";
import { isRefusal, MailboxError, type MailboxChanges, type NewPlace } from "./session.ts";
import { isNumber32 } from "./uid.ts";

/** A folder as it was opened for reading. */
export interface OpenFolder {
  readonly folder: string;
  readonly uidValidity: number;
}

/** What the changes need of the session whose connection they use. */
export interface Reading {
  readonly opened: () => OpenFolder | null;
  readonly reopen: (folder: string) => Promise<void>;
}

/** Changes over the line of a session; what it had open for reading is open again afterwards. */
export function createMailboxChanges(line: ImapLine, reading: Reading): MailboxChanges {
  const changes = new Changes(line, reading);
  return {
    keywords: async (folder, uid, change) =>
      changes.writing(folder, async () => changes.keywords(String(uid), change)),
    move: async (folder, uid, to) => changes.writing(folder, async () => changes.move(uid, to)),
    createFolder: async (path) => changes.createFolder(path),
  };
}

class Changes {
  readonly #line: ImapLine;
  readonly #reading: Reading;
  /** Response code of the last NO or BAD: imapflow swallows these errors. */
  #refusal: { readonly code: string | null } | null = null;

  constructor(line: ImapLine, reading: Reading) {
    this.#line = line;
    this.#reading = reading;
    line.client.on("response", ({ response, code }) => {
      this.#refusal = response === "OK" ? null : { code: code ?? null };
    });
  }

  /** Opens the folder for writing (SELECT), and afterwards what was open before for reading. */
  async writing<T>(folder: string, work: () => Promise<T>): Promise<T> {
    const before = this.#reading.opened();
    try {
      await this.#select(folder, before);
      return await work();
    } finally {
      if (this.#line.client.usable) await this.#reading.reopen(before?.folder ?? folder);
    }
  }

  async #select(folder: string, before: OpenFolder | null): Promise<void> {
    const { client } = this.#line;
    const selected = await this.#line.run({ what: "SELECT" }, async () => client.mailboxOpen(folder));
    // UIDs were learnt while the folder was open for reading; under another UIDVALIDITY they name other mails.
    if (before?.folder === folder && Number(selected.uidValidity) !== before.uidValidity) {
      client.close();
      throw this.#line.breach("changed the UIDVALIDITY of a folder between two commands");
    }
  }

  async keywords(
    uid: string,
    change: { readonly add: readonly string[]; readonly remove: readonly string[] },
  ): Promise<boolean> {
    const { client } = this.#line;
    const kept = client.mailbox === false ? undefined : client.mailbox.permanentFlags;
    if (kept === undefined || !(kept.has("\\*") || change.add.every((keyword) => kept.has(keyword))))
      return false;
    const options = { uid: true, silent: true };
    const { add, remove } = change;
    if (remove.length > 0)
      await this.#command("STORE", async () => client.messageFlagsRemove(uid, [...remove], options));
    if (add.length > 0)
      await this.#command("STORE", async () => client.messageFlagsAdd(uid, [...add], options));
    return true;
  }

  async move(uid: number, to: string): Promise<NewPlace | "moved" | null> {
    if (!(await this.#exists(uid))) return null;
    try {
      return await this.#moveOnce(uid, to);
    } catch (error) {
      if (!(error instanceof MailboxError) || error.reason !== "no-such-folder") throw error;
      await this.createFolder(to);
      return this.#moveOnce(uid, to);
    }
  }

  async createFolder(path: string): Promise<boolean> {
    const { client } = this.#line;
    try {
      const made = await this.#line.run({ what: "CREATE" }, async () => client.mailboxCreate(path));
      return made.created;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      // Servers before RFC 5530 say NO without a code to what exists.
      const listed = await this.#line.run({ what: "LIST" }, async () => client.list());
      if (listed.some((folder) => folder.path === path)) return false;
      throw error;
    }
  }

  async #moveOnce(uid: number, to: string): Promise<NewPlace | "moved"> {
    const { client } = this.#line;
    const options = { uid: true };
    if (client.capabilities.has("MOVE")) {
      const moved = await this.#command("MOVE", async () => client.messageMove(String(uid), to, options));
      return newPlace(moved, uid);
    }
    // A copy that was made before the connection broke is made once more: better twice there than nowhere.
    const copied = await this.#command("COPY", async () => client.messageCopy(String(uid), to, options));
    await this.#command("STORE", async () => client.messageFlagsAdd(String(uid), ["\\Deleted"], options));
    // A plain EXPUNGE would also remove what the account has marked as deleted (RFC 4315 section 2.1).
    if (client.capabilities.has("UIDPLUS")) {
      await this.#command("EXPUNGE", async () => client.messageDelete(String(uid), options));
    }
    return newPlace(copied, uid);
  }

  async #exists(uid: number): Promise<boolean> {
    const { client } = this.#line;
    return this.#line.run({ what: "FETCH of a UID" }, async () => {
      let found = false;
      for await (const row of client.fetch(String(uid), { uid: true }, { uid: true })) {
        if (row.uid === uid) found = true;
      }
      return found;
    });
  }

  /** A command whose refusal imapflow answers with `false`. Throws MailboxError then, by the server's response code. */
  async #command<T>(what: string, command: () => Promise<T | false | undefined>): Promise<T> {
    this.#refusal = null;
    return this.#line.run({ what }, async () => {
      const answer = await command();
      if (answer !== false && answer !== undefined) return answer;
      if (!this.#line.client.usable) throw mailboxError({ code: "NoConnection" }, this.#line.server);
      throw this.#refused();
    });
  }

  #refused(): MailboxError {
    const { client, server } = this.#line;
    const isReadOnly = client.mailbox !== false && client.mailbox.readOnly === true;
    return refusalError(isReadOnly ? "NOPERM" : (this.#refusal?.code ?? null), server);
  }
}

function newPlace(
  moved: { readonly uidValidity?: bigint | undefined; readonly uidMap?: Map<number, number> | undefined },
  uid: number,
): NewPlace | "moved" {
  const uidValidity = Number(moved.uidValidity ?? 0);
  const found = moved.uidMap?.get(uid);
  return isNumber32(uidValidity) && isNumber32(found) ? { uidValidity, uid: found } : "moved";
}
