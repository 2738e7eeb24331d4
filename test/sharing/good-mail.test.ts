import * as fc from "fast-check";
import { simpleParser } from "mailparser";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Secret } from "../../src/config/secret.ts";
import { hasControl } from "../../src/domain/display-text.ts";
import type { InvitationLetter } from "../../src/domain/invitation.ts";
import { limits } from "../../src/domain/limits.ts";
import { headerValues, type MailView } from "../../src/domain/mail.ts";
import { readShareHeader } from "../../src/domain/share-header.ts";
import { createDkimCheck } from "../../src/mail/dkim.ts";
import { parseMail } from "../../src/mail/parse.ts";
import { remind } from "../../src/sharing/remind.ts";
import { revoke } from "../../src/sharing/revoke.ts";
import { type Postfix, startPostfix } from "../world/postfix.ts";
import { type ScriptedSmtp, startScriptedSmtp } from "../world/scripted-smtp.ts";
import { makeKey, namesOf } from "../world/signed-mail.ts";
import { link, openSharingWorld, type SharingWorld, smtpAt } from "./parts.ts";

const key = makeKey();
const dkim = { domain: "example.org", selector: "s1", key: new Secret(key.privateKey) };
const check = createDkimCheck({
  registrableDomain: () => "example.org",
  resolve: namesOf({ "s1._domainkey.example.org": key.record }).resolve,
});
afterAll(async () => check[Symbol.asyncDispose]());

