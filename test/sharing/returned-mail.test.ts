import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { filesBelow, sharedFolder } from "../world/shared-files.ts";
import { openReportWorld } from "./report-world.ts";

const root = sharedFolder("corpora/sisimai-bounces");
const paths = root === undefined ? [] : filesBelow(root, (name) => name.endsWith(".eml"));

describe.skipIf(root === undefined)("mail that came back to others", () => {
  test("is read to the last one, and none of it is about an invitation of this site", async () => {
    await using world = await openReportWorld();
    const sent = await world.sent("kijitora@example.jp");
    const before = await world.stand(sent);
    const verdicts = new Map<string, number>();
    for (const path of paths) {
      const led = await world.take(readFileSync(path));
      const verdict = led === null ? "no report" : led.kind === "attributed" ? "attributed" : led.because;
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    }
    console.log(`sisimai: ${paths.length} mails`, Object.fromEntries(verdicts));
    expect(paths.length).toBeGreaterThan(800);
    expect(verdicts.get("attributed")).toBeUndefined();
    expect(await world.stand(sent)).toEqual(before);
  });

  test("would mostly be understood with a secret; automatic replies and complaints move nothing even then", async () => {
    await using world = await openReportWorld();
    let understood = 0;
    for (const path of paths) {
      const sent = await world.sent("kijitora@example.jp");
      const before = await world.stand(sent);
      await world.take(withSecret(readFileSync(path), sent.to));
      const after = await world.stand(sent);
      if (/^(?:rfc3834|arf)-/.test(basename(path))) expect(after, basename(path)).toEqual(before);
      else if (JSON.stringify(after) !== JSON.stringify(before)) understood += 1;
    }
    console.log(`sisimai: ${understood} of ${paths.length} mails are understood where a secret proves them`);
    expect(understood / paths.length).toBeGreaterThan(0.7);
  });
});

/** The mail as if it had come to that address, in its own line ends. */
function withSecret(mail: Buffer, to: string): Buffer {
  const end = /\r\n|\r|\n/.exec(mail.toString("latin1"))?.[0] ?? "\n";
  return Buffer.concat([Buffer.from(`Delivered-To: ${to}${end}`), mail]);
}
