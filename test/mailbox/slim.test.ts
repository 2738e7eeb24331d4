import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import { parseMail } from "../../src/mail/parse.ts";
import { connectMailbox } from "../../src/mailbox/imap-session.ts";
import type { MailboxSession, SlimMail, TextRow } from "../../src/mailbox/session.ts";
import { mail, mailServer, type MailWorld, passwordTarget, startMailWorld } from "./world.ts";

let world: MailWorld;

beforeAll(async () => {
  world = await startMailWorld();
});
afterAll(async () => world[Symbol.asyncDispose]());

const never = new AbortController().signal;

async function connect(user: string): Promise<MailboxSession> {
  const session = await connectMailbox(passwordTarget(mailServer(world), user), never);
  await session.open("INBOX");
  return session;
}

async function slimOf(user: string, raw: string): Promise<SlimMail> {
  await world.dovecot.deliver(user, raw);
  await using session = await connect(user);
  const slim = await session.slim(1);
  expect(await world.dovecot.flags(user, "INBOX")).not.toContain("\\Seen");
  if (slim === null) throw new Error("The mail is gone.");
  return slim;
}

function part(head: string, body: string): string {
  return `${head}\r\n\r\n${body}\r\n`;
}

function multipart(boundary: string, parts: readonly string[]): string {
  return `${parts.map((text) => `--${boundary}\r\n${text}`).join("")}--${boundary}--\r\n`;
}

const attachment = part(
  'Content-Type: application/pdf; name="a.pdf"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="a.pdf"',
  "QUJDREVG".repeat(9).concat("\r\n").repeat(20_000),
);
const alternative = multipart("inner", [
  part(
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable",
    "Gr=C3=BC=C3=9Fe https://ox.example.org/ajax/sh=\r\nare/1",
  ),
  part(
    "Content-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: base64",
    Buffer.from("<p>Grüße <a href='https://ox.example.org/2'>x</a></p>", "latin1").toString("base64"),
  ),
]);
const large = mail(
  "Large",
  {
    "Message-ID": "<large@example.net>",
    "MIME-Version": "1.0",
    "Content-Type": 'multipart/mixed;\r\n boundary="outer"',
  },
  multipart("outer", [
    part('Content-Type: multipart/alternative; boundary="inner"', alternative),
    attachment,
    part(
      "Content-Type: text/plain\r\nContent-Disposition: attachment; filename=notes.txt",
      "not the mail's own",
    ),
    part("Content-Type: message/rfc822", "Subject: inside\r\n\r\nnot the mail's own either"),
  ]),
);

