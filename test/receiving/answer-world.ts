import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JobOutcome, Workers } from "../../src/jobs/queue.ts";
import type { FolderAnswer } from "../../src/domain/answer-folders.ts";
import { createMailboxes, type Mailboxes } from "../../src/mailbox/watch-all.ts";
import { rulesByPresence } from "../../src/mailbox/scan-rules.ts";
import { openReading } from "../../src/reading.ts";
import { createMarkMessage } from "../../src/receiving/mark-message.ts";
import type { NotificationChange, ReceivingParts } from "../../src/receiving/parts.ts";
import { planAnswers, planMark } from "../../src/receiving/plan-mailbox.ts";
import { createReadAnswer } from "../../src/receiving/read-answer.ts";
import { createReadMessage } from "../../src/receiving/read-message.ts";
import { changeState } from "../../src/receiving/state.ts";
import { openSite, type Site } from "../../src/site.ts";
import { insertAccount } from "../../src/store/accounts.ts";
import { insertMailbox } from "../../src/store/mailboxes.ts";
import { type NotificationRow, readNotification } from "../../src/store/notifications.ts";
import type { NotificationState } from "../../src/store/schema.ts";
import { mailboxPasswordPlace } from "../../src/mailbox/mailbox-row.ts";
import { dovecotPassword } from "../world/dovecot.ts";
import { shareMail } from "../world/share-mail.ts";
import { mailServer, type MailWorld } from "../mailbox/world.ts";

/** The receiving side of a daemon on a real mail server; what an origin would answer is told by the test. */
export interface AnswerWorld extends AsyncDisposable {
  readonly site: Site;
  readonly mailboxes: Mailboxes;
  readonly changes: readonly NotificationChange[];
  readonly explained: readonly string[];
  /** What becomes of an accepted share; null lets it wait. */
  outcome: NotificationState | null;
  notifications(): Promise<readonly NotificationRow[]>;
  /** Ends the accepted share as the origin would. */
  settle(state: NotificationState): Promise<void>;
  jobs(): Promise<
    readonly { readonly kind: string; readonly state: string; readonly last_error: string | null }[]
  >;
}

export interface AnswerWorldOptions {
  readonly user: string;
  readonly answerFolder?: string | null;
  readonly keywords?: boolean;
  /** The jobs that set keywords do nothing, as when the daemon is killed before them. */
  readonly losesMarks?: boolean;
  /** Directory of an earlier world that was left without a goodbye. */
  readonly directory: string;
  readonly port?: number;
}

const token = "017e6264027bd25a17e62632".repeat(2);

/** A share mail for this user; the same number is the same share. */
export function share(user: string, number: number, messageId?: string): string {
  return shareMail({
    link: `https://share.cloud-a.example/ajax/share/${token.slice(0, -1)}${number}/1/8/Mzk`,
    sharer: { name: "Carla", address: "carla@cloud-a.example" },
    recipient: `${user}@example.org`,
    title: `Share ${number}`,
    messageId: messageId ?? `<share-${number}@cloud-a.example>`,
  });
}

