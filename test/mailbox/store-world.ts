import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { MailServer } from "../../src/config/config.ts";
import {
  type MailboxEvent,
  createMailboxes,
  type Mailboxes,
  type MailboxesParts,
} from "../../src/mailbox/watch-all.ts";
import { mailboxPasswordPlace } from "../../src/mailbox/mailbox-row.ts";
import { rulesByPresence, type ScanRules } from "../../src/mailbox/scan-rules.ts";
import { insertAccount } from "../../src/store/accounts.ts";
import {
  insertMailbox,
  listMailboxes,
  type MailboxRow,
  type NamedMailbox,
} from "../../src/store/mailboxes.ts";
import { createSealer, generateKey, type Sealer } from "../../src/store/sealing.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { dovecotPassword } from "../world/dovecot.ts";

export const shareField = "X-Open-Xchange-Share-URL";

export interface MailStore extends AsyncDisposable {
  readonly store: Store;
  readonly sealer: Sealer;
  /** Ids that the rules were told of, in the order of their transactions. */
  readonly planned: string[];
  readonly rules: ScanRules;
  /** Adds an account of that name with a mailbox; null logs in as master user. */
  addMailbox(name: string, change?: Partial<MailboxRow>, password?: string | null): Promise<MailboxRow>;
  mailbox(name: string): Promise<NamedMailbox>;
  /** UIDs of found mails, by folder. */
  foundUids(name: string, folder?: string): Promise<readonly number[]>;
}

export async function openMailStore(): Promise<MailStore> {
  const directory = await mkdtemp(join(tmpdir(), "usher-mail-store-"));
  const store = await openStore(join(directory, "usher.db"));
  const sealer = createSealer(generateKey());
  const planned: string[] = [];
  async function mailbox(name: string): Promise<NamedMailbox> {
    const row = (await listMailboxes(store.db)).find(({ account }) => account === name);
    if (row === undefined) throw new Error(`No mailbox of ${name}.`);
    return row;
  }
  return {
    store,
    sealer,
    planned,
    rules: rulesByPresence([shareField.toLowerCase()], async (_db, found) => {
      await Promise.resolve();
      planned.push(...found.map(({ id }) => id));
    }),
    mailbox,
    addMailbox: async (name, change = {}, password = dovecotPassword) => {
      const account = {
        id: `a-${name}`,
        name,
        locale: "en",
        modules: [],
        addresses: [`${name}@example.org`],
      };
      await insertAccount(store.db, { ...account, createdAt: 0 });
      const row = { ...emptyMailbox(name), ...change };
      const sealed = password === null ? null : sealer.seal(password, mailboxPasswordPlace(row.id));
      await insertMailbox(store.db, {
        ...row,
        auth: sealed === null ? "master" : "password",
        password_sealed: sealed,
      });
      return mailbox(name);
    },
    foundUids: async (name, folder = "INBOX") => {
      const rows = await store.db
        .selectFrom("message")
        .select("uid")
        .where("account_id", "=", `a-${name}`)
        .where("folder", "=", folder)
        .orderBy("uid")
        .execute();
      return rows.map(({ uid }) => uid);
    },
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function emptyMailbox(name: string): MailboxRow {
  return {
    id: `b-${name}`,
    account_id: `a-${name}`,
    server: "local",
    login: name,
    auth: "password",
    password_sealed: null,
    folders_json: '["INBOX"]',
    look_back_from: null,
    state: "active",
    state_reason: null,
    auth_failures: 0,
    first_auth_failure_at: null,
    progress_at: null,
    created_at: 0,
  };
}

export interface Watching extends AsyncDisposable {
  readonly mailboxes: Mailboxes;
  readonly events: readonly (MailboxEvent & { readonly account: string | null })[];
}

/** Watches the mailboxes of a store, with short waits. */
export async function watch(
  world: MailStore,
  mailServers: Readonly<Record<string, MailServer>>,
  change: Partial<MailboxesParts> = {},
): Promise<Watching> {
  const events: (MailboxEvent & { readonly account: string | null })[] = [];
  const quick = { stepsMs: [100] as const, growth: 2, capMs: 800 };
  const mailboxes = await createMailboxes({
    store: world.store,
    sealer: world.sealer,
    rules: async () => world.rules,
    // Nothing that a test waits for comes by looking now and then.
    settings: () => ({ mailServers, pollEveryMs: 3600_000 }),
    report: (event, about) => events.push({ ...event, account: about?.account ?? null }),
    random: () => 0.5,
    patience: {
      reconnect: quick,
      authentication: quick,
      stableMs: 300_000,
      authFailures: 3,
      authFailureMs: 60_000,
    },
    refreshEveryMs: 100,
    ...change,
  });
  return { mailboxes, events, [Symbol.asyncDispose]: async () => mailboxes[Symbol.asyncDispose]() };
}

/** Waits until something holds; throws with what there is instead after 60 s. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: () => unknown = () => "",
): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > deadline)
      throw new Error(`It did not come to pass within 60 s: ${JSON.stringify(what())}`);
    await wait(15);
  }
}
