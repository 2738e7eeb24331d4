import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { simpleParser } from "mailparser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Dovecot, startDovecot } from "../world/dovecot.ts";
import { type Postfix, startPostfix } from "../world/postfix.ts";
import { type Certificates, makeCertificates } from "../world/tls.ts";
import { link, openSharingWorld, type SharingWorld, smtpAt } from "./parts.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn("Skipped: a real Postfix starts as root only.");

let directory: string;
let certificates: Certificates;
let dovecot: Dovecot;
let postfix: Postfix;
let world: SharingWorld;

beforeAll(async () => {
  if (!isRoot) return;
  directory = await mkdtemp(join(tmpdir(), "usher-delivery-"));
  certificates = await makeCertificates(directory);
  const tls = await certificates.certificate(["127.0.0.1", "localhost"]);
  dovecot = await startDovecot({ tls });
  const unknown = ["nobody@example.net"];
  postfix = await startPostfix({
    lmtpPort: dovecot.ports.lmtp,
    domains: ["example.net", "example.org"],
    unknown,
    tls,
  });
  world = await openSharingWorld(smtpAt(postfix.port));
});

afterAll(async () => {
  if (!isRoot) return;
  await world[Symbol.asyncDispose]();
  await postfix[Symbol.asyncDispose]();
  await dovecot[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** The mails in somebody's INBOX, once there are so many. */
async function inbox(user: string, mails: number): Promise<readonly string[]> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const text = await dovecot.doveadm("fetch", "-u", user, "text", "mailbox", "INBOX").catch(() => "");
    const found = text.split(/^text:\n?/m).slice(1);
    if (found.length >= mails) return found;
    if (Date.now() > deadline) throw new Error(`${found.length} mails for ${user}: ${await postfix.log()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function states(sharingId: string) {
  const recipients = await world.recipients(sharingId);
  return recipients.map(({ address, state, mail }) => ({ address, state, mail }));
}

describe.skipIf(!isRoot)("an invitation through a real Postfix into a real Dovecot", () => {
  it.each([
    ["en", "alice shares “Rapport d’été” with you"],
    ["de", "alice teilt „Rapport d’été“ mit Ihnen"],
    ["fr", "alice partage «\u00A0Rapport d’été\u00A0» avec vous"],
  ])("arrives whole in %s", async (locale, subject) => {
    const to = `bob-${locale}@example.net`;
    const id = await world.share({ title: "Rapport d’été", locale, to: [to] });
    await world.work();
    expect(await states(id)).toEqual([{ address: to, state: "pending", mail: "sent" }]);
    const [raw = ""] = await inbox(to, 1);
    const mail = await simpleParser(raw);
    expect(mail.subject).toBe(subject);
    expect(mail.replyTo?.text).toContain("alice@example.org");
    expect(mail.text).toContain(link);
    expect(mail.html).toContain(`href="${link}"`);
    const [recipient] = await world.recipients(id);
    expect(mail.messageId).toBe(recipient?.messageId);
    expect(recipient?.reply).toMatch(/^250 2\.0\.0 Ok: queued as/);
  });

  it("over STARTTLS arrives; with a certificate nobody vouches for it waits", async () => {
    const starttls = { ...smtpAt(postfix.port), host: "localhost", tls: "starttls" } as const;
    world.smtp = starttls;
    const id = await world.share({ to: ["bob-tls@example.net"] });
    await world.work();
    expect(await states(id)).toMatchObject([{ state: "pending", mail: "planned" }]);
    world.smtp = { ...starttls, ca: certificates.ca };
    world.pass(3 * 60_000);
    await world.work();
    expect(await states(id)).toMatchObject([{ mail: "sent" }]);
    const [raw] = await inbox("bob-tls@example.net", 1);
    expect(raw).toContain("using TLSv1");
    world.smtp = smtpAt(postfix.port);
  });

  it("is refused for good for unknown people and foreign domains, and only for them", async () => {
    const to = ["nobody@example.net", "carla@example.com", "bob-known@example.net"];
    const id = await world.share({ to });
    await world.work();
    expect(await states(id)).toEqual([
      { address: to[0], state: "mail-not-sent", mail: "failed" },
      { address: to[1], state: "mail-not-sent", mail: "failed" },
      { address: to[2], state: "pending", mail: "sent" },
    ]);
    const replies = (await world.recipients(id)).map((recipient) => recipient.reply);
    expect(replies[0]).toMatch(/^550 5\.1\.1/);
    expect(replies[1]).toMatch(/^554 5\.7\.1/);
    await inbox("bob-known@example.net", 1);
  });

  it("waits while Postfix is down, and arrives once under the same Message-ID", async () => {
    await postfix.stop();
    const id = await world.share({ to: ["bob-later@example.net"] });
    await world.work();
    const [before] = await world.recipients(id);
    expect(before).toMatchObject({ state: "pending", mail: "planned", attempts: 1 });
    await postfix.start();
    world.pass(3 * 60_000);
    await world.work();
    expect(await states(id)).toMatchObject([{ mail: "sent" }]);
    const mails = await inbox("bob-later@example.net", 1);
    expect(mails).toHaveLength(1);
    expect((await simpleParser(mails[0] ?? "")).messageId).toBe(before?.messageId);
  });
});
