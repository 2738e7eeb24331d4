import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { recipientAnswered } from "../../src/sharing/answer.ts";
import {
  exchangeReport,
  failedRecipientsReport,
  postmasterReport,
  qmailReport,
  standardReport,
  vacation,
} from "../world/reports.ts";
import { openReportWorld, type ReportWorld, type Sent } from "./report-world.ts";

let world: ReportWorld;
let bob: Sent;
beforeEach(async () => {
  world = await openReportWorld();
  bob = await world.sent("bob@elsewhere.example");
});
afterEach(async () => world[Symbol.asyncDispose]());

const untouched = { state: "pending", reason: null, fate: null, status: null };
const unknownUser = { state: "mail-not-sent", reason: "unknown-user", fate: "bounced", status: "5.1.1" };

function failed(sent: Sent, status = "5.1.1") {
  return { final: sent.recipient, action: "failed", status };
}

/** The address that mail comes back to where no secret is made. */
const plain = "usher@site.example";

describe("a report that comes to the address with the secret", () => {
  test.each<[string, (sent: Sent) => string]>([
    ["of Postfix, with the header of the mail", (sent) => standardReport(sent, [failed(sent)])],
    ["with the whole mail", (sent) => standardReport(sent, [failed(sent)], { returned: "message/rfc822" })],
    ["with nothing of the mail", (sent) => standardReport(sent, [failed(sent)], { returned: null })],
    [
      "in capital letters",
      (sent) => standardReport({ ...sent, to: sent.to.toUpperCase() }, [failed(sent)], { returned: null }),
    ],
    [
      "that is only in the field of the delivering server",
      (sent) =>
        standardReport({ ...sent, to: "undisclosed:;" }, [failed(sent)], {
          returned: null,
          extra: `X-Original-To: ${sent.to}`,
        }),
    ],
    [
      "about the address that the recipient's server forwards to",
      (sent) =>
        standardReport(sent, [{ ...failed(sent), final: "bob@forwarded.example" }], { returned: null }),
    ],
    ["of Exchange", exchangeReport],
    ["of Exim or the older Gmail", failedRecipientsReport],
    ["of qmail", qmailReport],
    ["in a mail server's own words", (sent) => postmasterReport({ ...sent, status: "5.1.1" })],
  ])("%s moves the recipient, and nobody else", async (_, report) => {
    const carla = await world.sent("carla@elsewhere.example", bob);
    expect(await world.take(report(bob))).toEqual({ kind: "attributed" });
    expect(await world.stand(bob)).toMatchObject(unknownUser);
    expect(await world.stand(carla)).toMatchObject(untouched);
    expect(await world.timeline(bob)).toEqual(["bounced 5.1.1 unknown-user"]);
    expect(world.told).toMatchObject([{ event: "invitation-bounced", status: "5.1.1" }]);
    expect(await world.suppressed()).toEqual([bob.recipient]);
  });

  test("about several recipients says only what it says of this one", async () => {
    const carla = await world.sent("carla@elsewhere.example", bob);
    const blocks = [failed(carla), { ...failed(bob), action: "delayed", status: "4.2.2" }];
    await world.take(standardReport(bob, blocks));
    expect(await world.stand(bob)).toMatchObject({ ...untouched, fate: "delayed", status: "4.2.2" });
    expect(await world.stand(carla)).toMatchObject(untouched);
  });

  test("about several mails at once, each proven, moves each by its own block", async () => {
    const carla = await world.sent("carla@elsewhere.example", bob);
    const both = { ...bob, to: `${bob.to}, ${carla.to}` };
    await world.take(standardReport(both, [failed(bob), failed(carla, "5.2.2")]));
    expect(await world.stand(bob)).toMatchObject(unknownUser);
    expect(await world.stand(carla)).toMatchObject({ reason: "mailbox-full", status: "5.2.2" });
  });

  test("that came twice counts once", async () => {
    for (let times = 0; times < 3; times += 1) await world.take(standardReport(bob, [failed(bob, "5.2.2")]));
    expect(await world.timeline(bob)).toEqual(["bounced 5.2.2 mailbox-full"]);
    expect(await world.suppressed()).toEqual([]);
  });

  test.each(["accepted", "refused", "revoked"] as const)(
    "after the recipient was %s leaves him so",
    async (state) => {
      await world.put(bob, state);
      await world.take(standardReport(bob, [failed(bob)]));
      expect(await world.stand(bob)).toMatchObject({ state, reason: null, fate: "bounced" });
      expect(await world.store.db.selectFrom("sharer_notice").selectAll().execute()).toEqual([]);
    },
  );

  test("of a delay and then of success tells both, and moves nobody", async () => {
    await world.take(standardReport(bob, [{ ...failed(bob), action: "delayed", status: "4.4.1" }]));
    await world.take(standardReport(bob, [{ ...failed(bob), action: "delivered", status: "2.0.0" }]));
    await world.take(standardReport(bob, [{ ...failed(bob), action: "delayed", status: "4.4.1" }]));
    expect(await world.stand(bob)).toMatchObject({ ...untouched, fate: "delivered", status: "2.0.0" });
    expect(await world.timeline(bob)).toEqual(["delayed 4.4.1", "delivered 2.0.0"]);
  });

  test("of a failure after days of trying says so", async () => {
    await world.take(standardReport(bob, [failed(bob, "4.4.7")]));
    expect(await world.stand(bob)).toMatchObject({
      state: "mail-not-sent",
      reason: "expired",
      status: "4.4.7",
    });
    expect(await world.suppressed()).toEqual([]);
  });

  test("of a delivery lifts what was held against the address; of one that went further, nothing", async () => {
    await world.take(standardReport(bob, [failed(bob)]));
    const again = await world.sent(bob.recipient, await world.sent("carla@elsewhere.example"));
    await world.take(standardReport(again, [{ ...failed(again), action: "relayed", status: "2.0.0" }]));
    expect(await world.suppressed()).toEqual([bob.recipient]);
    const third = await world.sent(bob.recipient, await world.sent("dora@elsewhere.example"));
    await world.take(standardReport(third, [{ ...failed(third), action: "delivered", status: "2.0.0" }]));
    expect(await world.suppressed()).toEqual([]);
  });

  test("no longer counts against an address that accepts all the same", async () => {
    await world.take(standardReport(bob, [failed(bob)]));
    const answer = { answer: "accepted", by: "page" } as const;
    await world.store.transaction(async (db) => recipientAnswered(db, bob.recipientId, answer));
    expect(await world.stand(bob)).toMatchObject({ state: "accepted", reason: null });
    expect(await world.suppressed()).toEqual([]);
  });

  test("shows that the mail server had the mail where nobody knew", async () => {
    await world.store.db.updateTable("invitation").set({ state: "unknown", raw_sealed: "kept" }).execute();
    await world.take(standardReport(bob, [{ ...failed(bob), action: "delayed", status: "4.4.1" }]));
    expect(await world.stand(bob)).toMatchObject({ mail: "sent", fate: "delayed" });
  });
});

