import { type ParsedMail, simpleParser } from "mailparser";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import { createSharerNoticeWriter } from "../../src/mail/sharer-notice-writer.ts";
import { createSmtpTransport } from "../../src/mail/smtp-transport.ts";
import type { MailTransport } from "../../src/mail/transport.ts";
import { createTemplates } from "../../src/mail/templates/templates.ts";
import { createSendSharerNotice } from "../../src/sharing/send-sharer-notice.ts";
import { standardReport } from "../world/reports.ts";
import { type ScriptedSmtp, startScriptedSmtp } from "../world/scripted-smtp.ts";
import { smtpAt } from "./parts.ts";
import { openReportWorld, type ReportWorld, type Sent } from "./report-world.ts";

const templates = createTemplates();

let server: ScriptedSmtp;
let world: ReportWorld;
let transport: MailTransport;
beforeEach(async () => {
  server = await startScriptedSmtp();
  world = await openReportWorld();
  transport = createSmtpTransport(() => smtpAt(server.port));
});
afterEach(async () => {
  await transport[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** Does what is due now. */
async function work(): Promise<number> {
  const { store, sealer, parts } = world;
  const worker = createSendSharerNotice({
    store,
    sealer,
    transport,
    sender: parts.sender,
    random: () => 0.5,
    writeSharerNotice: createSharerNoticeWriter(() => templates),
  });
  const workers = { "send-sharer-notice": worker };
  return world.queue.drain(workers, { kinds: ["send-sharer-notice"] }, AbortSignal.timeout(60_000));
}

async function comesBack(sent: Sent, status = "5.1.1"): Promise<void> {
  await world.take(standardReport(sent, [{ final: sent.recipient, action: "failed", status }]));
}

async function mails(): Promise<readonly ParsedMail[]> {
  return Promise.all(server.mails.map(async ({ raw }) => simpleParser(raw)));
}

async function notices() {
  return world.store.db.selectFrom("sharer_notice").selectAll().execute();
}

describe("the sharer whose invitations came back", () => {
  test("is told of all within ten minutes in one mail, in his language, with the reason of each", async () => {
    const bob = await world.sent("bob@elsewhere.example");
    const carla = await world.sent("carla@elsewhere.example", bob);
    await comesBack(bob);
    expect(await work()).toBe(0);
    world.pass(limits.sharerNoticeWaitMs - 1000);
    await comesBack(carla, "5.2.2");
    expect(await work()).toBe(0);
    world.pass(1000);
    expect(await work()).toBe(1);
    expect(server.mails).toMatchObject([{ from: "", to: ["alice@site.example"] }]);
    const [mail] = await mails();
    expect(mail?.subject).toContain("Plans");
    for (const text of [mail?.text, String(mail?.html)]) {
      expect(text).toContain("bob@elsewhere.example");
      expect(text).toContain("Diese Adresse gibt es nicht.");
      expect(text).toContain("carla@elsewhere.example");
      expect(text).toContain("Das Postfach ist voll.");
      expect(text).toContain("5.2.2");
    }
    expect(mail?.headers.get("auto-submitted")).toBe("auto-generated");
    expect(mail?.headers.get("x-usher-notice")).toBe("notice-undelivered");
    expect(mail?.replyTo).toBeUndefined();
    expect(await notices()).toMatchObject([{ state: "sent", raw_sealed: null }]);
  });

  test("is told of each sharing by itself", async () => {
    await comesBack(await world.sent("bob@elsewhere.example"));
    await comesBack(await world.sent("carla@elsewhere.example"));
    world.pass(limits.sharerNoticeWaitMs);
    expect(await work()).toBe(2);
    expect(server.mails.every(({ raw }) => raw.includes("bob@") !== raw.includes("carla@"))).toBe(true);
  });

  test("is told of later failures less and less often", async () => {
    const first = await world.sent("r0@elsewhere.example");
    const waits: number[] = [];
    for (let number = 1; number <= 5; number += 1) {
      await comesBack(await world.sent(`r${number}@elsewhere.example`, first));
      const job = await world.store.db
        .selectFrom("job")
        .select(["run_at", "created_at"])
        .executeTakeFirstOrThrow();
      waits.push(Math.round((job.run_at - job.created_at) / 60_000));
      await world.store.db.updateTable("job").set({ run_at: 0 }).execute();
      expect(await work()).toBe(1);
    }
    expect(waits).toEqual([10, 60, 360, 1440, 1440]);
  });

  test("is not told of whoever has answered meanwhile, and of nobody in no mail", async () => {
    const bob = await world.sent("bob@elsewhere.example");
    await comesBack(bob);
    await world.put(bob, "accepted");
    world.pass(limits.sharerNoticeWaitMs);
    expect(await work()).toBe(1);
    expect(server.mails).toEqual([]);
    expect(await notices()).toEqual([]);
    const carla = await world.sent("carla@elsewhere.example", bob);
    await comesBack(carla);
    world.pass(limits.sharerNoticeWaitMs);
    expect(await work()).toBe(1);
    expect(server.mails[0]?.raw).toContain("carla@elsewhere.example");
    expect(server.mails[0]?.raw).not.toContain("bob@elsewhere.example");
  });

  test("is told of the first fifty of many by name, and how many more there are", async () => {
    let last = await world.sent("r0@elsewhere.example");
    for (let number = 1; number < 53; number += 1) {
      await comesBack(last);
      last = await world.sent(`r${number}@elsewhere.example`, last);
    }
    await comesBack(last);
    world.pass(limits.sharerNoticeWaitMs);
    expect(await work()).toBe(1);
    const text = (await mails())[0]?.text ?? "";
    expect(text.match(/r\d+@elsewhere\.example/g)).toHaveLength(limits.summaryLines);
    expect(text).toMatch(/\b3\b/);
  });
});

test("a notice that is refused for good is told to nobody", async () => {
  await comesBack(await world.sent("bob@elsewhere.example"));
  server.setScript((phase) => (phase === "rcpt" ? "550 5.1.1 no such user" : null));
  world.pass(limits.sharerNoticeWaitMs);
  expect(await work()).toBe(1);
  expect(await notices()).toMatchObject([{ state: "failed" }]);
  expect(await world.store.db.selectFrom("job").selectAll().execute()).toEqual([]);
  expect(await world.suppressed()).toEqual(["bob@elsewhere.example"]);
});

test("a notice that the mail server cannot take now goes out later as it was written", async () => {
  const bob = await world.sent("bob@elsewhere.example");
  await comesBack(bob);
  server.setScript((phase) => (phase === "rcpt" ? "450 4.2.0 later" : null));
  world.pass(limits.sharerNoticeWaitMs);
  expect(await work()).toBe(1);
  await world.put(bob, "accepted");
  server.setScript(null);
  world.pass(3 * 60_000);
  expect(await work()).toBe(1);
  expect(server.mails[0]?.raw).toContain("bob@elsewhere.example");
});
