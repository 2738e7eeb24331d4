import { randomBytes } from "node:crypto";
import { Secret } from "../../src/config/secret.ts";
import type { Evidence } from "../../src/domain/evidence.ts";
import type { Rule } from "../../src/domain/policy.ts";
import type { ShareNotification } from "../../src/domain/share.ts";
import { createSqlQueue } from "../../src/jobs/sql-queue.ts";
import { noWayOut } from "../../src/no-way-out.ts";
import type { Protocol } from "../../src/protocols/protocol.ts";
import { createProtocols } from "../../src/protocols/protocols.ts";
import type { Finding } from "../../src/receiving/finding.ts";
import { judge, type Judged } from "../../src/receiving/judge.ts";
import type { NotificationChange, ReceivingParts, ReceivingSettings } from "../../src/receiving/parts.ts";
import { insertAccount } from "../../src/store/accounts.ts";
import { newId } from "../../src/store/ids.ts";
import { type RecordLine, readRecord } from "../../src/store/records.ts";
import { createSealer } from "../../src/store/sealing.ts";
import type { Store } from "../../src/store/store.ts";
import { temporaryStore } from "../store/temporary.ts";

/** A store with the accounts bob and carla, and what judging needs; nothing can reach another server. */
export interface JudgeWorld extends AsyncDisposable {
  readonly store: Store;
  readonly parts: ReceivingParts;
  readonly settings: { -readonly [Key in keyof ReceivingSettings]: ReceivingSettings[Key] };
  readonly changes: NotificationChange[];
  /** One more mail in a mailbox, judged; the same Message-ID unless another is given. */
  mail(about?: Partial<MailAbout>): Promise<Judged>;
  finding(about?: Partial<MailAbout>): Promise<Finding>;
  record(id: string): Promise<readonly RecordLine[]>;
  jobs(): Promise<readonly { readonly kind: string; readonly subject: string }[]>;
}

interface MailAbout {
  readonly messageId: string;
  readonly account: string;
  readonly folder: string;
  readonly share: Partial<ShareNotification>;
  readonly evidence: Partial<Evidence>;
  readonly trusted: boolean;
}

export async function openJudgeWorld(
  protocols: readonly Protocol[] = createProtocols({ http: noWayOut }),
): Promise<JudgeWorld> {
  const store = await temporaryStore();
  const settings = {
    policy: [] as readonly Rule[],
    notify: false,
    holdMs: 3600_000,
    verifyDkim: false,
    trustedAuthservIds: [],
    checkEveryMs: 3600_000,
    pauseAfterErrorMs: 3600_000,
  };
  const changes: NotificationChange[] = [];
  const parts: ReceivingParts = {
    store,
    sealer: createSealer(new Secret(randomBytes(32).toString("base64"))),
    queue: createSqlQueue({ store, owner: "test/1" }),
    protocols,
    settings: () => settings,
    onStateChanged: async (_db, change) => {
      await Promise.resolve();
      changes.push(change);
    },
    tell: () => {},
    newId,
    random: () => 0.5,
  };
  for (const name of ["bob", "carla"]) await addAccount(store, name);
  let uid = 0;
  async function finding(about: Partial<MailAbout> = {}): Promise<Finding> {
    uid += 1;
    return findingOf(store, parts, { ...plain, ...about, uid });
  }
  return {
    store,
    parts,
    settings,
    changes,
    finding,
    async mail(about) {
      const found = await finding(about);
      return store.transaction(async (db) => judge(db, found, parts));
    },
    record: async (id) => readRecord(store.db, id),
    jobs: async () => store.db.selectFrom("job").select(["kind", "subject"]).orderBy("id").execute(),
    [Symbol.asyncDispose]: async () => store[Symbol.asyncDispose](),
  };
}

const plain: MailAbout = {
  messageId: "<1@cloud-a.example>",
  account: "bob",
  folder: "INBOX",
  share: {},
  evidence: {},
  trusted: true,
};

const token = "017e6264027bd25a17e62632".repeat(2);

async function findingOf(
  store: Store,
  { protocols }: ReceivingParts,
  about: MailAbout & { readonly uid: number },
): Promise<Finding> {
  const share: ShareNotification = {
    protocol: "ox",
    variant: "share-created",
    origin: "https://share.cloud-a.example",
    link: `https://share.cloud-a.example/ajax/share/${token}/1/8/Mzk`,
    shareId: token,
    recipientKind: "named-guest",
    module: "files",
    folder: "39",
    item: null,
    sharer: { name: "Alice", address: "alice@cloud-a.example" },
    title: "Plans",
    ...about.share,
  };
  const accountId = `a-${about.account}`;
  return {
    mail: await addMessage(store, accountId, about),
    share,
    evidence: evidenceOf(share, about),
    problems: [],
    account: { id: accountId, name: about.account },
    who: {
      addresses: [`${about.account}@example.org`],
      modules: ["files", "calendar", "contacts", "tasks"],
      locale: "en",
      accountId: "a1",
      instanceUrl: null,
      homes: [],
    },
    protocol: protocols.find(({ name }) => name === share.protocol) ?? null,
  };
}

function evidenceOf(share: ShareNotification, { trusted, evidence }: MailAbout): Evidence {
  return {
    authentication: {
      from: share.sharer.address,
      dkim: null,
      spf: null,
      dmarc: trusted ? "pass" : null,
      authservId: trusted ? "mx.example.org" : null,
      by: trusted ? "authentication-results" : null,
      trusted,
      linkAligned: true,
    },
    signature: null,
    origin: null,
    link: null,
    sender: null,
    signals: [],
    isKnownOrigin: false,
    isJunk: false,
    isKnownContact: false,
    isTrustedSender: false,
    ...evidence,
  };
}

async function addAccount(store: Store, name: string): Promise<void> {
  const id = `a-${name}`;
  await store.transaction(async (db) => {
    const createdAt = Date.now();
    const addresses = [`${name}@example.org`];
    await insertAccount(db, { id, name, locale: "en", modules: ["files"], addresses, createdAt });
    await db
      .insertInto("mailbox")
      .values({
        id: `m-${name}`,
        account_id: id,
        server: "local",
        login: name,
        auth: "master",
        password_sealed: null,
        folders_json: '["INBOX"]',
        look_back_from: null,
        state: "active",
        state_reason: null,
        auth_failures: 0,
        first_auth_failure_at: null,
        progress_at: null,
        created_at: createdAt,
      })
      .execute();
  });
}

async function addMessage(
  store: Store,
  accountId: string,
  { account, folder, messageId, uid }: MailAbout & { readonly uid: number },
): Promise<Finding["mail"]> {
  const row = {
    id: newId("x"),
    account_id: accountId,
    mailbox_id: `m-${account}`,
    folder,
    uid_validity: 1,
    uid,
    message_key: messageId,
    state: "found" as const,
    verdict: null,
    notification_id: null,
    found_at: Date.now(),
  };
  await store.db.insertInto("message").values(row).execute();
  return row;
}
