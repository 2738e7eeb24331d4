import { join } from "node:path";
import { limits } from "../../src/domain/limits.ts";
import { createSqlQueue } from "../../src/jobs/sql-queue.ts";
import { createSmtpTransport } from "../../src/mail/smtp-transport.ts";
import { createSharing } from "../../src/sharing/create.ts";
import { createSendInvitation } from "../../src/sharing/send-invitation.ts";
import { insertAccount } from "../../src/store/accounts.ts";
import { generateKey } from "../../src/store/sealing.ts";
import type { InvitationRow } from "../../src/store/sharings.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { temporaryDirectory } from "../store/temporary.ts";
import { type Child, startChild } from "../world/killed-process/child.ts";
import {
  type ScriptedMail,
  type ScriptedSmtp,
  type SmtpPhase,
  startScriptedSmtp,
} from "../world/scripted-smtp.ts";
import { request, smtpAt } from "./parts.ts";
import { sendingParts } from "./sending-parts.ts";

const invited = 20;

/** Twenty planned invitations, processes that send them and are killed, and a mail server that counts. */
export interface Twenty extends AsyncDisposable {
  readonly server: ScriptedSmtp;
  /** A process sends and dies at this step; how many steps it took where it came to the end, else null. */
  sendAndDieAt(step: number): Promise<number | null>;
  /** A process sends, and is killed when the mail server reaches this phase, before it replies. */
  sendAndDieAtPhase(phase: SmtpPhase): Promise<void>;
  /** A last process that nobody kills, in which time passes quickly. */
  sendTheRest(): Promise<void>;
  /** What was lost or doubled beyond the stated bounds, one line each. */
  verdict(): Promise<readonly string[]>;
}

export async function planTwenty(): Promise<Twenty> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryDirectory());
  const server = stack.use(await startScriptedSmtp());
  const file = join(directory.path, "usher.sqlite");
  const store = stack.use(await openStore(file));
  const key = generateKey().reveal();
  const smtp = smtpAt(server.port);
  const transport = stack.use(createSmtpTransport(() => smtp));
  const queue = createSqlQueue({ store, owner: "serve:0" });
  const parts = sendingParts({ store, queue, key, transport, smtp });
  await insertAccount(store.db, {
    id: "a1",
    name: "alice",
    locale: "en",
    modules: [],
    addresses: ["alice@example.org"],
    createdAt: 0,
  });
  const to = Array.from({ length: invited }, (_, place) => `guest${place}@example.net`);
  await createSharing(parts, { ...request, to });
  const owned = stack.move();
  /** How often a kill left a mail of which nobody knows whether it arrived, by its id. */
  const unclear = new Map<string, number>();
  const start = (step: number): Child =>
    startChild("send-until-killed-main.ts", file, key, String(server.port), String(step));
  const bury = async (): Promise<void> => {
    for (const { id } of await attempting(store)) unclear.set(id, (unclear.get(id) ?? 0) + 1);
    await queue.releaseOwn("serve:");
    await letTimePass(store);
  };
  return {
    server,
    sendAndDieAt: async (step) => {
      await using child = start(step);
      const { lines } = await child.rest();
      await bury();
      const [, steps] = /^survived (\d+)$/.exec(lines[0] ?? "") ?? [];
      return steps === undefined ? null : Number(steps);
    },
    sendAndDieAtPhase: async (phase) => {
      await using child = start(0);
      const killed = Promise.withResolvers<void>();
      server.setScript((reached) => {
        if (reached !== phase) return null;
        server.setScript(null);
        void child.kill("SIGKILL").then(killed.resolve);
        return { instead: "silence" };
      });
      await killed.promise;
      await bury();
    },
    sendTheRest: async () => {
      const workers = { "send-invitation": createSendInvitation(parts) };
      while ((await store.db.selectFrom("job").select("id").executeTakeFirst()) !== undefined) {
        await queue.drain(workers, { kinds: ["send-invitation"] }, AbortSignal.timeout(60_000));
        await letTimePass(store);
      }
    },
    verdict: async () => judge(store, server, unclear),
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

async function attempting({ db }: Store): Promise<readonly { readonly id: string }[]> {
  return db.selectFrom("invitation").select("id").where("state", "=", "attempting").execute();
}

/** What waits is due. */
async function letTimePass({ db }: Store): Promise<void> {
  await db.updateTable("job").set({ run_at: Date.now() }).where("state", "=", "ready").execute();
}

async function judge(
  { db }: Store,
  server: ScriptedSmtp,
  unclear: ReadonlyMap<string, number>,
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom("invitation")
    .innerJoin("recipient", "recipient.id", "invitation.recipient_id")
    .selectAll("invitation")
    .select("recipient.address_key as to")
    .execute();
  const problems = rows.length === invited ? [] : [`${rows.length} invitations`];
  for (const row of rows) {
    const copies = server.mails.filter(({ to }) => to.includes(row.to));
    const wrong = judgeOne(row, copies, unclear.get(row.id) ?? 0);
    problems.push(...wrong.map((problem) => `${row.to}: ${problem}`));
  }
  return problems;
}

/** `doubts`: kills that left it unclear whether the mail arrived; each may double it once, up to the bound. */
function judgeOne(row: InvitationRow, copies: readonly ScriptedMail[], doubts: number): string[] {
  const taken = copies.filter(({ acknowledged }) => acknowledged).length;
  const isGivenUp = row.state === "unknown" && row.unknown_attempts > limits.sendUnknownRepeats;
  return [
    ...(row.state === "sent" || isGivenUp ? [] : [row.state]),
    ...(row.state === "sent" && taken === 0 ? ["sent, but it never arrived"] : []),
    ...(isGivenUp && doubts <= limits.sendUnknownRepeats ? ["given up too early"] : []),
    ...(taken > 1 + Math.min(doubts, limits.sendUnknownRepeats)
      ? [`${taken} copies after ${doubts} unclear ends`]
      : []),
    ...(new Set(copies.map(({ raw }) => raw)).size > 1 ? ["its copies differ"] : []),
    ...(copies.every(({ raw }) => raw.includes(row.message_id)) ? [] : ["a copy has another Message-ID"]),
  ];
}