describe("a report without a secret", () => {
  test("is believed where it returns the mail and names its recipient", async () => {
    expect(await world.take(standardReport({ ...bob, to: plain }, [failed(bob)]))).toEqual({
      kind: "attributed",
    });
    expect(await world.stand(bob)).toMatchObject(unknownUser);
  });

  test.each<[string, string, (sent: Sent) => string]>([
    [
      "whoever else it names",
      "other-recipient",
      (sent) =>
        standardReport({ ...sent, to: plain }, [{ ...failed(sent), final: "mallory@elsewhere.example" }]),
    ],
    [
      "about a mail of another site",
      "unknown-message",
      (sent) => standardReport({ to: plain, messageId: "<1@else.example>" }, [failed(sent)]),
    ],
    [
      "that returns nothing",
      "unknown-message",
      (sent) => standardReport({ ...sent, to: plain }, [failed(sent)], { returned: null }),
    ],
    ["that names nobody", "says-nothing", (sent) => standardReport({ ...sent, to: plain }, [])],
  ])("moves nothing: %s", async (_, because, report) => {
    expect(await world.take(report(bob))).toEqual({ kind: "not-attributed", because });
    expect(await world.stand(bob)).toMatchObject(untouched);
    expect(world.told).toEqual([]);
  });

  test.each<[string, (sent: Sent) => string]>([
    ["Exim", failedRecipientsReport],
    ["qmail", qmailReport],
    ["a mail server's own words", postmasterReport],
  ])("is no report in any other form: %s", async (_, report) => {
    expect(await world.take(report({ ...bob, to: plain }))).toBeNull();
    expect(await world.stand(bob)).toMatchObject(untouched);
  });
});

describe("a forged report", () => {
  test("with a wrong secret moves nothing, though it returns the Message-ID and names the recipient", async () => {
    const carla = await world.sent("carla@elsewhere.example");
    const guessed = bob.to.replace(/\.[0-9a-f]{32}@/, /\.[0-9a-f]{32}@/.exec(carla.to)?.[0] ?? "");
    expect(guessed).not.toBe(bob.to);
    const report = standardReport({ ...bob, to: guessed }, [failed(bob)]);
    expect(await world.take(report)).toEqual({ kind: "not-attributed", because: "wrong-secret" });
    expect(await world.stand(bob)).toMatchObject(untouched);
    expect(await world.stand(carla)).toMatchObject(untouched);
  });

  test("beside a right secret moves nobody but whom that one names", async () => {
    const carla = await world.sent("carla@elsewhere.example");
    const report = standardReport({ to: bob.to, messageId: carla.messageId }, [failed(carla), failed(bob)]);
    await world.take(report);
    expect(await world.stand(carla)).toMatchObject(untouched);
    expect(await world.stand(bob)).toMatchObject(unknownUser);
  });

  test("about a sharing that was removed moves nothing", async () => {
    await world.store.db.deleteFrom("sharing").execute();
    const report = standardReport(bob, [failed(bob)]);
    expect(await world.take(report)).toEqual({ kind: "not-attributed", because: "unknown-invitation" });
  });
});

describe("an automatic reply", () => {
  test.each<[string, (sent: Sent) => string]>([
    ["of an absent person", vacation],
    ["of a server that answers everybody", (sent) => postmasterReport(sent, "Auto-Submitted: auto-replied")],
    [
      "that asks to prove oneself",
      ({ to, recipient }) =>
        `From: ${recipient}\nTo: ${to}\nSubject: Please confirm\n\nAre you a person? 550 5.7.1`,
    ],
    [
      "that says the mail was read",
      (sent) => exchangeReport(sent).replaceAll("delivery-status", "disposition-notification"),
    ],
  ])("moves nothing: %s", async (_, reply) => {
    expect(await world.take(reply(bob))).toBeNull();
    expect(await world.stand(bob)).toMatchObject(untouched);
    expect(await world.timeline(bob)).toEqual([]);
  });
});
