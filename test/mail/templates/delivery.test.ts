import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ParsedMail, simpleParser } from "mailparser";
import { expect, test } from "vitest";
import { locales } from "../../../src/domain/locale.ts";
import { createSmtpTransport } from "../../../src/mail/smtp-transport.ts";
import { exampleOf } from "../../../src/mail/templates/examples.ts";
import { templateNames } from "../../../src/mail/templates/names.ts";
import { smtpAt } from "../../sharing/parts.ts";
import { type Dovecot, startDovecot } from "../../world/dovecot.ts";
import { startPostfix } from "../../world/postfix.ts";
import { makeCertificates } from "../../world/tls.ts";
import { rawOf } from "./letters.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn("Skipped: a real Postfix starts as root only.");

async function arrived(dovecot: Dovecot, user: string): Promise<ParsedMail> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const text = await dovecot.doveadm("fetch", "-u", user, "text", "mailbox", "INBOX").catch(() => "");
    const [, mail] = text.split(/^text:\n?/m);
    if (mail !== undefined) return simpleParser(mail);
    if (Date.now() > deadline) throw new Error(`No mail came for ${user}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function textsOf({ subject, messageId, text, html, headerLines }: ParsedMail): object {
  const own = headerLines.map(({ key }) => key).filter((key) => key.startsWith("x-usher"));
  return { subject, messageId, own, text: text?.trimEnd(), html: String(html).trimEnd() };
}

test.skipIf(!isRoot)(
  "every template in every language arrives whole through a real Postfix in a real Dovecot",
  async () => {
    await using stack = new AsyncDisposableStack();
    const directory = await mkdtemp(join(tmpdir(), "usher-delivery-"));
    stack.defer(async () => rm(directory, { recursive: true }));
    const certificates = await makeCertificates(directory);
    await using dovecot = await startDovecot({ tls: await certificates.certificate(["127.0.0.1"]) });
    await using postfix = await startPostfix({ lmtpPort: dovecot.ports.lmtp, domains: ["example.net"] });
    const smtp = smtpAt(postfix.port);
    await using transport = createSmtpTransport(() => smtp);
    const sent = new Map<string, Buffer>();
    for (const template of templateNames) {
      for (const locale of locales) {
        const to = `${template}-${locale}@example.net`;
        const raw = await rawOf(exampleOf(template, "Example Cloud"), locale);
        const mail = { from: "share@example.net", to, raw };
        const receipt = await transport.send(mail, AbortSignal.timeout(60_000));
        expect(receipt.kind).toBe("accepted");
        sent.set(to, raw);
      }
    }
    for (const [to, raw] of sent) {
      expect(textsOf(await arrived(dovecot, to))).toEqual(textsOf(await simpleParser(raw)));
    }
  },
);
