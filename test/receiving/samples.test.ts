import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { parseMail } from "../../src/mail/parse.ts";
import { mailReaders } from "../../src/protocols/mail-readers.ts";
import { inspectMail } from "../../src/receiving/inspect.ts";
import { filesBelow, sharedFolder } from "../world/shared-files.ts";

interface Expected {
  readonly verdict: string;
  readonly notification: { readonly protocol: string } | null;
}

const folder = sharedFolder("samples/mail");
const samples = folder === undefined ? [] : filesBelow(folder, (name) => name.endsWith(".eml"));
const standing = new Set<string>(mailReaders.map(({ name }) => name));

describe.skipIf(folder === undefined)("sample mails of the sharing products", () => {
  test("there are samples for what stands, and for what is no notification", () => {
    const names = samples.map((path) => basename(path));
    expect(names.filter((name) => name.startsWith("ox-")).length).toBeGreaterThan(3);
    expect(names.filter((name) => name.startsWith("none-")).length).toBeGreaterThan(3);
  });

  for (const path of samples) {
    const raw = readFileSync(path, "latin1").replaceAll("\r\n", "\n");
    const expected = expectedOf(path);
    for (const [lineEnd, text] of Object.entries({ LF: raw, CRLF: raw.replaceAll("\n", "\r\n") })) {
      test(`${basename(path)} with ${lineEnd} is seen as expected`, async () => {
        const mail = await parseMail(Buffer.from(text, "latin1"));
        const inspection = inspectMail(mail, mailReaders, {
          trustedAuthservIds: ["mx.recipient.example"],
          forAddresses: ["bob@recipient.example"],
        });
        expect(mail.problems).toEqual([]);
        expect(inspection).toMatchObject(expected);
      });
    }
  }
});

/** A notification of a protocol that does not stand yet is none; everything else holds as written beside the mail. */
function expectedOf(path: string): object {
  const expected: Expected = JSON.parse(readFileSync(path.replace(/eml$/, "json"), "utf8"));
  const protocol = expected.notification?.protocol;
  if (protocol === undefined || standing.has(protocol)) return expected;
  return { verdict: "none", because: "no-share-notification", notification: null, bounce: null };
}