describe("one mail", () => {
  test("is read whole where it is small, byte for byte", async () => {
    const slim = await slimOf("small", mail("Small", {}, "hello"));
    expect(slim).toMatchObject({ isWhole: true, problems: [], sizeBytes: slim.raw.length });
    expect(slim.raw.toString()).toContain("Subject: Small\r\n\r\nhello");
  });

  test("is read without its attachments where it is large, and looks the same to who reads it", async () => {
    const slim = await slimOf("large", large);
    expect(slim.isWhole).toBe(false);
    expect(slim.sizeBytes).toBeGreaterThan(1024 * 1024);
    expect(slim.raw.length).toBeLessThan(4096);
    const [seen, whole] = await Promise.all([
      parseMail(slim.raw),
      parseMail(Buffer.from(`Return-Path: <carla@example.net>\r\n${large.replace(attachment, "x\r\n")}`)),
    ]);
    expect(seen.texts[0]?.text).toContain("Grüße https://ox.example.org/ajax/share/1");
    expect(seen.texts[1]?.text).toContain("Grüße <a");
    expect(seen.texts).toHaveLength(2);
    expect(seen.problems).toEqual([]);
    for (const key of ["from", "subject", "messageId"] as const) expect(seen[key]).toEqual(whole[key]);
    expect(JSON.stringify(seen)).not.toContain("mail's own");
  });

  test("that reports a delivery keeps the status and the header of the returned mail", async () => {
    const returned = mail(
      "returned",
      { "Message-ID": "<sent@example.org>" },
      "x".repeat(70).concat("\r\n").repeat(2000),
    );
    const slim = await slimOf(
      "report",
      mail(
        "Undelivered",
        {
          "MIME-Version": "1.0",
          "Content-Type": "multipart/report; report-type=delivery-status; boundary=b",
        },
        multipart("b", [
          part("Content-Type: text/plain", "It failed."),
          part(
            "Content-Type: message/delivery-status",
            "Reporting-MTA: dns; a\r\n\r\nFinal-Recipient: rfc822; bob@example.org\r\nAction: failed\r\nStatus: 5.1.1",
          ),
          part("Content-Type: message/rfc822", returned),
        ]),
      ),
    );
    expect(slim.raw.length).toBeLessThan(4096);
    const seen = await parseMail(slim.raw);
    expect(seen.deliveryStatus).toContain("Status: 5.1.1");
    expect(seen.returnedHeaders).toContainEqual({ name: "message-id", value: "<sent@example.org>" });
  });

  test("whose structure is beyond all measure is read from its beginning", async () => {
    const names = Array.from({ length: 3000 }, (_, index) =>
      part(`Content-Type: text/plain; name="${`n${index}`.padEnd(150, "x")}"`, "x"),
    );
    await world.dovecot.deliver(
      "monster",
      mail(
        "Monster",
        { "MIME-Version": "1.0", "Content-Type": "multipart/mixed; boundary=b" },
        multipart("b", names),
      ),
    );
    await world.dovecot.deliver("monster", large);
    const { StructureDoubts } = await import("../../src/mailbox/structure-doubts.ts");
    const doubts = new StructureDoubts();
    const target = passwordTarget(mailServer(world), "monster");
    const tries: string[] = [];
    for (let count = 0; count < 4 && !tries.includes("read"); count += 1) {
      await using session = await connectMailbox(target, never, { doubts });
      await session.open("INBOX");
      const texts = await Array.fromAsync(session.texts([1, 2], 1000)).catch(() => null);
      tries.push(texts === null ? "lost" : "read");
      if (texts === null) continue;
      expect(texts.find(({ uid }) => uid === 1)?.text).toBeNull();
      expect(texts.find(({ uid }) => uid === 2)?.text).toContain("Grüße");
      const slim = await session.slim(1);
      expect(slim).toMatchObject({ isWhole: slim?.sizeBytes === slim?.raw.length });
      expect((await session.slim(2))?.raw.length).toBeLessThan(4096);
    }
    expect(tries).toEqual(["lost", "lost", "read"]);
  });

  test("that is gone is none", async () => {
    await world.dovecot.deliver("gone", mail("one"));
    await using session = await connect("gone");
    expect(await session.slim(7)).toBeNull();
    expect(await session.flags(7)).toBeNull();
    expect(await session.flags(1)).toEqual(["\\Recent"]);
  });
});

async function textsOf(session: MailboxSession, uids: readonly number[]): Promise<readonly TextRow[]> {
  const rows = await Array.fromAsync(session.texts(uids, limits.scanTextBytes));
  return rows.toSorted((one, other) => one.uid - other.uid);
}

describe("the texts of many mails", () => {
  test("come decoded, from all kinds of mails, in two commands for ordinary ones", async () => {
    const user = "texts";
    await world.dovecot.deliver(user, mail("plain", {}, "plain words"));
    await world.dovecot.deliver(
      user,
      mail(
        "alternative",
        { "MIME-Version": "1.0", "Content-Type": 'multipart/alternative; boundary="inner"' },
        alternative,
      ),
    );
    await world.dovecot.deliver(user, large);
    await world.dovecot.deliver(
      user,
      mail(
        "image",
        { "MIME-Version": "1.0", "Content-Type": "image/png", "Content-Transfer-Encoding": "base64" },
        "QUJD",
      ),
    );
    await using session = await connect(user);
    const found = await textsOf(session, [1, 2, 3, 4, 9]);
    expect(found.map(({ text }) => text)).toEqual([
      "plain words\r\n",
      expect.stringContaining("Grüße https://ox.example.org/ajax/share/1"),
      expect.stringContaining("Grüße <a href='https://ox.example.org/2'>"),
      "",
      null,
    ]);
    expect(found[2]?.text).not.toContain("mail's own");
  });
});
