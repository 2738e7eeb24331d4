import { describe, expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import type { MailReader } from "../../src/protocols/protocol.ts";
import { mailReaders } from "../../src/protocols/mail-readers.ts";
import { inspectMail } from "../../src/receiving/inspect.ts";
import { viewWith } from "../world/mail-view.ts";

const share =
  "From: alice@cloud-a.example\nX-Open-Xchange-Share-Type: share-created\nX-Open-Xchange-Share-URL: https://cloud-a.example/ajax/share/0e8bc1640c82ee5ee8bc163c82ee4187b3288c7d4ac636db/1/8/Mzk\n";
const report = "Content-Type: multipart/report; report-type=delivery-status\n";

function inspect(header: string, forAddresses: readonly string[] = []) {
  return inspectMail(viewWith(header), mailReaders, { trustedAuthservIds: [], forAddresses });
}

describe("the verdict on a mail", () => {
  test("is delivery-status before auto-reply, and both before a share", () => {
    const reply = "Auto-Submitted: auto-replied (vacation)\n";
    expect(inspect(report + reply + share)).toMatchObject({ verdict: "delivery-status", notification: null });
    expect(inspect(reply + share)).toMatchObject({
      verdict: "auto-reply",
      because: null,
      notification: null,
      bounce: null,
    });
  });

  test("is a share for one that a program sent, as OX says of all of them", () => {
    expect(inspect(`Auto-Submitted: auto-generated\n${share}`).verdict).toBe("share-notification");
  });

  test.each([
    ["null-return-path", "Return-Path: <>\n"],
    ["bulk-mail", "Precedence: Bulk\n"],
    ["bulk-mail", "Precedence: list\n"],
    ["too-many-hops", "Received: by a.example\n".repeat(limits.receivedFields + 1)],
  ])("is none because of %s", (because, header) => {
    expect(inspect(header + share)).toMatchObject({ verdict: "none", because, notification: null });
  });

  test("is none for what the reader sent himself, by any spelling of his domain", () => {
    expect(inspect(share, ["bob@recipient.example", "alice@CLOUD-A.example"])).toMatchObject({
      verdict: "none",
      because: "sent-by-the-reader",
    });
    expect(inspect(share, ["bob@recipient.example"]).verdict).toBe("share-notification");
  });

  test("is left to the first protocol that knows the mail, also where it says no", () => {
    const refusing: MailReader = {
      name: "cozy",
      headers: [],
      mayAnnounce: () => false,
      detect: () => ({ not: "some-reason" }),
    };
    const scope = { trustedAuthservIds: [] };
    expect(inspectMail(viewWith(share), [refusing, ...mailReaders], scope).because).toBe("some-reason");
    expect(inspectMail(viewWith(share), [...mailReaders, refusing], scope).verdict).toBe(
      "share-notification",
    );
  });

  test("is none with a reason for any other mail", () => {
    expect(inspect("From: alice@cloud-a.example\n")).toMatchObject({
      verdict: "none",
      because: "no-share-notification",
      authentication: { from: "alice@cloud-a.example", trusted: false, linkAligned: false, authservId: null },
    });
  });
});
