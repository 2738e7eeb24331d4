import * as fc from "fast-check";
import { getDomain } from "tldts";
import { describe, expect, test } from "vitest";
import type { MailView } from "../../src/domain/mail.ts";
import type { ShareNotification } from "../../src/domain/share.ts";
import { judgeAuthentication } from "../../src/domain/trust.ts";
import { viewWith } from "../world/mail-view.ts";

const id = "mx.recipient.example";
const results = `Authentication-Results: ${id}; dkim=pass header.d=cloud-a.example; spf=pass smtp.mailfrom=cloud-a.example; dmarc=pass (p=none) header.from=cloud-a.example\n`;
const ownReceived = `Received: from ox.cloud-a.example (ox [192.0.2.1]) by ${id} (Postfix) with ESMTPS id 1\n`;
const lmtp = "Received: from mx.recipient.example by imap.recipient.example with LMTP id 2\n";
const foreign = "Received: from a.example by relay.elsewhere.example with ESMTP id 3\n";
const from = "From: Alice Sender <alice@cloud-a.example>\n";

function judge(header: string, rest: Partial<MailView> = {}, notification: ShareNotification | null = null) {
  return judgeAuthentication(viewWith(header, rest), notification, {
    authservIds: [id],
    registrableDomain: (host) => getDomain(host, { allowPrivateDomains: true }),
  });
}

describe("the sender is authenticated", () => {
  test.each<[string, string]>([
    ["on top", results + ownReceived + from],
    ["below the receiving server's own Received line", ownReceived + results + from],
    ["below a delivery by LMTP", lmtp + results + ownReceived + from],
    ["below results of others", `Authentication-Results: filter.example; spf=fail\n${results}${from}`],
    ["in another case", results.replace(id, id.toUpperCase()).replace("dmarc=pass", "DMARC=Pass") + from],
    [
      "folded, with comments and a version",
      results.replace(`${id};`, `\n (c;x) ${id} (d) 1 (e);\n\t`) + from,
    ],
    ["with method version and final semicolon", `${results.trim().replace("dmarc=", "dmarc/1=")};\n${from}`],
    ["with a quoted id", results.replace(id, `"${id}"`) + from],
    [
      "with a quoted domain",
      results.replace("header.from=cloud-a.example", 'header.from="Cloud-A.Example"') + from,
    ],
    [
      "with a reason that says otherwise",
      results.replace("dmarc=pass", 'dmarc=pass reason="dmarc=fail; none"') + from,
    ],
    [
      "with forged ones of ours below a foreign line",
      results + ownReceived + foreign + results.replace("pass", "fail") + from,
    ],
    [
      "with other fields of delivery above",
      `Return-Path: <a@b.example>\nDelivered-To: bob\nX-Original-To: b\n${results}${from}`,
    ],
  ])("by results %s", (_, header) => {
    expect(judge(header)).toMatchObject({
      trusted: true,
      dmarc: "pass",
      authservId: id,
      by: "authentication-results",
    });
  });

  test("and what each method said is told", () => {
    expect(judge(results + from)).toMatchObject({ from: "alice@cloud-a.example", dkim: "pass", spf: "pass" });
  });
});

const dmarc = "dmarc=pass header.from=cloud-a.example";

