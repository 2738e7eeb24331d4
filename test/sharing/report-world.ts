import { bounceAddress } from "../../src/domain/bounce-address.ts";
import type { Attribution } from "../../src/domain/delivery-report.ts";
import { invitationMessageId } from "../../src/domain/invitation.ts";
import type { RecipientState } from "../../src/domain/recipient.ts";
import { createSqlQueue, type SqlQueue } from "../../src/jobs/sql-queue.ts";
import { parseMail } from "../../src/mail/parse.ts";
import { bouncePurpose, type ReportParts, takeReport } from "../../src/sharing/take-report.ts";
import { newId } from "../../src/store/ids.ts";
import { createSealer, generateKey, type Sealer } from "../../src/store/sealing.ts";
import type { Store } from "../../src/store/store.ts";
import { suppressedAddresses } from "../../src/store/suppressions.ts";
import { temporaryStore } from "../store/temporary.ts";
import type { ReportAbout } from "../world/reports.ts";

/** One invitation that was sent, and what a report about it needs to know. */
export interface Sent extends ReportAbout {
  readonly invitationId: string;
  readonly recipientId: string;
  readonly sharingId: string;
}

/** The account alice, whose sharings are reported on. */
export interface ReportWorld extends AsyncDisposable {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly queue: SqlQueue;
  readonly parts: ReportParts;
  /** What the log was told. */
  readonly told: readonly { readonly event: string; readonly status?: unknown }[];
  /** A sharing that was mailed to this address; of the same sharing as another where that is given. */
  sent(recipient: string, same?: Sent): Promise<Sent>;
  /** A report is read: text with line feeds, or bytes as they are. */
  take(mail: string | Buffer): Promise<Attribution | null>;
  /** Recipient and invitation as they stand. */
  stand(sent: Sent): Promise<object>;
  put(sent: Sent, state: RecipientState): Promise<void>;
  /** What the timeline of the recipient says, in order. */
  timeline(sent: Sent): Promise<readonly string[]>;
  suppressed(): Promise<readonly string[]>;
  /** Lets time pass for the queue. */
  pass(ms: number): void;
}

export async function openReportWorld(): Promise<ReportWorld> {
  const store = await temporaryStore();
  const sealer = createSealer(generateKey());
  const told: { readonly event: string; readonly status?: unknown }[] = [];
  let passedMs = 0;
  const queue = createSqlQueue({
    store,
    owner: "test/1",
    random: () => 0.5,
    clock: () => Date.now() + passedMs,
  });
  const parts: ReportParts = {
    sealer,
    queue,
    newId,
    sender: () => ({ name: "Example", address: "usher@site.example" }),
    tell: (event, fields) => void told.push({ event, ...fields }),
  };
  await addAlice(store);
  return {
    store,
    sealer,
    queue,
    parts,
    told,
    sent: async (recipient, same) => addSent(store, sealer, recipient, same?.sharingId),
    async take(mail) {
      const raw = typeof mail === "string" ? Buffer.from(mail.replaceAll("\n", "\r\n")) : mail;
      const view = await parseMail(raw);
      return store.transaction(async (db) => takeReport(db, view, parts));
    },
    stand: async (sent) => standOf(store, sent),
    put: async (sent, state) =>
      void (await store.db
        .updateTable("recipient")
        .set({ state })
        .where("id", "=", sent.recipientId)
        .execute()),
    timeline: async (sent) => timelineOf(store, sent),
    suppressed: async () => (await suppressedAddresses(store.db, Date.now())).map(({ address }) => address),
    pass: (ms) => {
      passedMs += ms;
    },
    [Symbol.asyncDispose]: async () => store[Symbol.asyncDispose](),
  };
}

async function addAlice({ db }: Store): Promise<void> {
  await db
    .insertInto("account")
    .values({ id: "a1", name: "alice", locale: "de", modules_json: "[]", created_at: 0 })
    .execute();
  const address = "alice@site.example";
  await db
    .insertInto("account_address")
    .values({ address_key: address, account_id: "a1", address, is_primary: 1 })
    .execute();
}

async function addSent(
  { db }: Store,
  sealer: Sealer,
  recipient: string,
  known: string | undefined,
): Promise<Sent> {
  const sharingId = known ?? newId("h");
  const nowMs = Date.now();
  if (known === undefined) {
    const sharing = { id: sharingId, account_id: "a1", title: "Plans", link_sealed: "", message: null };
    await db
      .insertInto("sharing")
      .values({ ...sharing, created_at: nowMs })
      .execute();
  }
  const [recipientId, invitationId] = [newId("r"), newId("i")];
  await db
    .insertInto("recipient")
    .values({
      id: recipientId,
      sharing_id: sharingId,
      address_key: recipient,
      address: recipient,
      name: null,
      locale: "en",
      state: "pending",
      reason: null,
      created_at: nowMs,
      updated_at: nowMs,
    })
    .execute();
  const messageId = invitationMessageId(invitationId, "site.example");
  await db
    .insertInto("invitation")
    .values({
      id: invitationId,
      recipient_id: recipientId,
      template: "invitation",
      message_id: messageId,
      raw_sealed: null,
      state: "sent",
      attempts: 1,
      unknown_attempts: 0,
      reply: "250 2.0.0 Ok",
      created_at: nowMs,
      sent_at: nowMs,
    })
    .execute();
  const mac = sealer.mac(bouncePurpose, invitationId);
  const to = bounceAddress("bounces@site.example", { invitationId, mac });
  return { to, recipient, messageId, invitationId, recipientId, sharingId };
}

async function standOf({ db }: Store, sent: Sent): Promise<object> {
  return db
    .selectFrom("recipient")
    .innerJoin("invitation", "invitation.recipient_id", "recipient.id")
    .select([
      "recipient.state",
      "recipient.reason",
      "invitation.state as mail",
      "invitation.fate",
      "invitation.fate_status as status",
    ])
    .where("invitation.id", "=", sent.invitationId)
    .executeTakeFirstOrThrow();
}

async function timelineOf({ db }: Store, sent: Sent): Promise<readonly string[]> {
  const rows = await db
    .selectFrom("record")
    .select("detail_json")
    .where("recipient_id", "=", sent.recipientId)
    .orderBy("id")
    .execute();
  return rows.map(({ detail_json: text }) => {
    const detail: { readonly what: string; readonly status: string | null; readonly because?: string } =
      JSON.parse(text);
    return [detail.what, detail.status, detail.because].filter((word) => word !== undefined).join(" ");
  });
}