let server: ScriptedSmtp;
let world: SharingWorld;
beforeEach(async () => {
  server = await startScriptedSmtp();
  world = await openSharingWorld({ ...smtpAt(server.port), dkim, bounces: "bounces@example.org" });
  world.settings = { ...world.settings, publicUrl: "https://usher.example.org" };
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

function headersOf(mail: MailView, ...names: readonly string[]): readonly string[] {
  return names.flatMap((name) => headerValues(mail, name));
}

async function sentMails(): Promise<readonly MailView[]> {
  return Promise.all(server.mails.map(async ({ raw }) => parseMail(Buffer.from(raw))));
}

async function headerNamesOf(raw: Buffer): Promise<readonly string[]> {
  return (await parseMail(raw)).headers.map(({ name }) => name);
}

describe("the mails of one sharing to one recipient", () => {
  test("are one conversation, from the site, for the sharer, with a way to have no more", async () => {
    const sharingId = await world.share({ title: "Rapport d’été" });
    await world.work();
    await remind(world.parts, { sharingId, recipient: null, by: "test" });
    await world.work();
    await revoke(world.parts, { sharingId, recipient: null, by: "test" });
    await world.work();
    const mails = await sentMails();
    expect(mails.map((mail) => readShareHeader(mail))).toEqual(
      ["invitation", "reminder", "revoked"].map((type) => ({ type, link, title: "Rapport d’été" })),
    );
    const [first = ""] = mails.map(({ messageId }) => messageId);
    expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(3);
    expect(mails.map((mail) => headersOf(mail, "in-reply-to", "references"))).toEqual([
      [],
      [first, first],
      [first, first],
    ]);
    for (const mail of mails) {
      expect(mail.from[0]?.address).toBe("share@example.org");
      expect(mail.replyTo).toEqual([{ name: "alice", address: "alice@example.org" }]);
      expect(headersOf(mail, "auto-submitted", "x-auto-response-suppress")).toEqual([
        "auto-generated",
        "All",
      ]);
      expect(Date.parse(headersOf(mail, "date")[0] ?? "")).not.toBeNaN();
      const [unsubscribe, ...post] = headersOf(mail, "list-unsubscribe", "list-unsubscribe-post");
      expect(unsubscribe).toMatch(
        /^<https:\/\/usher\.example\.org\/invitation\/r[0-9a-z]{9}\.[0-9a-f]{32}\/mute>$/,
      );
      expect(post).toEqual(["List-Unsubscribe=One-Click"]);
    }
    for (const { raw, from } of server.mails) {
      expect(from).toMatch(/^bounces\+i[0-9a-z]{9}\.[0-9a-f]{32}@example\.org$/);
      expect(await check.verify(Buffer.from(raw))).toMatchObject({ result: "pass", domain: "example.org" });
    }
    expect(new Set(server.mails.map(({ from }) => from)).size).toBe(3);
  });

  test("are signed once: a repeat has the same bytes", async () => {
    server.setScript((phase, before) => (phase === "content" && before === 0 ? { instead: "reset" } : null));
    await world.share();
    await world.work();
    world.pass(limits.sendUnknownWaitMs);
    await world.work();
    expect(server.mails).toHaveLength(2);
    expect(new Set(server.mails.map(({ raw }) => raw)).size).toBe(1);
    expect(server.mails[0]?.raw).toMatch(/^DKIM-Signature: /);
  });

  test("say nothing of pages where none are served", async () => {
    world.settings = { ...world.settings, publicUrl: null };
    await world.share();
    await world.work();
    const [mail] = await sentMails();
    expect(mail?.headers.map(({ name }) => name)).not.toContain("list-unsubscribe");
  });

  test("are asked about by a name of their own where the mail server reports", async () => {
    server.setExtensions(["DSN", "PIPELINING"]);
    await world.share();
    await world.work();
    expect(server.envelopes[0]).toMatch(/^MAIL FROM:<bounces\+(i[0-9a-z]{9})\.[^>]+> RET=HDRS ENVID=\1$/);
    expect(server.envelopes[1]).toBe(
      "RCPT TO:<bob@example.net> NOTIFY=FAILURE,DELAY ORCPT=rfc822;bob@example.net",
    );
  });
});

function letterOf(written: {
  readonly name: string;
  readonly sharer: string;
  readonly title: string;
  readonly message: string;
  readonly site: string;
}): InvitationLetter {
  return {
    template: "invitation",
    inReplyTo: null,
    sharingId: "h0123456789",
    recipientId: "r0123456789",
    locale: "de",
    site: { name: written.site, address: "share@example.org" },
    messageId: "<i0.invitation@example.org>",
    date: 0,
    facts: {
      siteName: written.site,
      sharer: { name: written.sharer, address: "alice@example.org" },
      recipient: { name: written.name, address: "bob@example.net" },
      title: written.title,
      link,
      message: written.message,
      expiresAtMs: 0,
      page: "https://usher.example.org/invitation/r0.0",
      code: null,
      inviteString: null,
    },
  };
}

describe("whatever people write", () => {
  const hostile = fc.constantFrom(
    '"',
    "\\",
    ",",
    ";",
    "<carla@example.com>",
    "Bcc: carla@example.com",
    "=?utf-8?q?=0D=0ABcc:?=",
    "=0D=0A",
    "{{ share.link }}",
    "{% raw %}",
    "</p><script>",
    "--",
    "\u202E",
    "\uD800",
    "😀",
    " ",
    "ä",
  );
  const text = fc
    .oneof(
      fc.string({ unit: "binary", maxLength: 90 }),
      fc.array(hostile, { maxLength: 8 }).map((all) => all.join("")),
    )
    .filter((value) => !hasControl(value));

  test("an invitation has the same fields, one recipient and two parts, all through the real templates", async () => {
    const { writeInvitation } = world.parts;
    const plain = { name: "Bob", sharer: "Alice", title: "Plans", message: "", site: "Example" };
    const usual = await writeInvitation(letterOf(plain));
    if (usual.kind === "not-written") throw new Error(usual.why);
    const names = await headerNamesOf(usual.raw);
    const lines = fc.array(text, { maxLength: 4 }).map((all) => all.join("\r\n"));
    const written = fc.record({ name: text, sharer: text, title: text, message: lines, site: text });
    await fc.assert(
      fc.asyncProperty(written, async (fields) => {
        const letter = await writeInvitation(letterOf(fields));
        if (letter.kind === "not-written") throw new Error(letter.why);
        expect(await headerNamesOf(letter.raw)).toEqual(names);
        const mail = await simpleParser(letter.raw);
        expect([mail.to, mail.cc, mail.bcc].flat().flatMap((list) => list?.value ?? [])).toMatchObject([
          { address: "bob@example.net" },
        ]);
        expect(mail.replyTo?.value).toMatchObject([{ address: "alice@example.org" }]);
        expect(letter.raw.toString("latin1").match(/^Content-Type: [^;\r]*/gm)).toHaveLength(3);
        expect(mail.attachments).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn("Skipped: a real Postfix starts as root only.");

describe.skipIf(!isRoot)("an address of other letters, through a real Postfix that offers SMTPUTF8", () => {
  let postfix: Postfix;
  beforeAll(async () => {
    postfix = await startPostfix({ lmtpPort: 9, domains: [], keptDomains: ["xn--bcher-kva.example"] });
  });
  afterAll(async () => postfix[Symbol.asyncDispose]());

  /** The mail to one person, once it arrived. */
  async function arrived(to: string): Promise<string> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const found = (await postfix.kept()).find((mail) => mail.includes(`\nDelivered-To: ${to}\n`));
      if (found !== undefined) return found;
      if (Date.now() > deadline) throw new Error(`Nothing for ${to} arrived: ${await postfix.log()}`);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  test.each([
    ["bob@bücher.example", "bob@xn--bcher-kva.example"],
    ["åke@bücher.example", "åke@xn--bcher-kva.example"],
  ])("%s gets the invitation, whole and signed", async (address, to) => {
    world.smtp = { ...smtpAt(postfix.port), dkim };
    const id = await world.share({ to: [address], title: "Rapport d’été" });
    await world.work();
    expect(await world.recipients(id)).toMatchObject([{ state: "pending", mail: "sent" }]);
    const raw = await arrived(to);
    const mail = await parseMail(Buffer.from(raw));
    expect(readShareHeader(mail)).toEqual({ type: "invitation", link, title: "Rapport d’été" });
    expect(mail.replyTo).toEqual([{ name: "alice", address: "alice@example.org" }]);
    const signed = raw.slice(raw.indexOf("DKIM-Signature: ")).replaceAll("\n", "\r\n");
    expect((await check.verify(Buffer.from(signed))).result).toBe("pass");
  });
});

describe("an address of other letters", () => {
  test("is refused for good, in words, where the mail server offers none", async () => {
    server.setExtensions(["PIPELINING"]);
    const id = await world.share({ to: ["åke@bücher.example"] });
    await world.work();
    expect(await world.recipients(id)).toMatchObject([
      { state: "mail-not-sent", reply: expect.stringContaining("does not offer SMTPUTF8") },
    ]);
  });

  test("of the sharer is no Reply-To for somebody whose own server may not take it", async () => {
    await world.parts.store.db
      .updateTable("account_address")
      .set({ address: "ålice@example.org", address_key: "ålice@example.org" })
      .execute();
    await world.share({ to: ["bob@example.net", "åke@example.net"] });
    await world.work();
    const mails = await sentMails();
    expect(mails.map(({ replyTo }) => replyTo.map((who) => who.address))).toEqual([
      [],
      ["ålice@example.org"],
    ]);
    for (const mail of mails)
      expect(mail.texts.some(({ text }) => text.includes("ålice@example.org"))).toBe(true);
  });
});
