import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { connectMailbox } from "../../src/mailbox/imap-session.ts";
import { rulesByText, type ScanRules } from "../../src/mailbox/scan-rules.ts";
import { scanFolder, type ScanResult } from "../../src/mailbox/scan.ts";
import { type MailStore, openMailStore, shareField } from "./store-world.ts";
import { mail, mailServer, type MailWorld, passwordTarget, startMailWorld } from "./world.ts";

const never = new AbortController().signal;
let world: MailWorld;
let mailStore: MailStore;

beforeAll(async () => {
  world = await startMailWorld();
});
afterAll(async () => world[Symbol.asyncDispose]());
beforeEach(async () => {
  mailStore = await openMailStore();
});
afterEach(async () => mailStore[Symbol.asyncDispose]());

const link = "https://cloud.example.org/s/abc";

async function scanned(
  name: string,
  asked: string[] = [],
): Promise<ScanResult & { readonly uids: readonly number[] }> {
  const row = await mailStore.addMailbox(name);
  const rules: ScanRules = rulesByText(mailStore.rules, (text) => {
    asked.push(text);
    return text.includes("/s/");
  });
  await using session = await connectMailbox(passwordTarget(mailServer(world), name), never);
  const result = await scanFolder({
    store: mailStore.store,
    mailbox: { id: row.id, accountId: row.account_id, lookBackFrom: null },
    rules,
    session,
    folder: "INBOX",
    status: await session.open("INBOX"),
    signal: never,
    clock: Date.now,
  });
  return { ...result, uids: await mailStore.foundUids(name) };
}

function coded(encoding: string, body: string): string {
  return mail(
    "coded",
    { "Content-Type": "text/html; charset=utf-8", "Content-Transfer-Encoding": encoding },
    body,
  );
}

describe("a scan by header and text", () => {
  test("finds a share that no header field tells, and reads no text where a field tells it", async () => {
    await world.dovecot.deliver("texts", mail("no share"));
    await world.dovecot.deliver("texts", mail("by text", {}, `Look: ${link}`));
    await world.dovecot.deliver("texts", mail("by field", { [shareField]: "https://ox.example.org/1" }));
    const asked: string[] = [];
    expect(await scanned("texts", asked)).toMatchObject({ seen: 3, found: 2, uids: [2, 3] });
    expect(asked).toHaveLength(2);
    expect((await world.dovecot.flags("texts", "INBOX")).join()).not.toContain("Seen");
  });

  test("does not look into mass mail, automatic replies, reports and huge mail", async () => {
    const kinds = [
      { "List-Id": "<list.example.net>" },
      { Precedence: "bulk" },
      { "Auto-Submitted": "auto-replied (vacation)" },
      { "Content-Type": "multipart/report; report-type=delivery-status; boundary=b" },
    ];
    for (const fields of kinds) await world.dovecot.deliver("mass", mail("mass", fields, link));
    await world.dovecot.deliver("mass", mail("null", {}, link), { from: "" });
    await world.dovecot.deliver(
      "mass",
      mail("huge", {}, `${link}\r\n${`${"x".repeat(70)}\r\n`.repeat(70_000)}`),
    );
    await world.dovecot.deliver("mass", mail("generated", { "Auto-Submitted": "auto-generated" }, link));
    expect(await scanned("mass")).toMatchObject({ seen: 7, uids: [7] });
  });

  test("sees a link that an encoding breaks apart or hides", async () => {
    await world.dovecot.deliver("coded", coded("quoted-printable", "https://cloud.example.org/=\r\ns/abc"));
    await world.dovecot.deliver("coded", coded("quoted-printable", "https://cloud.example.org=2Fs=2Fabc"));
    await world.dovecot.deliver(
      "coded",
      coded("base64", Buffer.from(`<a href="${link}">`).toString("base64")),
    );
    await world.dovecot.deliver("coded", coded("7bit", "nothing"));
    expect(await scanned("coded")).toMatchObject({ uids: [1, 2, 3] });
  });

  test("reads by itself a mail whose text cannot be had in bulk, and goes on with the others", async () => {
    const deep = Array.from(
      { length: 40 },
      (_, index) => `Content-Type: multipart/mixed; boundary=b${index + 1}\r\n\r\n--b${index + 1}\r\n`,
    );
    await world.dovecot.deliver(
      "deep",
      mail(
        "deep",
        { "MIME-Version": "1.0", "Content-Type": "multipart/mixed; boundary=b0" },
        `--b0\r\n${deep.join("")}`,
      ),
    );
    await world.dovecot.deliver("deep", mail("after", {}, link));
    expect(await scanned("deep")).toMatchObject({ seen: 2, uids: [1, 2], refusedUids: [] });
  });
});
