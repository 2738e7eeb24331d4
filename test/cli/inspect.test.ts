import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "usher-inspect-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const token = "0e8bc1640c82ee5ee8bc163c82ee4187b3288c7d4ac636db";
const share = [
  "Authentication-Results: mx.recipient.example; dmarc=pass header.from=cloud-a.example",
  "From: Alice Sender <alice@cloud-a.example>",
  "To: bob@recipient.example",
  'Subject: Alice Sender has shared the folder "Pl\u001B[31mans" with you.',
  "X-Open-Xchange-Share-Type: share-created",
  `X-Open-Xchange-Share-URL: https://share.cloud-a.example/ajax/share/${token}/1/8/Mzk`,
  "",
  "",
].join("\r\n");

function mail(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** As an administrator calls it: no configuration anywhere, and a mail through a pipe where the file is `-`. */
function inspect(args: readonly string[], input = "") {
  const env = { PATH: process.env["PATH"], USHER_CONFIG: join(folder, "missing.yaml") };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, "inspect", ...args], {
    input,
    env,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("usher inspect", () => {
  const path = mail("share.eml", share);

  test("prints what it sees as one line of JSON, secrets shortened", () => {
    const filled = mail("big.eml", share + "text\r\n".repeat(3400));
    const { status, stdout, stderr } = inspect([
      "--json",
      "--trust-authserv-id",
      "mx.recipient.example",
      filled,
    ]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout.trim().split("\n")).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: "share-notification",
      notification: {
        protocol: "ox",
        link: "https://share.cloud-a.example/…",
        shareId: "0e8bc164…",
        folder: "39",
        title: "Pl [31mans",
      },
      authentication: { trusted: true, linkAligned: true, authservId: "mx.recipient.example" },
      bounce: null,
    });
  });

  test("prints secrets only when asked to", () => {
    for (const args of [[path], ["--json", path]]) expect(inspect(args).stdout).not.toContain(token.slice(8));
    expect(inspect(["--secrets", path]).stdout).toContain(`/ajax/share/${token}/1/8/Mzk`);
    expect(JSON.parse(inspect(["--secrets", "--json", path]).stdout)).toMatchObject({
      notification: { shareId: token },
    });
  });

  test("prints lines for people, without the control characters of a mail", () => {
    const { stdout } = inspect([path]);
    expect(stdout).toMatch(/^verdict +share-notification$/m);
    expect(stdout).toMatch(/^sharer +Alice Sender <alice@cloud-a\.example>$/m);
    expect(stdout).toMatch(/^sender +not authenticated/m);
    expect(stdout).not.toContain("\u001B");
  });

  test("reads a pipe, and knows the reader", () => {
    expect(JSON.parse(inspect(["--json", "-"], share).stdout)).toMatchObject({
      verdict: "share-notification",
    });
    const own = inspect(
      ["--json", "--for", "bob@recipient.example", "--for", "alice@cloud-a.example", "-"],
      share,
    );
    expect(JSON.parse(own.stdout)).toMatchObject({ verdict: "none", because: "sent-by-the-reader" });
  });

  test("says when a mail was not read to its end", () => {
    const { status, stderr, stdout } = inspect([
      mail("long.eml", share + "x".repeat(limits.mailPrefixBytes)),
    ]);
    expect(status).toBe(0);
    expect(stderr).toContain("is longer than 768 KiB; only that much was read");
    expect(stdout).toContain("share-notification");
  });

  test.each<[string, readonly string[], number, RegExp]>([
    [
      "a file that is missing",
      [join(folder, "missing.eml")],
      1,
      /Cannot read .*missing\.eml: no such file or directory/,
    ],
    ["a folder", [folder], 1, /Cannot read .*: illegal operation on a directory/],
    ["an empty file", [mail("empty.eml", "")], 1, /is empty/],
    ["empty input", ["-"], 1, /Standard input is empty/],
    ["a file that is no mail", [mail("passwd", "root:x:0:0:root:/root:/bin/sh\n")], 1, /is not a mail/],
    ["no file at all", [], 2, /missing required argument/],
    ["an unknown option", ["--verbose", path], 2, /unknown option/],
    ["an address that is none", ["--for", "bob", path], 2, /--for bob is not a mail address/],
  ])("refuses %s", (_, args, code, message) => {
    const { status, stdout, stderr } = inspect(args);
    expect({ status, stdout }).toEqual({ status: code, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("    at ");
  });
});
