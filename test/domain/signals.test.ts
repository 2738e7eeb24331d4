import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MailView } from "../../src/domain/mail.ts";
import { signalsIn } from "../../src/domain/signals.ts";
import { isHostName, registrableDomain } from "../../src/receiving/registrable-domain.ts";
import { viewWith } from "../world/mail-view.ts";
import { processorMs } from "../world/processor-time.ts";

const nowMs = Date.parse("2026-10-05T18:00:00Z");
const context = {
  registrableDomain,
  isHostName,
  nowMs,
};
const from = "From: Alice Sender <alice@cloud-a.example>\n";

function signals(rest: Partial<MailView> = {}, header = from) {
  return signalsIn(viewWith(header, rest), context);
}

function sender(name: string, address = "alice@cloud-a.example"): Partial<MailView> {
  return { from: [{ name, address }] };
}

const alice = { name: "Alice", address: "alice@cloud-a.example" };
const elsewhere = { name: "Alice", address: "alice@mailhome.example" };

describe("a mail has no signal", () => {
  test.each<[string, Partial<MailView>]>([
    ["that is ordinary", {}],
    [
      "with a Reply-To in the sender's organisation",
      { replyTo: [{ ...alice, address: "a@mail.cloud-a.example" }] },
    ],
    [
      "of a server that sets Reply-To to its user",
      { ...sender("Cloud", "noreply@cloud-a.example"), replyTo: [elsewhere] },
    ],
    ["whose display name is its address", sender("Alice@Cloud-A.example")],
    [
      "of a server that names the user",
      sender("alice@cloud-a.example via Cloud", "no-reply@cloud-a.example"),
    ],
    ["of a server that names its user's cloud", sender("alice@x.cloud-a.example", "noreply@cloud-a.example")],
    ["whose display name only has an at sign", sender("Alice @ Work")],
  ])("%s", (_, rest) => {
    expect(signals(rest)).toEqual([]);
  });

  test.each<[string, string | null]>([
    ["the same address", "https://share.cloud-a.example/s/1"],
    ["a host of the same owner", "cloud-a.example"],
    ["words", "Open the folder. It is here"],
    ["nothing", ""],
    ["a file name with spaces", "my file.pdf, 3 pages"],
    ["the name of a file", "minutes.pdf"],
    ["the name of a file whose kind is a domain, too", "notes.md"],
    ["plain text", null],
  ])("by a link that shows %s", (_, shown) => {
    expect(signals({ ownLinks: [{ href: "https://share.cloud-a.example/s/1", shown }] })).toEqual([]);
  });

  test.each(["Mon, 5 Oct 2026 20:29:32 +0200 (CEST)", "Tue, 6 Oct 2026 17:00:00 +0000", "no date"])(
    "by the date %s",
    (date) => expect(signals({}, `${from}Date: ${date}\n`)).toEqual([]),
  );
});

describe("a signal is", () => {
  test("several senders", () => {
    expect(signals({ from: [alice, elsewhere] })).toEqual(["several-senders"]);
    expect(signals({}, from + from)).toEqual(["several-senders"]);
  });

  test("a Reply-To elsewhere", () => {
    expect(signals({ replyTo: [elsewhere] })).toEqual(["reply-to-elsewhere"]);
    const server = sender("Cloud", "noreply@cloud-a.example");
    expect(signals({ ...server, replyTo: [alice, elsewhere] })).toEqual(["reply-to-elsewhere"]);
  });

  test.each([
    ["bob@recipient.example", "alice@cloud-a.example"],
    ["Bob <bob@recipient.example>", "alice@cloud-a.example"],
    ["carla@cloud-a.example", "alice@cloud-a.example"],
    ["bob@recipient.example via Cloud", "noreply@cloud-a.example"],
    ["alice@сloud-a.example", "alice@cloud-a.example"],
  ])("the name %s on %s", (name, address) => {
    expect(signals(sender(name, address))).toEqual(["name-shows-another-address"]);
  });

  test.each([
    "https://share.cloud-a.example/s/1",
    "cloud-a.example",
    "www.cloud-a.example/s/1",
    "Open https://cloud-a.example now",
    "  HTTPS://CLOUD-A.EXAMPLE ",
    "https://user@cloud-a.example",
    "сloud-a.example",
  ])("a link elsewhere that shows %s", (shown) => {
    const ownLinks = [{ href: "https://evil.test/s/1", shown }];
    expect(signals({ ownLinks })).toEqual(["link-shows-another-host"]);
  });

  test("a date more than a day ahead", () => {
    expect(signals({}, `${from}Date: Tue, 6 Oct 2026 18:00:01 +0000\n`)).toEqual(["date-in-future"]);
  });
});

test("no mail makes it throw", () => {
  const text = fc.string({ unit: "binary" });
  const address = fc.record({ name: text, address: text });
  const view = fc.record({
    from: fc.array(address, { maxLength: 3 }),
    replyTo: fc.array(address, { maxLength: 3 }),
    ownLinks: fc.array(fc.record({ href: fc.oneof(text, fc.webUrl()), shown: fc.option(text) }), {
      maxLength: 3,
    }),
  });
  fc.assert(
    fc.property(view, text, (rest, date) => {
      signals(rest, `${from}Date: ${date}\n`);
    }),
  );
});

test("long texts are looked at in no time", async () => {
  for (const piece of ["a@", "https://", "a.", "<>", '"', " ", "a-"]) {
    const text = piece.repeat(100_000);
    const view = {
      ...sender(text),
      ownLinks: Array.from({ length: 200 }, () => ({ href: "https://a.test/", shown: text })),
    };
    expect(await processorMs(() => signals(view))).toBeLessThan(1000);
  }
});
