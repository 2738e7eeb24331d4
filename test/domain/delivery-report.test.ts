import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fateIn, readReport } from "../../src/domain/delivery-report.ts";
import { parseMail } from "../../src/mail/parse.ts";
import {
  exchangeReport,
  failedRecipientsReport,
  postmasterReport,
  qmailReport,
  type ReportBlock,
  standardReport,
  vacation,
} from "../world/reports.ts";

const about = {
  to: "bounces@site.example",
  recipient: "bob@elsewhere.example",
  messageId: "<i0.invitation@site.example>",
};

async function read(mail: string) {
  return readReport(await parseMail(Buffer.from(mail.replaceAll("\n", "\r\n"))));
}

async function fateOf(mail: string, isProven: boolean, address = about.recipient) {
  const report = await read(mail);
  return report === null ? "no report" : fateIn(report, address, { isProven });
}

const failed = { final: about.recipient, action: "failed", status: "5.1.1" } as const;

describe("a report of the standard form", () => {
  test.each(["text/rfc822-headers", "message/rfc822"])(
    "names the mail that it returns as %s",
    async (returned) => {
      const report = await read(standardReport(about, [failed], { returned }));
      expect(report).toMatchObject({ isStandard: true, originalMessageId: about.messageId });
    },
  );

  test("may return nothing", async () => {
    const report = await read(standardReport(about, [failed], { returned: null }));
    expect(report).toMatchObject({ isStandard: true, originalMessageId: null });
  });

  test.each<[string, ReportBlock, object | null]>([
    ["failed", failed, { action: "failed", status: "5.1.1" }],
    ["delayed", { ...failed, action: "delayed", status: "4.4.1" }, { action: "delayed", status: "4.4.1" }],
    [
      "delivered",
      { ...failed, action: "delivered", status: "2.0.0" },
      { action: "delivered", status: "2.0.0" },
    ],
    ["relayed", { ...failed, action: "relayed", status: "2.0.0" }, { action: "relayed", status: "2.0.0" }],
    ["expanded", { ...failed, action: "expanded", status: "2.0.0" }, { action: "expanded", status: "2.0.0" }],
    [
      "failed, as the quoted reply tells more exactly",
      { ...failed, status: "5.0.0", diagnostic: "552-5.2.2 mailbox full" },
      { action: "failed", status: "5.2.2" },
    ],
    [
      "failed, with a reply of another class that says nothing",
      { ...failed, status: "5.0.0", diagnostic: "451 4.3.0 later" },
      { action: "failed", status: "5.0.0" },
    ],
    [
      "failed, where only the class says so",
      { ...failed, action: "?" },
      { action: "failed", status: "5.1.1" },
    ],
    ["nothing, where nothing says what", { ...failed, action: "?", status: "?" }, "no report" as never],
  ])("says that a mail %s", async (_, block, fate) => {
    expect(await fateOf(standardReport(about, [block]), false)).toEqual(fate);
  });

  test("about several recipients says of each what became of his mail", async () => {
    const mail = standardReport(about, [
      { final: "carla@elsewhere.example", action: "delivered", status: "2.0.0" },
      { final: "Bob@Elsewhere.Example", action: "delayed", status: "4.2.2" },
      { final: "x@forwarded.example", original: "dora@elsewhere.example", action: "failed", status: "5.2.1" },
    ]);
    expect(await fateOf(mail, false, "carla@elsewhere.example")).toMatchObject({ action: "delivered" });
    expect(await fateOf(mail, false)).toEqual({ action: "delayed", status: "4.2.2" });
    expect(await fateOf(mail, false, "dora@elsewhere.example")).toEqual({
      action: "failed",
      status: "5.2.1",
    });
    expect(await fateOf(mail, false, "erik@elsewhere.example")).toBeNull();
  });

  test("that is proven tells of a forwarded mail too, which failed only where nobody got it", async () => {
    const lost = { final: "x@forwarded.example", action: "failed", status: "5.2.2" };
    const arrived = { final: "y@forwarded.example", action: "delivered", status: "2.0.0" };
    expect(await fateOf(standardReport(about, [lost]), true)).toEqual({ action: "failed", status: "5.2.2" });
    expect(await fateOf(standardReport(about, [lost]), false)).toBeNull();
    expect(await fateOf(standardReport(about, [lost, arrived]), true)).toMatchObject({ action: "delivered" });
  });

  test("of Exchange is read by the reply that it quotes", async () => {
    expect(await fateOf(exchangeReport(about), false)).toEqual({ action: "failed", status: "5.1.1" });
  });

  test("whose report-type is missing counts as one of the other forms", async () => {
    const mail = standardReport(about, [failed]).replace("report-type=delivery-status;", "");
    expect(await read(mail)).toMatchObject({ isStandard: false });
  });
});

describe("a report of another form", () => {
  test.each<[string, string, object]>([
    ["Exim", failedRecipientsReport({ ...about, status: "5.7.1" }), { action: "failed", status: "5.7.1" }],
    ["qmail", qmailReport(about), { action: "failed", status: "5.1.1" }],
    ["a mail server's own words", postmasterReport(about), { action: "failed", status: "5.2.2" }],
    [
      "a mail server's own words about a delay",
      postmasterReport({ ...about, status: "4.2.2" }),
      { action: "delayed", status: "4.2.2" },
    ],
  ])("is understood, and no proof by itself: %s", async (_, mail, fate) => {
    expect(await read(mail)).toMatchObject({ isStandard: false });
    expect(await fateOf(mail, true)).toEqual(fate);
  });

  test("of qmail says nothing of whoever the returned text names", async () => {
    expect(await fateOf(qmailReport(about), false, "someone@else.example")).toBeNull();
  });
});

describe("what is no report", () => {
  test.each<[string, string]>([
    ["the answer of an absent person", vacation(about)],
    ["the answer of a mail server to everybody", postmasterReport(about, "Auto-Submitted: auto-replied")],
    ["a person who quotes a reply", postmasterReport(about).replace("postmaster@", "erik@")],
    [
      "a postmaster who can be answered",
      postmasterReport(about).replace("<>", "<postmaster@mx.elsewhere.example>"),
    ],
    [
      "a confirmation that a mail was read",
      exchangeReport(about).replaceAll("delivery-status", "disposition-notification"),
    ],
    ["a mail without words", "From: <mailer-daemon@mx.elsewhere.example>\nReturn-Path: <>\n\n"],
  ])("%s", async (_, mail) => {
    expect(await read(mail)).toBeNull();
  });

  test("any text, whatever it holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (text, deliveryStatus) => {
        const report = readReport({
          headers: [{ name: "return-path", value: "<>" }],
          from: [{ name: "", address: "postmaster@a.example" }],
          texts: [{ type: "plain", text }],
          deliveryStatus,
          returnedHeaders: [],
        });
        expect(report?.isStandard ?? false).toBe(false);
      }),
    );
  });
});
