import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { parseMail } from "../../src/mail/parse.ts";
import { mailReaders } from "../../src/protocols/mail-readers.ts";
import { inspectMail } from "../../src/receiving/inspect.ts";
import { linkFilters, mailWith, rewritten, textsOf, waysToPassOn } from "../world/passed-on.ts";
import { filesBelow, sharedFolder } from "../world/shared-files.ts";

const folder = sharedFolder("samples/mail");
const isShare = /^(cozy|ocm|public|federated|ox-share|ox-link).*\.eml$/;
const samples = folder === undefined ? [] : filesBelow(folder, (name) => isShare.test(name));

async function inspect(raw: string | Buffer) {
  const mail = await parseMail(Buffer.from(raw));
  return inspectMail(mail, mailReaders, { trustedAuthservIds: [], forAddresses: ["bob@recipient.example"] });
}

async function textsIn(path: string) {
  return textsOf((await parseMail(readFileSync(path))).texts);
}

describe.skipIf(folder === undefined)("the text of a share mail", () => {
  test.each(samples.filter((path) => !basename(path).startsWith("ox-")))(
    "in a mail that a person writes himself is a notification: %s",
    async (path) => {
      expect((await inspect(mailWith(await textsIn(path)))).verdict).toBe("share-notification");
    },
  );

  describe.each(Object.entries(waysToPassOn))("%s", (_, passOn) => {
    test.each(samples)("is none: %s", async (path) => {
      const texts = passOn(await textsIn(path));
      for (const part of [texts, { ...texts, html: "" }, { ...texts, plain: "" }]) {
        expect(await inspect(mailWith(part))).toMatchObject({ verdict: "none", notification: null });
      }
    });
  });

  test.each(samples)("bare in the plain text of a mail whose HTML quotes it is none: %s", async (path) => {
    const { plain, html } = await textsIn(path);
    const mail = mailWith({
      plain: `Seen?\n\n${plain}`,
      html: `<p>Seen?</p><blockquote>${html}</blockquote>`,
    });
    expect((await inspect(mail)).verdict).toBe("none");
  });

  describe.each(Object.entries(linkFilters))("behind %s", (_, filter) => {
    test.each(samples)("has no link to act on: %s", async (path) => {
      const { notification } = await inspect(mailWith(rewritten(await textsIn(path), filter)));
      // What stands behind a label or in a fixed phrase is no link, and no filter touches it.
      if (notification !== null) expect(["ocm-invite", "federated-share"]).toContain(notification.protocol);
      expect(notification?.link ?? null).toBeNull();
    });
  });
});

describe.skipIf(folder === undefined)("a share mail", () => {
  test.each(samples)("attached to another mail is none: %s", async (path) => {
    const attached = [
      "From: Dave Reader <dave@lists-x.example>",
      "Content-Type: multipart/mixed; boundary=seam",
      "",
      "--seam\r\nContent-Type: text/plain\r\n\r\nSee there.",
      `--seam\r\nContent-Type: message/rfc822\r\n\r\n${readFileSync(path, "latin1")}`,
      `--seam\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\n${(await textsIn(path)).plain}`,
      "--seam--\r\n",
    ].join("\r\n");
    expect((await inspect(attached)).verdict).toBe("none");
  });

  test.each([
    ["mailing-list", "List-Id: <friends.lists-x.example>"],
    ["mailing-list", "List-Post: <mailto:friends@lists-x.example>"],
    ["bulk-mail", "Precedence: list"],
    ["null-return-path", "Return-Path: <>"],
  ])("sent on as %s is none", async (because, field) => {
    for (const path of samples) {
      const inspection = await inspect(`${field}\r\n${readFileSync(path, "latin1")}`);
      expect(inspection, basename(path)).toMatchObject({ verdict: "none", because });
    }
  });

  test("with a way to unsubscribe still is one", async () => {
    for (const path of samples) {
      const { verdict } = await inspect(
        `List-Unsubscribe: <https://a.example/>\r\n${readFileSync(path, "latin1")}`,
      );
      expect(verdict, basename(path)).toBe("share-notification");
    }
  });

  test("that the reader's own address has sent is none", async () => {
    for (const path of samples) {
      const raw = readFileSync(path, "latin1").replaceAll(
        /^(From|Reply-To): .*$/gm,
        "$1: bob@recipient.example",
      );
      const inspection = await inspect(raw);
      expect(inspection, basename(path)).toMatchObject({ verdict: "none", because: "sent-by-the-reader" });
    }
  });

  test("is never lost by the look at its text that comes before", async () => {
    for (const path of samples) {
      const { texts, headers } = await parseMail(readFileSync(path));
      const { notification } = await inspect(readFileSync(path));
      const readers = mailReaders.filter(({ name }) => name === notification?.protocol);
      const fields = readers.flatMap((reader) => reader.headers);
      const byHeader = headers.some(({ name }) => fields.includes(name));
      const byText = texts.map(({ text }) => readers.some((reader) => reader.mayAnnounce(text)));
      expect(byHeader || byText.every(Boolean), basename(path)).toBe(true);
      if (notification?.protocol !== "ox") expect(byText, basename(path)).toEqual(byText.map(() => true));
    }
  });
});