export async function openAnswerWorld(mail: MailWorld, options: AnswerWorldOptions): Promise<AnswerWorld> {
  const stack = new AsyncDisposableStack();
  const site = stack.use(await siteIn(options.directory));
  await addUser(site, options.user);
  const changes: NotificationChange[] = [];
  const explained: string[] = [];
  const stop = new AbortController();
  const onStateChanged: ReceivingParts["onStateChanged"] = async (db, change) => {
    changes.push(change);
    await planMark(db, change.notificationId, site.queue);
  };
  const local = mailServer(mail, options.port === undefined ? {} : { tls: "none", port: options.port });
  const mailboxes = stack.use(
    await createMailboxes({
      ...site,
      rules: async () =>
        rulesByPresence(["x-open-xchange-share-url"], async (db, found) => {
          for (const { id } of found) {
            await site.queue.enqueue(db, {
              kind: "read-message",
              subject: id,
              lane: "m",
              uniqueKey: `read/${id}`,
            });
          }
        }),
      settings: () => ({
        mailServers: { local },
        pollEveryMs: 3600_000,
        answerFolder: options.answerFolder === undefined ? "Shares" : options.answerFolder,
      }),
      onAnswers: async (db, found, answer: FolderAnswer) => planAnswers(db, found, answer, site.queue),
      report: () => undefined,
      answerPollMs: 1000,
      random: () => 0.5,
    }),
  );
  const withSession: Mailboxes["withSession"] = async (id, use) => mailboxes.withSession(id, use);
  const reading = stack.use(openReading(site, () => site.config, withSession));
  const parts = { ...reading.parts, onStateChanged };
  const readMail = createReadMessage(parts);
  const markMail = createMarkMessage({ ...parts, keywords: () => options.keywords ?? true });
  const change = async (id: string, to: NotificationState): Promise<void> =>
    site.store.transaction(async (db) =>
      changeState(db, id, { state: to, reason: to === "failed" ? "revoked" : null, detail: null }, parts),
    );
  const workers: Workers = {
    "read-message": readMail,
    "read-answer": createReadAnswer({
      ...parts,
      readMail,
      markMail,
      explain: async (_db, { why }) => {
        await Promise.resolve();
        explained.push(why);
      },
    }),
    "mark-message": options.losesMarks === true ? async () => ({ kind: "done" }) : markMail,
    follow: async (job): Promise<JobOutcome> => {
      if (world.outcome !== null) await change(job.subject, world.outcome);
      return { kind: "done" };
    },
  };
  const working = site.queue.work(workers, stop.signal);
  stack.defer(async () => {
    stop.abort();
    await working;
  });
  const world: AnswerWorld = {
    site,
    mailboxes,
    changes,
    explained,
    outcome: "followed",
    notifications: async () => site.store.db.selectFrom("notification").selectAll().execute(),
    settle: async (state) => {
      for (const { id } of await world.notifications()) {
        const row = await readNotification(site.store.db, id);
        if (row?.state === "accepted") await change(id, state);
      }
    },
    jobs: async () => site.store.db.selectFrom("job").select(["kind", "state", "last_error"]).execute(),
    [Symbol.asyncDispose]: async () => stack.disposeAsync(),
  };
  return world;
}

async function siteIn(directory: string): Promise<Site> {
  const configFile = join(directory, "usher.yaml");
  const keyFile = join(directory, "usher.key");
  // An earlier world has sealed the mailbox's password with it.
  await writeFile(keyFile, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600, flag: "wx" }).catch(
    () => undefined,
  );
  const yaml = `key: { file: usher.key }\nstore: { file: ${join(directory, "usher.db")} }\nmailServers: {}\nlog: { level: error }\n`;
  await writeFile(configFile, yaml);
  const opened = await openSite({ configFile, env: {}, owner: "daemon", writeLog: () => undefined });
  if (!opened.ok) throw new Error(JSON.stringify(opened.problems));
  return opened.site;
}

async function addUser({ store, sealer }: Site, user: string): Promise<void> {
  const known = await store.db.selectFrom("account").select("id").executeTakeFirst();
  if (known !== undefined) return;
  await insertAccount(store.db, {
    id: `a-${user}`,
    name: user,
    locale: "en",
    modules: ["files"],
    addresses: [`${user}@example.org`],
    createdAt: 0,
  });
  await insertMailbox(store.db, {
    id: `b-${user}`,
    account_id: `a-${user}`,
    server: "local",
    login: user,
    auth: "password",
    password_sealed: sealer.seal(dovecotPassword, mailboxPasswordPlace(`b-${user}`)),
    folders_json: '["INBOX"]',
    look_back_from: null,
    state: "active",
    state_reason: null,
    auth_failures: 0,
    first_auth_failure_at: null,
    progress_at: null,
    created_at: 0,
  });
}
