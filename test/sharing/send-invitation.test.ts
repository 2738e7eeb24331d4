import { simpleParser } from "mailparser";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import { type ScriptedSmtp, startScriptedSmtp } from "../world/scripted-smtp.ts";
import { link, openSharingWorld, type SharingWorld, smtpAt } from "./parts.ts";

const minuteMs = 60_000;

let server: ScriptedSmtp;
let world: SharingWorld;

beforeEach(async () => {
  server = await startScriptedSmtp();
  world = await openSharingWorld(smtpAt(server.port));
});

afterEach(async () => {
  vi.useRealTimers();
  await world[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function only(sharingId: string) {
  const recipients = await world.recipients(sharingId);
  if (recipients[0] === undefined || recipients.length !== 1) throw new Error("There is not one recipient.");
  return recipients[0];
}

async function keptRaw(): Promise<string | null> {
  const row = await world.parts.store.db
    .selectFrom("invitation")
    .select("raw_sealed")
    .executeTakeFirstOrThrow();
  return row.raw_sealed;
}

/** What every mail that reached the server was, byte for byte, without doubles. */
function differentMails(): string[] {
  return [...new Set(server.mails.map((mail) => mail.raw))];
}

describe("an invitation that the mail server takes", () => {
  it("is sent once, to the recipient alone, with the link, and asks for no automatic answer", async () => {
    const id = await world.share({ locale: "de" });
    expect(await world.work()).toBe(1);
    expect(await world.work()).toBe(0);
    expect(server.mails).toMatchObject([{ from: "share@example.org", to: ["bob@example.net"] }]);
    const mail = await simpleParser(server.mails[0]?.raw ?? "");
    expect(mail.subject).toBe("alice teilt „Quarterly report“ mit Ihnen");
    expect(mail.from?.value).toEqual([{ name: "alice über Example Cloud", address: "share@example.org" }]);
    expect(mail.replyTo?.value).toEqual([{ name: "alice", address: "alice@example.org" }]);
    expect(mail.headers.get("auto-submitted")).toBe("auto-generated");
    expect(mail.text).toContain(link);
    expect(mail.text).toContain("> Please have a look.");
    const recipient = await only(id);
    expect(recipient).toMatchObject({ state: "pending", mail: "sent", attempts: 1, reason: null });
    expect(mail.messageId).toBe(recipient.messageId);
    expect(await keptRaw()).toBeNull();
  });

  it("goes to each recipient under a Message-ID of his own, and the others are not named", async () => {
    const to = ["bob@example.net", "bob@example.org", "carla@example.com"];
    const id = await world.share({ to });
    expect(await world.work()).toBe(3);
    expect(
      server.mails
        .map((mail) => mail.to)
        .flat()
        .toSorted(),
    ).toEqual(to);
    for (const mail of server.mails) {
      const others = to.filter((address) => !mail.to.includes(address));
      for (const other of others) expect(mail.raw).not.toContain(other);
    }
    const ids = (await world.recipients(id)).map((recipient) => recipient.messageId);
    expect(new Set(ids).size).toBe(3);
  });

  it("is not sent to somebody whom the sharing no longer invites", async () => {
    await world.share();
    await world.parts.store.db.updateTable("recipient").set({ state: "revoked" }).execute();
    expect(await world.work()).toBe(1);
    expect(server.mails).toEqual([]);
  });

  it("is not sent when the account is removed meanwhile", async () => {
    await world.share();
    await world.parts.store.db.deleteFrom("account").execute();
    expect(await world.work()).toBe(1);
    expect(server.mails).toEqual([]);
  });
});

describe("an invitation while the mail server is away or busy", () => {
  it("waits longer each time, and then goes out under the same Message-ID", async () => {
    server.setScript((phase) => (phase === "rcpt" ? "450 4.2.0 greylisted" : null));
    const id = await world.share();
    const before = await only(id);
    expect(await world.work()).toBe(1);
    const waiting = await only(id);
    expect(waiting).toMatchObject({ state: "pending", mail: "planned", attempts: 1 });
    expect(waiting.reply).toBe("450 4.2.0 greylisted");
    world.pass(1.9 * minuteMs);
    expect(await world.work()).toBe(0);
    world.pass(0.2 * minuteMs);
    expect(await world.work()).toBe(1);
    world.pass(4.9 * minuteMs);
    expect(await world.work()).toBe(0);
    server.setScript(null);
    world.pass(0.2 * minuteMs);
    expect(await world.work()).toBe(1);
    expect(world.told.map(({ event }) => event).slice(-3)).toEqual([
      "invitation-waits",
      "invitation-waits",
      "invitation-sent",
    ]);
    expect(await only(id)).toMatchObject({ mail: "sent", attempts: 3, messageId: before.messageId });
    expect(server.mails[0]?.raw).toContain(`Message-ID: ${before.messageId}`);
  });

  it("keeps its bytes, sealed, from the first attempt on", async () => {
    world.smtp = smtpAt(1);
    await world.share();
    await world.work();
    const kept = await keptRaw();
    expect(kept).not.toBeNull();
    expect(kept).not.toContain(link);
    await world.parts.store.db.updateTable("sharing").set({ title: "Changed" }).execute();
    world.smtp = smtpAt(server.port);
    world.pass(3 * minuteMs);
    await world.work();
    expect((await simpleParser(server.mails[0]?.raw ?? "")).subject).toContain("Quarterly report");
  });

  it("waits while no mail server is configured", async () => {
    const id = await world.share();
    world.smtp = null;
    await world.work();
    expect(await only(id)).toMatchObject({ state: "pending", mail: "planned" });
    expect((await only(id)).reply).toContain("smtp.host");
  });

  it("is given up after five days, and the recipient is known not to have it", async () => {
    server.setScript((phase) => (phase === "greeting" ? "421 4.3.2 closed" : null));
    const id = await world.share();
    vi.useFakeTimers({ toFake: ["Date"] });
    // Waited for its turn, which is no part of the five days.
    vi.setSystemTime(Date.now() + 2 * limits.sendForMs);
    await world.work();
    expect(await only(id)).toMatchObject({ state: "pending", mail: "planned", attempts: 1 });
    vi.setSystemTime(Date.now() + limits.sendForMs);
    await world.work();
    expect(await only(id)).toMatchObject({ state: "mail-not-sent", reason: "expired", mail: "failed" });
    expect(world.told.at(-1)?.event).toBe("invitation-failed");
    world.pass(limits.sendForMs);
    expect(await world.work()).toBe(0);
  });
});

describe("an invitation that is refused for good", () => {
  it("is not tried again; the recipient's state says why, and the others get theirs", async () => {
    server.setScript((phase, before) =>
      phase === "rcpt" && before === 0 ? "550 5.1.1 <bob@example.net> unknown" : null,
    );
    const id = await world.share({ to: ["bob@example.net"] });
    const other = await world.share({ to: ["carla@example.com"] });
    await world.work();
    expect(await only(id)).toMatchObject({
      state: "mail-not-sent",
      reason: "unknown-user",
      mail: "failed",
      reply: "550 5.1.1 <…@…> unknown",
      attempts: 1,
    });
    expect(await keptRaw()).toBeNull();
    expect(await only(other)).toMatchObject({ state: "pending", mail: "sent" });
    world.pass(limits.sendForMs);
    expect(await world.work()).toBe(0);
  });
});

describe("an invitation whose acceptance gets lost", () => {
  it("is repeated with the same bytes, not before ten minutes, at most twice, and then reported", async () => {
    server.setScript((phase) => (phase === "content" ? { instead: "reset" } : null));
    const id = await world.share();
    await world.work();
    expect(await only(id)).toMatchObject({ state: "pending", mail: "unknown", attempts: 1 });
    world.pass(limits.sendUnknownWaitMs - minuteMs);
    expect(await world.work()).toBe(0);
    world.pass(minuteMs);
    expect(await world.work()).toBe(1);
    world.pass(limits.sendUnknownWaitMs);
    expect(await world.work()).toBe(1);
    world.pass(limits.sendForMs);
    expect(await world.work()).toBe(0);
    expect(server.mails).toHaveLength(1 + limits.sendUnknownRepeats);
    expect(differentMails()).toHaveLength(1);
    expect(await only(id)).toMatchObject({ state: "pending", mail: "unknown", attempts: 3 });
  });

  it("is settled by a repeat that is acknowledged", async () => {
    server.setScript((phase, before) => (phase === "content" && before === 0 ? { instead: "close" } : null));
    const id = await world.share();
    await world.work();
    world.pass(limits.sendUnknownWaitMs);
    await world.work();
    expect(await only(id)).toMatchObject({ state: "pending", mail: "sent", attempts: 2 });
    expect(differentMails()).toHaveLength(1);
  });

  it("is not called undelivered when the repeat is refused: the first may have arrived", async () => {
    server.setScript((phase, before) => {
      if (phase !== "content") return null;
      return before === 0 ? { instead: "reset" } : "554 5.7.1 seen before";
    });
    const id = await world.share();
    await world.work();
    world.pass(limits.sendUnknownWaitMs);
    await world.work();
    expect(await only(id)).toMatchObject({ state: "pending", mail: "unknown" });
    world.pass(limits.sendForMs);
    expect(await world.work()).toBe(0);
  });

  it("because Usher itself was killed in that moment counts as such an attempt", async () => {
    const id = await world.share();
    await world.parts.store.db.updateTable("invitation").set({ state: "attempting" }).execute();
    await world.work();
    expect(server.count("greeting")).toBe(0);
    expect(await only(id)).toMatchObject({ mail: "unknown", attempts: 1 });
    world.pass(limits.sendUnknownWaitMs);
    await world.work();
    expect(await only(id)).toMatchObject({ mail: "sent" });
  });

  it("stands in the store before the first byte leaves", async () => {
    const id = await world.share();
    let stateAtContent: string | null | undefined;
    server.setScript((phase) => (phase === "content" ? { instead: "silence" } : null));
    const working = world.work();
    while (server.count("content") === 0) await new Promise((resolve) => setImmediate(resolve));
    stateAtContent = (await only(id)).mail;
    await server[Symbol.asyncDispose]();
    await working;
    server = await startScriptedSmtp();
    expect(stateAtContent).toBe("attempting");
    expect((await only(id)).mail).toBe("unknown");
  });
});
