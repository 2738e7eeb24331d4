import { simpleParser } from "mailparser";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import { addRecipients } from "../../src/sharing/add-recipients.ts";
import { recipientAnswered } from "../../src/sharing/answer.ts";
import { createSharing } from "../../src/sharing/create.ts";
import { remind } from "../../src/sharing/remind.ts";
import { resend } from "../../src/sharing/resend.ts";
import { revoke } from "../../src/sharing/revoke.ts";
import { readStories } from "../../src/store/records.ts";
import { type ScriptedSmtp, startScriptedSmtp } from "../world/scripted-smtp.ts";
import { link, openSharingWorld, request, type SharingWorld, smtpAt } from "./parts.ts";

const minuteMs = 60_000;
const dayMs = 24 * 3600_000;
const by = "test";

let server: ScriptedSmtp;
let world: SharingWorld;

beforeEach(async () => {
  server = await startScriptedSmtp();
  world = await openSharingWorld(smtpAt(server.port));
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(Date.parse("2026-06-10T12:00:00Z"));
});

afterEach(async () => {
  vi.useRealTimers();
  await world[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function later(ms: number): Promise<void> {
  vi.setSystemTime(Date.now() + ms);
  await world.sweep();
  await world.work();
}

async function one(sharingId: string) {
  const [recipient] = await world.recipients(sharingId);
  if (recipient === undefined) throw new Error("There is no recipient.");
  return recipient;
}

/** What somebody was sent: the purpose as its Message-ID's row says, in order. */
async function mailsTo(address: string) {
  const sent = server.mails.filter(({ to }) => to.includes(address));
  return Promise.all(sent.map(async ({ raw }) => simpleParser(raw)));
}

/** What is on record of a recipient, in short. */
async function story(recipientId: string): Promise<readonly string[]> {
  const lines = (await readStories(world.parts.store.db, { recipientId })).get(recipientId) ?? [];
  return lines.map(({ detail: { what, mail, state } }) => [what, mail, state].filter(Boolean).join(" "));
}

const bob = "bob@example.net";

describe("a reminder", () => {
  beforeEach(() => {
    world.settings = { ...world.settings, remindAfterMs: [3 * dayMs, 7 * dayMs] };
  });

  it("goes to whoever has not answered, as an answer to the invitation, once for each time that is configured", async () => {
    const id = await world.share();
    await world.work();
    await later(3 * dayMs - minuteMs);
    expect(await mailsTo(bob)).toHaveLength(1);
    await later(minuteMs);
    await later(minuteMs);
    const [invitation, reminder] = await mailsTo(bob);
    expect(reminder?.inReplyTo).toBe(invitation?.messageId);
    expect(reminder?.references).toBe(invitation?.messageId);
    expect(reminder?.messageId).not.toBe(invitation?.messageId);
    expect(reminder?.text).toContain(link);
    await later(4 * dayMs);
    await later(30 * dayMs);
    expect(await mailsTo(bob)).toHaveLength(3);
    expect(await story((await one(id)).id)).toEqual([
      "queued invitation",
      "rendered invitation",
      "send invitation sent",
      "reminded",
      "queued reminder-1",
      "rendered reminder-1",
      "send reminder-1 sent",
      "reminded",
      "queued reminder-2",
      "rendered reminder-2",
      "send reminder-2 sent",
    ]);
  });

  it("makes up for all that a standstill kept back, and is not sent long after", async () => {
    await world.share();
    await world.work();
    await later(8 * dayMs);
    await later(dayMs);
    expect(await mailsTo(bob)).toHaveLength(2);
    await world.share({ to: ["carla@example.com"] });
    await world.work();
    await later(7 * dayMs + limits.reminderLateMs);
    expect(await mailsTo("carla@example.com")).toHaveLength(1);
  });

  it("does not go to whoever answered, has not got the invitation, or lost the sharing", async () => {
    const to = ["yes@example.net", "no@example.net", "gone@example.net", "bob@example.net"];
    server.setScript((phase, before) => (phase === "rcpt" && before === 2 ? "550 5.1.1 unknown" : null));
    const id = await world.share({ to });
    await world.work();
    const recipients = await world.recipients(id);
    const { db } = world.parts.store;
    const idOf = (address: string): string => recipients.find((each) => each.address === address)?.id ?? "";
    const notSent = recipients.find((each) => each.state === "mail-not-sent")?.address ?? "";
    const [yes = "", no = "", revoked = ""] = to.filter((address) => address !== notSent);
    await recipientAnswered(db, idOf(yes), { answer: "accepted", by });
    await recipientAnswered(db, idOf(no), { answer: "refused", by });
    await revoke(world.parts, { sharingId: id, recipient: revoked, by });
    const before = server.mails.length;
    await later(3 * dayMs);
    // The one that tells of the revocation, and nothing else.
    expect(server.mails.slice(before).map(({ to: address }) => address)).toEqual([[revoked]]);
  });

  it("by hand takes the place of the next one, and is said to be too much beyond", async () => {
    const id = await world.share();
    const chosen = { sharingId: id, recipient: null, by };
    expect(await remind(world.parts, chosen)).toEqual({
      kind: "done",
      done: [],
      left: [{ address: bob, because: "has not got the invitation yet" }],
    });
    await world.work();
    expect(await remind(world.parts, chosen)).toMatchObject({ kind: "done", done: [bob], left: [] });
    expect(await remind(world.parts, chosen)).toMatchObject({
      left: [{ because: "has a mail on its way already" }],
    });
    await later(3 * dayMs);
    expect(await mailsTo(bob)).toHaveLength(2);
    await later(4 * dayMs);
    expect(await mailsTo(bob)).toHaveLength(3);
    expect(await remind(world.parts, { ...chosen, recipient: bob })).toMatchObject({
      left: [{ because: expect.stringContaining("as many reminders as") }],
    });
    expect(await remind(world.parts, { ...chosen, recipient: "carla@example.com" })).toMatchObject({
      kind: "refused",
      because: "no-such-recipient",
    });
  });

  it("can be sent once by hand where none is configured", async () => {
    world.settings = { ...world.settings, remindAfterMs: [] };
    const id = await world.share();
    await world.work();
    const chosen = { sharingId: id, recipient: null, by };
    expect(await remind(world.parts, chosen)).toMatchObject({ done: [bob] });
    await later(minuteMs);
    expect(await remind(world.parts, chosen)).toMatchObject({ done: [] });
    expect(await mailsTo(bob)).toHaveLength(2);
  });
});

describe("a sharing that is revoked", () => {
  it("is told to whoever may have the invitation, in answer to it; what waits is not sent any more", async () => {
    const to = ["has@example.net", "unclear@example.net", "waits@example.net", "refused@example.net"];
    const id = await world.share({ to: [to[0] ?? ""] });
    await world.work();
    await addRecipients(world.parts, { sharingId: id, to: [to[1] ?? ""], locale: null, by });
    server.setScript((phase) => (phase === "content" ? { instead: "reset" } : null));
    await world.work();
    server.setScript((phase) => (phase === "rcpt" ? "450 4.2.0 later" : null));
    await addRecipients(world.parts, { sharingId: id, to: [to[2] ?? ""], locale: null, by });
    await world.work();
    server.setScript((phase) => (phase === "rcpt" ? "550 5.1.1 unknown" : null));
    await addRecipients(world.parts, { sharingId: id, to: [to[3] ?? ""], locale: null, by });
    await world.work();
    server.setScript(null);
    const before = server.mails.length;
    const done = await revoke(world.parts, { sharingId: id, recipient: null, by });
    expect(done).toEqual({ kind: "done", done: to, left: [] });
    await world.work();
    await later(limits.sendForMs);
    const told = server.mails.slice(before);
    expect(told.flatMap(({ to: address }) => address).toSorted()).toEqual(
      ["has@example.net", "unclear@example.net"].toSorted(),
    );
    const [invitation, revocation] = await mailsTo("has@example.net");
    expect(revocation?.inReplyTo).toBe(invitation?.messageId);
    expect(revocation?.text).not.toContain(link);
    const recipients = await world.recipients(id);
    expect(recipients.map(({ state, mail }) => [state, mail])).toEqual([
      ["revoked", "sent"],
      ["revoked", "unknown"],
      ["revoked", "failed"],
      ["revoked", "failed"],
    ]);
    expect(await story(recipients[2]?.id ?? "")).toContain("revoked");
    const jobs = await world.parts.store.db.selectFrom("job").select("kind").execute();
    expect(jobs.filter(({ kind }) => kind === "send-invitation")).toEqual([]);
  });

  it("invites nobody any more, and is revoked once", async () => {
    const id = await world.share();
    await revoke(world.parts, { sharingId: id, recipient: null, by });
    const chosen = { sharingId: id, recipient: null, by };
    const ended = { kind: "refused", because: "sharing-ended" };
    expect(await revoke(world.parts, chosen)).toMatchObject(ended);
    expect(await remind(world.parts, chosen)).toMatchObject(ended);
    expect(await resend(world.parts, chosen)).toMatchObject(ended);
    const more = { sharingId: id, to: ["carla@example.com"], locale: null, by };
    expect(await addRecipients(world.parts, more)).toMatchObject({
      kind: "refused",
      problems: [{ because: "sharing-ended" }],
    });
    await world.work();
    expect(server.mails).toEqual([]);
  });

  it("can be revoked from one recipient, and the others keep it", async () => {
    const id = await world.share({ to: [bob, "carla@example.com"] });
    await world.work();
    expect(await revoke(world.parts, { sharingId: id, recipient: bob, by })).toMatchObject({ done: [bob] });
    expect(await revoke(world.parts, { sharingId: id, recipient: bob, by })).toMatchObject({
      left: [{ address: bob, because: "is revoked already" }],
    });
    await world.work();
    expect((await world.recipients(id)).map(({ state }) => state)).toEqual(["revoked", "pending"]);
    expect(await mailsTo(bob)).toHaveLength(2);
    expect(await mailsTo("carla@example.com")).toHaveLength(1);
  });

  it("keeps an invitation back that is about to be handed over", async () => {
    const id = await world.share();
    const revoking: Promise<unknown>[] = [];
    server.setScript((phase) => {
      if (phase === "rcpt" && revoking.length === 0)
        revoking.push(revoke(world.parts, { sharingId: id, recipient: null, by }));
      return null;
    });
    // The mail server has agreed to the recipient when the sharing is revoked, and gets no message.
    await world.work();
    await Promise.all(revoking);
    await world.work();
    expect(server.mails).toEqual([]);
    expect(await one(id)).toMatchObject({ state: "revoked", mail: "failed" });
  });
});

describe("a sharing with an end", () => {
  it("ends at the time that was asked for, of which nobody needs to be told again", async () => {
    const id = await world.share({ expiresAtMs: Date.now() + dayMs });
    await world.work();
    await later(dayMs - minuteMs);
    expect(await one(id)).toMatchObject({ state: "pending" });
    await later(minuteMs);
    await later(dayMs);
    expect(await one(id)).toMatchObject({ state: "revoked", reason: "expired" });
    expect((await mailsTo(bob)).map(({ text }) => text?.includes("until June 11, 2026"))).toEqual([true]);
    expect(await story((await one(id)).id)).toContain("expired");
  });

  it("ends when the site says so, unless it has an end of its own, and reminds nobody after it", async () => {
    world.settings = { ...world.settings, expireAfterMs: 2 * dayMs, remindAfterMs: [3 * dayMs] };
    const short = await world.share();
    const long = await world.share({ expiresAtMs: Date.now() + 10 * dayMs });
    await world.work();
    await later(3 * dayMs);
    expect([(await one(short)).state, (await one(long)).state]).toEqual(["revoked", "pending"]);
    const mails = await mailsTo(bob);
    // Two invitations, and a reminder of the one that goes on.
    expect(mails).toHaveLength(3);
  });

  it("is refused where it would end at once", async () => {
    const asked = { ...request, expiresAtMs: Date.now() - 1 };
    expect(await createSharing(world.parts, asked)).toMatchObject({
      kind: "refused",
      problems: [{ field: "expires", because: "expires-too-soon" }],
    });
  });
});

describe("an invitation that did not arrive", () => {
  it("is sent once more under its own Message-ID when asked for, to nobody else", async () => {
    server.setScript((phase, before) => (phase === "rcpt" && before === 0 ? "550 5.2.2 full" : null));
    const id = await world.share({ to: [bob] });
    const { messageId } = await one(id);
    await addRecipients(world.parts, { sharingId: id, to: ["carla@example.com"], locale: null, by });
    await world.work();
    const failed = await world.recipients(id);
    const missed = failed.find(({ state }) => state === "mail-not-sent")?.address ?? "";
    const other = [bob, "carla@example.com"].find((address) => address !== missed) ?? "";
    expect(failed.map(({ state }) => state).toSorted()).toEqual(["mail-not-sent", "pending"]);
    expect(await resend(world.parts, { sharingId: id, recipient: null, by })).toEqual({
      kind: "done",
      done: [missed],
      left: [{ address: other, because: "is pending" }],
    });
    await world.work();
    expect((await world.recipients(id)).map(({ state, mail, reason }) => [state, mail, reason])).toEqual([
      ["pending", "sent", null],
      ["pending", "sent", null],
    ]);
    expect(await mailsTo(missed)).toHaveLength(1);
    expect(await mailsTo(other)).toHaveLength(1);
    if (missed === bob) expect((await mailsTo(bob))[0]?.messageId).toBe(messageId);
  });
});

describe("more recipients", () => {
  it("are invited like the first ones, and nobody twice", async () => {
    const id = await world.share();
    const more = { sharingId: id, locale: "de", by };
    expect(await addRecipients(world.parts, { ...more, to: ["carla@example.com"] })).toEqual({
      kind: "added",
      recipients: 1,
    });
    expect(
      await addRecipients(world.parts, { ...more, to: ["dora@example.com", "bob@EXAMPLE.net"] }),
    ).toMatchObject({ kind: "refused", problems: [{ field: "to.1", because: "already-invited" }] });
    const many = Array.from(
      { length: limits.recipientsPerSharing - 1 },
      (_, place) => `x${place}@example.net`,
    );
    expect(await addRecipients(world.parts, { ...more, to: many })).toMatchObject({
      problems: [{ field: "to", because: "too-many-recipients" }],
    });
    await world.work();
    expect((await world.recipients(id)).map(({ address, locale, mail }) => [address, locale, mail])).toEqual([
      [bob, "en", "sent"],
      ["carla@example.com", "de", "sent"],
    ]);
  });
});

describe("a sharing that is asked for with a key", () => {
  it("is made once, however often it is asked for, and another request with that key is refused", async () => {
    const asked = { ...request, key: "order 1" };
    const first = await createSharing(world.parts, asked);
    if (first.kind === "refused") throw new Error("It was refused.");
    const again = await Promise.all([createSharing(world.parts, asked), createSharing(world.parts, asked)]);
    expect(again).toEqual([
      { ...first, isRepeat: true },
      { ...first, isRepeat: true },
    ]);
    expect(await createSharing(world.parts, { ...asked, title: "Another" })).toMatchObject({
      kind: "refused",
      problems: [{ field: "key", because: "key-reused" }],
    });
    const other = await createSharing(world.parts, { ...asked, key: "order 2" });
    expect(other).toMatchObject({ kind: "created", isRepeat: false });
    await world.work();
    expect(await mailsTo(bob)).toHaveLength(2);
  });
});
