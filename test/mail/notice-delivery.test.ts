import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { simpleParser } from "mailparser";
import { expect, test } from "vitest";
import { locales } from "../../src/domain/locale.ts";
import { createNoticeWriter } from "../../src/mail/notice-writer.ts";
import { createSmtpTransport } from "../../src/mail/smtp-transport.ts";
import { createTemplates } from "../../src/mail/templates/templates.ts";
import { smtpAt } from "../sharing/parts.ts";
import { type Dovecot, startDovecot } from "../world/dovecot.ts";
import { startPostfix } from "../world/postfix.ts";
import { makeCertificates } from "../world/tls.ts";
import { letterOf, noticeTemplates } from "./notice-letters.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn("Skipped: a real Postfix starts as root only.");

async function arrived(dovecot: Dovecot, user: string): Promise<string> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const text = await dovecot.doveadm("fetch", "-u", user, "text", "mailbox", "INBOX").catch(() => "");
    const [, mail] = text.split(/^text:\n?/m);
    if (mail !== undefined) return mail;
    if (Date.now() > deadline) throw new Error(`No mail came for ${user}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test.skipIf(!isRoot)(
  "every notice in every language arrives whole through a real Postfix in a real Dovecot",
  async () => {
    await using stack = new AsyncDisposableStack();
    const directory = await mkdtemp(join(tmpdir(), "usher-notices-"));
    stack.defer(async () => rm(directory, { recursive: true }));
    const certificates = await makeCertificates(directory);
    await using dovecot = await startDovecot({ tls: await certificates.certificate(["127.0.0.1"]) });
    await using postfix = await startPostfix({ lmtpPort: dovecot.ports.lmtp, domains: ["example.net"] });
    const smtp = smtpAt(postfix.port);
    await using transport = createSmtpTransport(() => smtp);
    const templates = createTemplates();
    const write = createNoticeWriter(() => templates);
    for (const template of noticeTemplates) {
      for (const locale of locales) {
        const written = await write(letterOf(template, locale));
        if (written.kind !== "written") throw new Error(written.why);
        const to = `${template}-${locale}@example.net`;
        const { raw } = written;
        const receipt = await transport.send(
          { from: "share@example.net", to, raw },
          AbortSignal.timeout(20_000),
        );
        expect(receipt.kind).toBe("accepted");
        const [sent, found] = [await simpleParser(raw), await simpleParser(await arrived(dovecot, to))];
        expect([found.subject, found.messageId, found.headers.get("x-usher-notice")]).toEqual([
          sent.subject,
          sent.messageId,
          template,
        ]);
        expect(found.text?.trimEnd()).toBe(sent.text?.trimEnd());
        expect(String(found.html).trimEnd()).toBe(String(sent.html).trimEnd());
      }
    }
  },
  60_000,
);
