import { sql } from "kysely";
import { limits } from "../../src/domain/limits.ts";
import { outcomesOf } from "../e2e/scene.ts";
import type { Stage } from "./life.ts";

/** What was lost or doubled beyond the stated bounds, one line each; the counters at the servers decide. */
export async function judge(stage: Stage): Promise<readonly string[]> {
  return [
    ...(await judgeShares(stage)),
    ...(await judgeInvitations(stage)),
    ...(await judgeMailbox(stage)),
    ...(await judgeStore(stage)),
  ];
}

async function judgeShares(stage: Stage): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const token of stage.ledger.shares.keys()) {
    for (const problem of await judgeShare(stage, token))
      problems.push(`share ${shortened(token)}: ${problem}`);
  }
  return [...problems, ...(await judgeLogins(stage)), ...stage.servers.origin.refusals()];
}

async function judgeShare(stage: Stage, token: string): Promise<readonly string[]> {
  const { db } = stage.scene.store;
  const found = await db
    .selectFrom("notification")
    .select(["id", "state", "reason"])
    .where("share_hint", "like", `${shortened(token)}%`)
    .execute();
  const [row] = found;
  if (row === undefined || found.length > 1) return [`${found.length} notifications`];
  const subscriptions = await db
    .selectFrom("subscription")
    .select("id")
    .where("notification_id", "=", row.id)
    .execute();
  const isAccepted = stage.ledger.shares.get(token)?.isAccepted === true;
  const state = isAccepted ? "followed" : "held";
  return [
    ...(row.state === state ? [] : [`${row.state} (${row.reason}), not ${state}`]),
    ...(subscriptions.length === (isAccepted ? 1 : 0) ? [] : [`${subscriptions.length} subscriptions`]),
    ...judgeVisits(stage, token, isAccepted),
  ];
}

function judgeVisits({ servers }: Stage, token: string, isAccepted: boolean): readonly string[] {
  const { successful } = servers.origin.guestLogins(token);
  if (isAccepted) return successful > 0 ? [] : ["followed without a guest login"];
  const isAsked = servers.origin.requests().some(({ path }) => path.includes(shortened(token)));
  return isAsked || successful > 0 ? ["the origin was asked, and nobody had said yes"] : [];
}

/** As the origin's journal and the notification's hint show it; tokens differ in it. */
function shortened(token: string): string {
  return token.slice(0, 8);
}

/** Each attempt may log in once: those on record, and those that a kill cut short. */
async function judgeLogins({ scene, servers, ledger }: Stage): Promise<readonly string[]> {
  const notifications = await scene.store.db.selectFrom("notification").select("id").execute();
  let attempts = ledger.visitsCutShort;
  for (const { id } of notifications) {
    attempts += (await outcomesOf(scene, id)).filter((outcome) => outcome.startsWith("follow")).length;
  }
  const tokens = [...ledger.shares.keys()];
  const logins = tokens.reduce((sum, token) => sum + servers.origin.guestLogins(token).successful, 0);
  return logins > attempts ? [`${logins} guest logins in ${attempts} attempts`] : [];
}

async function judgeInvitations({ scene, servers, ledger }: Stage): Promise<readonly string[]> {
  const rows = await scene.store.db
    .selectFrom("invitation")
    .innerJoin("recipient", "recipient.id", "invitation.recipient_id")
    .select(["recipient.address_key as to", "invitation.message_id as messageId"])
    .select(["invitation.state", "invitation.unknown_attempts as unknownAttempts"])
    .execute();
  const problems: string[] = [];
  const planned = rows.map(({ to }) => to).toSorted();
  if (planned.join() !== ledger.invited.toSorted().join())
    problems.push(`${planned.length} invitations were planned for ${ledger.invited.length} people`);
  for (const { to, messageId, state, unknownAttempts } of rows) {
    const copies = servers.smtp.mails.filter((mail) => mail.to.includes(to));
    const isGivenUp = state === "unknown" && unknownAttempts > limits.sendUnknownRepeats;
    if (state !== "sent" && !isGivenUp) problems.push(`invitation to ${to}: ${state}`);
    const taken = copies.filter(({ acknowledged }) => acknowledged).length;
    if (state === "sent" && taken === 0) problems.push(`invitation to ${to}: sent, but it never arrived`);
    if (taken > 1 + limits.sendUnknownRepeats) problems.push(`invitation to ${to}: ${taken} copies`);
    if (new Set(copies.map(({ raw }) => raw)).size > 1)
      problems.push(`invitation to ${to}: its copies differ`);
    if (copies.some(({ raw, to: envelope }) => !raw.includes(messageId) || envelope.length !== 1))
      problems.push(`invitation to ${to}: a copy has another Message-ID or another recipient`);
  }
  return problems;
}

async function judgeMailbox({ scene }: Stage): Promise<readonly string[]> {
  const flags = await scene.world.dovecot.flags("bob@recipient.example", "INBOX");
  const seen = flags.filter((each) => each.includes("\\Seen")).length;
  return seen === 0 ? [] : [`${seen} mails were marked as seen`];
}

async function judgeStore({ scene, ledger }: Stage): Promise<readonly string[]> {
  const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(scene.store.db);
  const damage = rows.map((row) => row.integrity_check).filter((line) => line !== "ok");
  const unread = await scene.store.db
    .selectFrom("message")
    .select("id")
    .where("state", "!=", "read")
    .execute();
  return [
    ...damage,
    ...(unread.length === 0 ? [] : [`${unread.length} share mails were not read`]),
    ...(ledger.slowestStartMs < 10_000 ? [] : [`a daemon was ready only after ${ledger.slowestStartMs} ms`]),
  ];
}
