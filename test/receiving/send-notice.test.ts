import { simpleParser } from "mailparser";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import { accept, ignore } from "../../src/receiving/answer.ts";
import { changeState } from "../../src/receiving/state.ts";
import { readAnswerSecret } from "../../src/store/answer-secrets.ts";
import { smtpAt } from "../sharing/parts.ts";
import { type ScriptedSmtp, startScriptedSmtp } from "../world/scripted-smtp.ts";
import { type NoticeWorld, openNoticeWorld, publicUrl } from "./notice-world.ts";

let server: ScriptedSmtp;
let world: NoticeWorld;
beforeEach(async () => {
  server = await startScriptedSmtp();
  world = await openNoticeWorld(smtpAt(server.port));
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function mails() {
  return Promise.all(server.mails.map(async ({ raw }) => simpleParser(raw)));
}

function secretIn(text: string): string | undefined {
  return new RegExp(`${publicUrl}/answer/([\\w-]{43})`).exec(text)?.[1];
}

describe("a notice", () => {
  test("is sent once to the account alone, answers the share mail, and asks for no automatic answer", async () => {
    await world.share({ share: { title: "Plans" }, messageId: "<plans@cloud-a.example>" });
    expect([await world.work(), await world.work()]).toEqual([1, 0]);
    expect(server.mails).toMatchObject([{ from: "share@example.org", to: ["bob@example.org"] }]);
    const [mail] = await mails();
    const [notice] = await world.notices();
    expect(mail?.messageId).toBe(notice?.message_id);
    expect(mail?.inReplyTo).toBe("<plans@cloud-a.example>");
    expect(Object.fromEntries(mail?.headers ?? [])).toMatchObject({
      "auto-submitted": "auto-generated",
      "x-auto-response-suppress": "All",
      "x-usher-notice": "notice-held",
    });
    expect(notice).toMatchObject({ state: "sent", raw_sealed: null, attempts: 1 });
  });

  test("links to a page of one secret, of which the store knows the hash only", async () => {
    const id = await world.share();
    await world.work();
    const secret = secretIn(server.mails[0]?.raw.replaceAll("=\r\n", "") ?? "") ?? "";
    const { db } = world.judging.store;
    expect(await readAnswerSecret(db, secret, Date.now())).toMatchObject({ notificationId: id });
    const rows = [
      await db.selectFrom("answer_secret").selectAll().execute(),
      await db.selectFrom("notice").selectAll().execute(),
      await db.selectFrom("record").selectAll().execute(),
      await db.selectFrom("job").selectAll().execute(),
    ];
    expect(secret).toHaveLength(43);
    expect(JSON.stringify(rows)).not.toContain(secret);
  });

  test("never carries the link of the share", async () => {
    await world.share({ share: { link: "https://share.cloud-a.example/ajax/share/canary" } });
    await world.work();
    const [mail] = await mails();
    expect(`${mail?.text}${String(mail?.html)}`).toContain("share.cloud-a.example");
    expect(`${mail?.text}${String(mail?.html)}`).not.toContain("canary");
  });

  test("tells of the answer folders, or of the administrator, where no pages are served", async () => {
    world.server = null;
    world.folder = "Shares";
    await world.share();
    await world.work();
    world.folder = null;
    await world.share();
    await world.work();
    const [first, second] = await mails();
    expect(first?.text).toMatch(/“Shares\/Accept”[^]*“Shares\/Decline”/);
    expect(second?.text).not.toContain("Shares/");
    expect(second?.text).toContain("administrator");
    for (const mail of [first, second]) expect(mail?.text).not.toMatch(/https?:/);
  });

  test("is not sent once the account has answered", async () => {
    const id = await world.share();
    await ignore(world.parts, id, { by: "command line" });
    await world.work();
    expect(server.mails).toEqual([]);
    expect(await world.notices()).toMatchObject([{ state: "withheld", reply: "no longer true" }]);
  });

  test("of a failure says why in the account's language, and the way out", async () => {
    await world.speak("de");
    const id = await world.share();
    await accept(world.parts, id, { by: "api: app", password: null });
    const reason = "guest-password-needed";
    await world.judging.store.transaction(async (db) =>
      changeState(db, id, { state: "needs-password", reason, detail: "x" }, world.parts),
    );
    await world.work();
    const mail = (await mails()).at(-1);
    expect(mail?.subject).toContain("Passwort");
    expect(mail?.text).toContain("durch ein Passwort geschützt");
    expect(secretIn(mail?.text ?? "")).toBeDefined();
  });
});

describe("a mail server in trouble", () => {
  test("gets the same bytes again, and no more often than the bound when it never acknowledges", async () => {
    server.setScript((phase) => (phase === "content" ? { instead: "reset" } : null));
    await world.share();
    for (let times = 0; times < 6; times += 1) {
      await world.work();
      world.pass(limits.sendUnknownWaitMs + 1000);
    }
    expect(server.mails).toHaveLength(1 + limits.sendUnknownRepeats);
    expect(new Set(server.mails.map(({ raw }) => raw)).size).toBe(1);
    expect(await world.notices()).toMatchObject([{ state: "unknown" }]);
  });

  test("that takes nothing now is asked again later, with the bytes kept before the first attempt", async () => {
    server.setScript((phase) => (phase === "mail" ? "451 4.3.0 later" : null));
    await world.share();
    await world.work();
    const [kept] = await world.notices();
    expect(kept).toMatchObject({ state: "planned", attempts: 1 });
    expect(kept?.raw_sealed).not.toBeNull();
    server.setScript(null);
    world.pass(10 * 60_000);
    await world.work();
    expect(server.mails).toHaveLength(1);
    const secrets = await world.judging.store.db.selectFrom("answer_secret").selectAll().execute();
    expect(secrets).toHaveLength(1);
  });

  test("a notice whose process ended during the attempt counts as one of the repeats", async () => {
    await world.share();
    const { db } = world.judging.store;
    await db.updateTable("notice").set({ state: "attempting" }).execute();
    await world.work();
    expect(server.mails).toEqual([]);
    expect(await world.notices()).toMatchObject([{ state: "unknown", unknown_attempts: 1 }]);
    world.pass(limits.sendUnknownWaitMs + 1000);
    await world.work();
    expect(server.mails).toHaveLength(1);
  });
});

test("a summary tells of all that was withheld and still waits, once", async () => {
  const ids: string[] = [];
  for (let count = 0; count < limits.noticesPerDay + 3; count += 1) {
    ids.push(await world.share({ share: { title: `Plan ${count}` } }));
  }
  await world.work();
  expect(server.mails).toHaveLength(limits.noticesPerDay);
  await ignore(world.parts, ids.at(-1) ?? "", { by: "command line" });
  world.pass(limits.noticeDayMs + 1000);
  await world.work();
  const summary = (await mails()).at(-1);
  expect(server.mails).toHaveLength(limits.noticesPerDay + 1);
  expect(summary?.subject).toBe("2 more shares wait for your answer");
  const lines = [limits.noticesPerDay, limits.noticesPerDay + 1].map((count) => `“Plan ${count}”`);
  for (const line of lines) expect(summary?.text).toContain(line);
  expect(summary?.text).not.toContain(`“Plan ${limits.noticesPerDay + 2}”`);
});

test("a summary of what was answered meanwhile is not sent", async () => {
  const ids: string[] = [];
  for (let count = 0; count <= limits.noticesPerDay; count += 1) ids.push(await world.share());
  await world.work();
  await ignore(world.parts, ids.at(-1) ?? "", { by: "command line" });
  world.pass(limits.noticeDayMs + 1000);
  await world.work();
  expect(server.mails).toHaveLength(limits.noticesPerDay);
});
