import { type Smtp } from "../../src/config/config.ts";
import type { Evidence } from "../../src/domain/evidence.ts";
import type { ShareNotification } from "../../src/domain/share.ts";
import { createSqlQueue } from "../../src/jobs/sql-queue.ts";
import { createNoticeWriter } from "../../src/mail/notice-writer.ts";
import { createSmtpTransport } from "../../src/mail/smtp-transport.ts";
import { createTemplates } from "../../src/mail/templates/templates.ts";
import { judge } from "../../src/receiving/judge.ts";
import { planNoticeOf } from "../../src/receiving/notices.ts";
import type { ReceivingParts } from "../../src/receiving/parts.ts";
import { createSendNotice } from "../../src/receiving/send-notice.ts";
import type { NoticeRow } from "../../src/store/notices.ts";
import { type JudgeWorld, openJudgeWorld } from "./judge-world.ts";

export const publicUrl = "https://usher.example.org";

/** The account bob, whose shares are judged, and the whole way from a change of state to SMTP. */
export interface NoticeWorld extends AsyncDisposable {
  readonly judging: JudgeWorld;
  /** Changes of state plan notices here. */
  readonly parts: ReceivingParts;
  smtp: Smtp | null;
  server: string | null;
  folder: string | null;
  /** One more share mail, judged; each names a share of its own. Gives the id of its notification. */
  share(about?: ShareAbout): Promise<string>;
  /** Sends what is due now, and returns how many attempts that were. */
  work(): Promise<number>;
  /** Lets time pass for the queue. */
  pass(ms: number): void;
  notices(): Promise<readonly NoticeRow[]>;
  speak(locale: string): Promise<void>;
}

export interface ShareAbout {
  readonly share?: Partial<ShareNotification>;
  readonly evidence?: Partial<Evidence>;
  readonly trusted?: boolean;
  readonly messageId?: string;
}

/** Compiled once for all worlds. */
const templates = createTemplates();

export async function openNoticeWorld(smtp: Smtp | null): Promise<NoticeWorld> {
  const judging = await openJudgeWorld();
  judging.settings.notify = true;
  const { store } = judging;
  let passedMs = 0;
  const clock = (): number => Date.now() + passedMs;
  const queue = createSqlQueue({ store, owner: "test/2", random: () => 0.5, clock });
  const sender = (): Smtp["from"] | null => world.smtp?.from ?? null;
  const parts: ReceivingParts = {
    ...judging.parts,
    queue,
    onStateChanged: async (db, change) => planNoticeOf(db, change, { ...judging.parts, queue, sender }),
  };
  const transport = createSmtpTransport(() => world.smtp);
  const worker = createSendNotice({
    ...parts,
    transport,
    sender,
    writeNotice: createNoticeWriter(() => templates),
    answering: () => ({ publicUrl: world.server, folder: world.folder }),
  });
  let shares = 0;
  const world: NoticeWorld = {
    judging,
    parts,
    smtp,
    server: publicUrl,
    folder: null,
    async share({ share, ...about } = {}) {
      shares += 1;
      const shareId = `${shares}`.padStart(48, "0");
      const messageId = `<${shares}@cloud-a.example>`;
      const found = await judging.finding({ messageId, ...about, share: { shareId, ...share } });
      return (await store.transaction(async (db) => judge(db, found, parts))).notificationId;
    },
    work: async () =>
      queue.drain({ "send-notice": worker }, { kinds: ["send-notice"] }, AbortSignal.timeout(60_000)),
    pass: (ms) => {
      passedMs += ms;
    },
    notices: async () => store.db.selectFrom("notice").selectAll().orderBy("created_at").execute(),
    speak: async (locale) => void (await store.db.updateTable("account").set({ locale }).execute()),
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
      await judging[Symbol.asyncDispose]();
    },
  };
  return world;
}
