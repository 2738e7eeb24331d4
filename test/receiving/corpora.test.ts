import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import type { Inspection } from "../../src/domain/share.ts";
import { parseMail } from "../../src/mail/parse.ts";
import { mailReaders } from "../../src/protocols/mail-readers.ts";
import { inspectMail } from "../../src/receiving/inspect.ts";
import { filesBelow, sharedFolder } from "../world/shared-files.ts";
import { processorMs } from "../world/processor-time.ts";

interface Corpus {
  readonly folder: string;
  readonly suffix: string;
  readonly atLeast: number;
}

const corpora: readonly Corpus[] = [
  { folder: "corpora/stalwart-mail-parser", suffix: ".eml", atLeast: 100 },
  { folder: "corpora/mime4j", suffix: ".msg", atLeast: 70 },
  { folder: "corpora/sisimai-bounces", suffix: ".eml", atLeast: 800 },
];

describe.each(corpora)("mails of $folder", ({ folder, suffix, atLeast }) => {
  const root = sharedFolder(folder);
  const paths = root === undefined ? [] : filesBelow(root, (name) => name.endsWith(suffix));

  test.skipIf(root === undefined)("are all read in time, twice the same, and announce no share", async () => {
    const verdicts = new Map<string, number>();
    for (const path of paths) {
      const inspection = await inspectTwice(path);
      expect(inspection.verdict, basename(path)).not.toBe("share-notification");
      verdicts.set(inspection.verdict, (verdicts.get(inspection.verdict) ?? 0) + 1);
    }
    expect(paths.length).toBeGreaterThan(atLeast);
    console.log(`${folder}: ${paths.length} mails`, Object.fromEntries(verdicts));
  });

  test.skipIf(root === undefined || !folder.includes("sisimai"))(
    "tell whose delivery failed, in most delivery reports",
    async () => {
      let reports = 0;
      let complete = 0;
      for (const path of paths) {
        const { bounce } = await inspect(readFileSync(path));
        if (bounce === null) continue;
        reports++;
        if (bounce.recipient !== null && bounce.action !== null && bounce.status !== null) complete++;
      }
      console.log(`${folder}: ${complete} of ${reports} reports name recipient, action and status`);
      expect(reports).toBeGreaterThan(200);
      expect(complete / reports).toBeGreaterThan(0.9);
    },
  );
});

/** Reads a mail twice the same, in the time that a mail may take. */
async function inspectTwice(path: string): Promise<Inspection> {
  const bytes = readFileSync(path);
  const inspection = await inspect(bytes);
  const again = async () => expect(await inspect(bytes), basename(path)).toEqual(inspection);
  expect(await processorMs(again), basename(path)).toBeLessThan(limits.parseTimeMs);
  return inspection;
}

async function inspect(bytes: Buffer): Promise<Inspection> {
  return inspectMail(await parseMail(bytes), mailReaders, { trustedAuthservIds: ["mx.recipient.example"] });
}

interface KnownMail {
  readonly parts: readonly {
    readonly headers: readonly { readonly name: string; readonly value: unknown }[];
  }[];
}

describe("mails with expected answers", () => {
  const root = sharedFolder("corpora/stalwart-mail-parser");
  const paths = root === undefined ? [] : filesBelow(root, (name) => name.endsWith(".eml"));

  test.skipIf(root === undefined)("have the same senders for us as for another parser", async () => {
    let addresses = 0;
    for (const path of paths) {
      const mail = await parseMail(readFileSync(path));
      const known: KnownMail = JSON.parse(readFileSync(path.replace(/eml$/, "json"), "utf8"));
      const from = (known.parts[0]?.headers ?? []).filter(({ name }) => name === "from");
      const expected = JSON.stringify(from).matchAll(/"address":"([^"]*)"/g);
      const seen = mail.from.map(({ address }) => address).filter((address) => address !== "");
      expect(seen, basename(path)).toEqual(Array.from(expected, ([, address]) => address));
      addresses += seen.length;
    }
    expect(addresses).toBeGreaterThan(50);
  });
});
