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

describe.skipIf(folder === undefined)("sample mails of the sharing products", () => {
  test("there are samples for every protocol, and for what is no notification", () => {
    const names = samples.map((path) => basename(path));
    const protocols = samples.map((path) => expectedOf(path).notification?.protocol);
    for (const { name } of mailReaders) expect(protocols).toContain(name);
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

function expectedOf(path: string): Expected {
  const expected: Expected = JSON.parse(readFileSync(path.replace(/eml$/, "json"), "utf8"));
  return expected;
}