describe("the sender is not authenticated", () => {
  test.each<[string, string]>([
    ["without results", ownReceived + from],
    ["by results of another server", results.replace(id, "mx.other.example") + from],
    ["by results of a host in the same domain", results.replace(id, "mx2.recipient.example") + from],
    ["by results of an id that only begins alike", results.replace(id, `${id}.evil.example`) + from],
    ["by results below a foreign Received line", ownReceived + foreign + results + from],
    [
      "by results below a Received line that cannot be read",
      `Received: (qmail 1 invoked)\n${results}${from}`,
    ],
    [
      "by a foreign line that names us in a comment",
      `Received: from x (by ${id}) by evil.example\n${results}${from}`,
    ],
    [
      "by a foreign line that names us in its greeting",
      `Received: from by ${id} by evil.example\n${results}${from}`,
    ],
    ["by a domain that ends like ours", `Received: from a by mx.evilrecipient.example\n${results}${from}`],
    ["when our own server said fail above", results.replace("dmarc=pass", "dmarc=fail") + results + from],
    ["when our own server said nothing above", `Authentication-Results: ${id}; none\n${results}${from}`],
    [
      "when the results above cannot be read",
      `Authentication-Results: ${id}; dmarc="fail\n${results}${from}`,
    ],
    ["when they lack an id", `Authentication-Results: ${dmarc}\n${from}`],
    ["when the id is followed by something", `Authentication-Results: ${id} x; ${dmarc}\n${from}`],
    ["by another version of the field", `Authentication-Results: ${id} 2; ${dmarc}\n${from}`],
    ["by a pass in a comment", `Authentication-Results: ${id}; spf=fail (; ${dmarc})\n${from}`],
    [
      "by a pass in a quoted string",
      `Authentication-Results: ${id}; spf=fail smtp.mailfrom="; ${dmarc}"\n${from}`,
    ],
    [
      "by two verdicts of DMARC",
      `Authentication-Results: ${id}; ${dmarc}; dmarc=fail header.from=a.example\n${from}`,
    ],
    ["by a pass for another domain", results.replace("header.from=cloud-a", "header.from=cloud-b") + from],
    ["by a pass for a domain below", results.replace("header.from=cloud-a", "header.from=x.cloud-a") + from],
    [
      "by a pass for two domains",
      `Authentication-Results: ${id}; ${dmarc} header.from=evil.example\n${from}`,
    ],
    [
      "by a pass whose domain stands in a comment",
      `Authentication-Results: ${id}; dmarc=pass (header.from=cloud-a.example)\n${from}`,
    ],
    ["by a pass of a method that only begins alike", results.replace("dmarc=", "dmarcx=") + from],
    ["by another version of the method", results.replace("dmarc=", "dmarc/2=") + from],
    [
      "by the chain of others",
      results.replace("Authentication-Results: ", "ARC-Authentication-Results: i=1; ") + from,
    ],
    ["by results of the id in another script", results.replace(id, "mх.recipient.example") + from],
    ["by results of several ids", results.replace(id, `${id}, mx.other.example`) + from],
    ["by results between a foreign line and our own", foreign + results + ownReceived + from],
    ["by a field with an empty id", results.replace(id, "") + from],
    ["by a pass without a domain", `Authentication-Results: ${id}; dmarc=pass\n${from}`],
    ["by dkim and spf alone", `Authentication-Results: ${id}; dkim=pass header.d=cloud-a.example\n${from}`],
    ["by a verdict that only begins with pass", results.replace("dmarc=pass", "dmarc=passed") + from],
    [
      "by a field of another name",
      results.replace("Authentication-Results", "X-Authentication-Results") + from,
    ],
    ["with two From fields", `${results}${from}From : bob@recipient.example\n`],
    [
      "with another address as display name",
      `${results}From: alice@cloud-a.example <alice@cloud-a.example>\n`,
    ],
    [
      "with an address that stands nowhere plainly",
      `${results}From: =?utf-8?b?YWxpY2VAY2xvdWQtYS5leGFtcGxl?=\n`,
    ],
    ["with a From field that cannot be read", `${results}From: "Alice <alice@cloud-a.example>\n`],
  ])("%s", (_, header) => {
    expect(judge(header).trusted).toBe(false);
  });

  test("and nobody is named as the one who says so, unless our own server spoke", () => {
    expect(judge(results.replace(id, "mx.other.example") + from).by).toBeNull();
    expect(judge(foreign + results + from).by).toBeNull();
    expect(judge(results.replaceAll("pass", "fail") + from).by).toBe("authentication-results");
  });

  test("where From has two addresses, none, or fields may be missing", () => {
    const alice = { name: "", address: "alice@cloud-a.example" };
    const cases: Partial<MailView>[] = [{ from: [alice, alice] }, { from: [] }, { isHeaderCut: true }];
    for (const rest of cases)
      expect(judge(results + from, rest)).toMatchObject({ from: null, trusted: false });
  });

  test("whatever a stranger writes below our own server's words", () => {
    const own = `Authentication-Results: ${id}; dmarc=fail header.from=cloud-a.example\n${ownReceived}`;
    const fragments = fc.constantFrom(
      id,
      "dmarc=pass",
      "header.from=cloud-a.example",
      ";",
      " ",
      "(",
      ")",
      '"',
      "\\",
      "\n ",
      "1",
    );
    const forged = fc
      .array(fragments, { maxLength: 30 })
      .map((parts) => `Authentication-Results: ${parts.join("")}\n`);
    fc.assert(
      fc.property(forged, (field) => {
        expect(judge(own + field + from).trusted).toBe(false);
        expect(judge(foreign + field + from).trusted).toBe(false);
      }),
    );
  });
});

describe("link and sender belong together", () => {
  const share: ShareNotification = {
    protocol: "ox",
    variant: "share-created",
    origin: null,
    link: null,
    shareId: null,
    recipientKind: "unknown",
    module: null,
    folder: null,
    item: null,
    sharer: { name: "", address: "" },
    title: null,
  };

  test.each<[string, string | null, string | null, boolean]>([
    ["share.cloud-a.example", "https://share.cloud-a.example", null, true],
    ["the very domain with a port", "https://cloud-a.example:8443", null, true],
    ["the link's host where there is no origin", null, "https://x.cloud-a.example/y", true],
    ["an origin that wins over the link", "https://cloud-b.example", "https://cloud-a.example/", false],
    ["a domain that ends alike", "https://evilcloud-a.example", null, false],
    ["an address literal", "https://192.0.2.1", null, false],
    ["neither origin nor link", null, null, false],
  ])("for %s", (_, origin, link, expected) => {
    expect(judge(from, {}, { ...share, origin, link }).linkAligned).toBe(expected);
  });

  test("not where two customers of one hoster meet, nor where there is no share", () => {
    const bob = { from: [{ name: "", address: "bob@bob.github.io" }] };
    expect(
      judge("From: bob@bob.github.io\n", bob, { ...share, origin: "https://eve.github.io" }).linkAligned,
    ).toBe(false);
    expect(judge(from).linkAligned).toBe(false);
  });
});
