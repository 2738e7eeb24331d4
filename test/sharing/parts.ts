import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Smtp } from "../../src/config/config.ts";
import { createSqlQueue } from "../../src/jobs/sql-queue.ts";
import { createDkimSigner } from "../../src/mail/dkim-signer.ts";
import { createInvitationWriter } from "../../src/mail/invitation-writer.ts";
import { createSmtpTransport } from "../../src/mail/smtp-transport.ts";
import { createTemplates } from "../../src/mail/templates/templates.ts";
import { createSharing, type NewSharingRequest } from "../../src/sharing/create.ts";
import type { SharingParts, SharingSettings } from "../../src/sharing/parts.ts";
import { createSendInvitation } from "../../src/sharing/send-invitation.ts";
import { createSweepSharings } from "../../src/sharing/sweep.ts";
import { newId } from "../../src/store/ids.ts";
import { createSealer, generateKey } from "../../src/store/sealing.ts";
import { type InvitedRecipient, readRecipients } from "../../src/store/invited.ts";
import { openStore } from "../../src/store/store.ts";

export const link = "https://cloud.example.org/s/0a1b2c3d4e5f60718293";

export interface SharingWorld extends AsyncDisposable {
  readonly parts: SharingParts;
  smtp: Smtp | null;
  /** What the site says; lets everything through at once, and nothing end, unless a test changes it. */
  settings: SharingSettings;
  /** What the schedule does once in a minute. */
  sweep(): Promise<void>;
  /** Creates a sharing by alice; throws where it is refused. */
  share(change?: Partial<NewSharingRequest>): Promise<string>;
  /** Does the work that is due now, and returns how many attempts that were. */
  work(): Promise<number>;
  /** Lets time pass for the queue. */
  pass(ms: number): void;
  /** What the log was told, in order. */
  readonly told: readonly { readonly event: string }[];
  recipients(sharingId: string): Promise<readonly InvitedRecipient[]>;
}

/** A store with the account alice, and the whole way from a sharing to SMTP; templates compiled once for all worlds. */
export async function openSharingWorld(smtp: Smtp | null): Promise<SharingWorld> {
  const directory = await mkdtemp(join(tmpdir(), "usher-sharing-"));
  const store = await openStore(join(directory, "usher.sqlite"));
  await store.db
    .insertInto("account")
    .values({ id: "a1", name: "alice", locale: "en", modules_json: "[]", created_at: 0 })
    .execute();
  await store.db
    .insertInto("account_address")
    .values({
      address_key: "alice@example.org",
      account_id: "a1",
      address: "alice@example.org",
      is_primary: 1,
    })
    .execute();
  let passedMs = 0;
  const told: { readonly event: string }[] = [];
  const queue = createSqlQueue({
    store,
    owner: "test",
    random: () => 0.5,
    clock: () => Date.now() + passedMs,
  });
  const transport = createSmtpTransport(() => world.smtp);
  const parts: SharingParts = {
    store,
    queue,
    transport,
    newId,
    sealer: createSealer(generateKey()),
    writeInvitation: createInvitationWriter(() => templates),
    tell: (event, fields) => void told.push({ event, ...fields }),
    sender: () => world.smtp?.from ?? null,
    sign: createDkimSigner(() => world.smtp?.dkim ?? null),
    settings: () => world.settings,
    bounces: () => world.smtp?.bounces ?? null,
    random: () => 0.5,
  };
  const workers = {
    "send-invitation": createSendInvitation(parts),
    "sweep-sharings": createSweepSharings(parts),
  };
  const world: SharingWorld = {
    parts,
    smtp,
    settings: openSettings,
    told,
    async share(change = {}) {
      const created = await createSharing(parts, { ...request, ...change });
      if (created.kind === "refused") throw new Error(JSON.stringify(created.problems));
      return created.id;
    },
    sweep: async () => {
      await queue.enqueue(store.db, { kind: "sweep-sharings", subject: "site", lane: "site" });
      await queue.drain(workers, { kinds: ["sweep-sharings"] }, AbortSignal.timeout(60_000));
    },
    work: async () => queue.drain(workers, { kinds: ["send-invitation"] }, AbortSignal.timeout(60_000)),
    pass: (ms) => {
      passedMs += ms;
    },
    recipients: async (sharingId) => readRecipients(store.db, sharingId),
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
  return world;
}

const templates = createTemplates();

export const request: NewSharingRequest = {
  account: "alice",
  title: "Quarterly report",
  link,
  message: "Please have a look.",
  locale: null,
  to: ["bob@example.net"],
  expiresAtMs: null,
  by: "test",
  key: null,
};

/** A site that says nothing of its own, and lets everything through at once. */
export const openSettings: SharingSettings = {
  remindAfterMs: [],
  expireAfterMs: null,
  quietHours: null,
  limits: { perMinute: 10_000, perDay: 10_000, perRecipientPerDay: 10_000, perDomainPerHour: 10_000 },
  publicUrl: null,
};

/** The SMTP part of a configuration for a server on loopback. */
export function smtpAt(port: number): Smtp {
  const from = { name: "Example Cloud", address: "share@example.org" };
  return {
    host: "127.0.0.1",
    port,
    tls: "none",
    ca: null,
    login: null,
    password: null,
    bounces: null,
    deliveryReports: "failures",
    dkim: null,
    from,
  };
}
