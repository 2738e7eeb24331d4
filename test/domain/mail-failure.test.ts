import { describe, expect, test } from "vitest";
import { locales } from "../../src/domain/locale.ts";
import { failureOfReply, failureOfStatus, type MailFailure } from "../../src/domain/mail-failure.ts";
import { mailFailureWords } from "../../src/domain/phrases/mail-failures.ts";

describe("why a mail did not arrive", () => {
  test.each<[string | null, MailFailure]>([
    ["5.1.1", "unknown-user"],
    ["5.1.6", "unknown-user"],
    ["5.1.2", "unknown-domain"],
    ["5.1.10", "unknown-domain"],
    ["5.4.4", "unknown-domain"],
    ["5.2.1", "mailbox-closed"],
    ["5.2.2", "mailbox-full"],
    ["4.2.2", "mailbox-full"],
    ["5.3.4", "too-large"],
    ["5.2.3", "too-large"],
    ["5.4.7", "expired"],
    ["4.4.7", "expired"],
    ["4.4.1", "expired"],
    ["5.7.1", "refused"],
    ["5.7.26", "refused"],
    ["5.6.7", "international-address"],
    ["5.3.0", "server-fault"],
    ["5.4.6", "server-fault"],
    ["5.5.0", "other"],
    ["5.0.0", "other"],
    [null, "other"],
  ])("%s: %s", (status, failure) => {
    expect(failureOfStatus(status)).toBe(failure);
  });

  test.each<[string, MailFailure, string | null]>([
    ["550 5.1.1 <…@…>: Recipient address rejected", "unknown-user", "5.1.1"],
    ["554 5.7.1 Relay access denied", "refused", "5.7.1"],
    ["552 over quota", "mailbox-full", "5.2.2"],
    ["550 no", "other", "5.0.0"],
    ["450-4.2.0 greylisted", "expired", "4.2.0"],
    ["421 closed by 5.1.1.2", "expired", "4.0.0"],
    ["connect ECONNREFUSED 127.0.0.1:25", "not-sent", null],
    ["Template invitation/en.mjml is in none of 2 folders.", "not-sent", null],
  ])("by the last reply %s: %s", (reply, failure, status) => {
    expect(failureOfReply(reply)).toEqual({ failure, status });
  });

  test("is told in a sentence of each language, which differs for each reason", () => {
    for (const locale of locales) {
      const said = ["unknown-user", "mailbox-full", "refused", "suppressed", "other"].map((reason) =>
        mailFailureWords(reason, locale),
      );
      expect(new Set(said).size).toBe(said.length);
      expect(mailFailureWords("constructor", locale)).toBe(mailFailureWords("other", locale));
    }
    expect(mailFailureWords("mailbox-full", "de")).toContain("voll");
  });
});
