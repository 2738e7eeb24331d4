import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { muteSharer } from "../../src/sharing/answer.ts";
import { remind } from "../../src/sharing/remind.ts";
import { revoke } from "../../src/sharing/revoke.ts";
import { insertAccount } from "../../src/store/accounts.ts";
import { countFailure } from "../../src/store/suppressions.ts";
import { type ScriptedSmtp, startScriptedSmtp } from "../world/scripted-smtp.ts";
import { openSharingWorld, type SharingWorld, smtpAt } from "./parts.ts";

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

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

function limitTo(change: Partial<SharingWorld["settings"]["limits"]>): void {
  world.settings = { ...world.settings, limits: { ...world.settings.limits, ...change } };
}

function people(count: number, domain = "example.net"): string[] {
  return Array.from({ length: count }, (_, place) => `guest${place}@${domain}`);
}

/** Lets time pass and does the work that is due then; how many attempts that were. */
async function later(ms: number): Promise<number> {
  vi.setSystemTime(Date.now() + ms);
  return world.work();
}

/** Lets time pass until something is due, and does it; how many attempts that were. */
async function nextTurn(): Promise<number> {
  const next = await world.parts.store.db
    .selectFrom("job")
    .select("run_at")
    .orderBy("run_at")
    .executeTakeFirstOrThrow();
  vi.setSystemTime(Math.max(Date.now(), next.run_at));
  return world.work();
}

/** When each mail was sent, in seconds since the beginning, in order. */
async function sentAfter(beganMs: number): Promise<readonly number[]> {
  const rows = await world.parts.store.db
    .selectFrom("invitation")
    .select("sent_at")
    .where("sent_at", "is not", null)
    .orderBy("sent_at")
    .execute();
  return rows.map((row) => ((row.sent_at ?? 0) - beganMs) / secondMs);
}

describe("a limit of an account", () => {
  it("lets so many through within a minute; each of the others knows its turn, and is woken for it", async () => {
    limitTo({ perMinute: 3 });
    const beganMs = Date.now();
    const id = await world.share({ to: people(30) });
    expect(await world.work()).toBe(30);
    expect(server.mails).toHaveLength(3);
    const waiting = (await world.recipients(id)).filter(({ mail }) => mail === "planned");
    expect(waiting.map(({ waitsBecause, attempts }) => [waitsBecause, attempts])).toEqual(
      waiting.map(() => ["at most 3 mails of this account within a minute", 0]),
    );
    let attempts = 0;
    while (server.mails.length < 30) attempts += await nextTurn();
    const sent = await sentAfter(beganMs);
    for (const [place, at] of sent.entries()) {
      const third = sent[place - 3];
      if (third !== undefined) expect(at - third).toBeGreaterThanOrEqual(60);
    }
    expect(sent.at(-1)).toBeLessThan(12 * 61);
    // If all of them looked again for each place, they would do so 135 times.
    expect(attempts).toBeLessThan(60);
  });

  it("holds for a day, for all its sharings together, and for nobody else", async () => {
    await insertAccount(world.parts.store.db, {
      id: "a2",
      name: "dora",
      locale: "en",
      modules: [],
      addresses: ["dora@example.org"],
      createdAt: 0,
    });
    limitTo({ perDay: 4 });
    await world.share({ to: people(3) });
    await world.share({ to: people(3, "example.com") });
    await world.share({ account: "dora", to: people(3) });
    await world.work();
    expect(server.mails).toHaveLength(4 + 3);
    await later(dayMs - minuteMs);
    expect(server.mails).toHaveLength(7);
    await later(2 * minuteMs);
    expect(server.mails).toHaveLength(9);
  });

  it("counts what is being handed over: two at once are not one too many", async () => {
    limitTo({ perMinute: 1 });
    await world.share({ to: people(2) });
    await world.work();
    expect(server.mails).toHaveLength(1);
    await later(62 * secondMs);
    await later(62 * secondMs);
    expect(server.mails).toHaveLength(2);
  });

  it("gives its places in the order in which mails were planned", async () => {
    limitTo({ perMinute: 2 });
    const to = people(7);
    await world.share({ to });
    await world.work();
    while (server.mails.length < 7) await nextTurn();
    const order = server.mails.flatMap((mail) => mail.to);
    for (const place of [0, 2, 4, 6])
      expect(order.slice(place, place + 2).toSorted()).toEqual(to.slice(place, place + 2));
  });
});

describe("limits of recipients", () => {
  it("hold for one address, and all others go on", async () => {
    limitTo({ perRecipientPerDay: 2 });
    for (let count = 0; count < 3; count += 1) await world.share({ to: ["bob@example.net"] });
    const id = await world.share({ to: ["carla@example.net", "bob@example.net"] });
    await world.work();
    expect(server.mails).toHaveLength(3);
    expect((await world.recipients(id)).map(({ mail }) => mail)).toEqual(["sent", "planned"]);
    await later(dayMs + 2 * secondMs);
    expect(server.mails).toHaveLength(5);
  });

  it("hold for a domain, whoever shares, and all other domains go on", async () => {
    limitTo({ perDomainPerHour: 2 });
    await world.share({ to: [...people(4), ...people(2, "mail.example.net"), ...people(2, "example.com")] });
    await world.work();
    const domains = server.mails.flatMap(({ to }) => to.map((address) => address.replace(/.*@/, "")));
    expect(domains.toSorted()).toEqual([
      "example.com",
      "example.com",
      "example.net",
      "example.net",
      "mail.example.net",
      "mail.example.net",
    ]);
    await later(hourMs + 2 * secondMs);
    expect(server.mails).toHaveLength(8);
  });
});

describe("quiet hours", () => {
  it("keep every mail until they end, and say so", async () => {
    world.settings = {
      ...world.settings,
      quietHours: { from: 22 * 60, to: 7 * 60, timeZone: "Europe/Berlin" },
    };
    vi.setSystemTime(Date.parse("2026-06-10T21:30:00Z"));
    const id = await world.share({ to: people(3) });
    await world.work();
    expect(server.mails).toEqual([]);
    const [waiting] = await world.recipients(id);
    expect(waiting).toMatchObject({
      state: "pending",
      mail: "planned",
      attempts: 0,
      waitsBecause: "quiet hours",
      waitsUntil: Date.parse("2026-06-11T05:00:00Z"),
    });
    vi.setSystemTime(Date.parse("2026-06-11T04:59:59Z"));
    expect(await world.work()).toBe(0);
    expect(await later(secondMs)).toBe(3);
    expect(server.mails).toHaveLength(3);
  });
});

describe("nothing is sent", () => {
  it("to somebody who wants no more of this account; of others he still hears", async () => {
    await insertAccount(world.parts.store.db, {
      id: "a2",
      name: "dora",
      locale: "en",
      modules: [],
      addresses: ["dora@example.org"],
      createdAt: 0,
    });
    const first = await world.share({ to: ["bob@example.net"] });
    await world.work();
    const [bob] = await world.recipients(first);
    const { db } = world.parts.store;
    expect(await muteSharer(db, bob?.id ?? "")).toEqual({ kind: "done" });
    expect(await muteSharer(db, bob?.id ?? "")).toEqual({ kind: "done" });
    const id = await world.share({ to: ["bob@example.net", "carla@example.net"] });
    await world.share({ account: "dora", to: ["bob@example.net"] });
    await world.work();
    expect(await world.recipients(id)).toMatchObject([
      { state: "mail-not-sent", reason: "muted", mail: "failed", attempts: 0 },
      { state: "pending", mail: "sent" },
    ]);
    // No reminder either, by hand or by the schedule; he has the invitation all the same.
    world.settings = { ...world.settings, remindAfterMs: [dayMs] };
    expect(await remind(world.parts, { sharingId: first, recipient: null, by: "test" })).toMatchObject({
      done: [],
      left: [{ because: "wants no more invitations of this account" }],
    });
    vi.setSystemTime(Date.now() + dayMs);
    await world.sweep();
    await world.work();
    expect((await world.recipients(first))[0]).toMatchObject({ state: "pending", mail: "sent" });
    // Not even that the first sharing is over, which ends all the same.
    await revoke(world.parts, { sharingId: first, recipient: null, by: "test" });
    await world.work();
    expect((await world.recipients(first))[0]).toMatchObject({ state: "revoked" });
    const toBob = server.mails.filter(({ to }) => to.includes("bob@example.net"));
    const senders = toBob.map(({ raw }) => /^From: (\w+)/m.exec(raw)?.[1]);
    expect(senders).toEqual(["alice", "dora", "dora"]);
  });

  it("to an address that mail came back from, until that has faded", async () => {
    const { db } = world.parts.store;
    const failed = { addressKey: "bob@example.net", failure: "unknown-user", status: "5.1.1" } as const;
    await countFailure(db, failed, Date.now());
    const id = await world.share({ to: ["bob@example.net", "carla@example.net"] });
    await world.work();
    expect(await world.recipients(id)).toMatchObject([
      { state: "mail-not-sent", reason: "suppressed", mail: "failed", attempts: 0 },
      { state: "pending", mail: "sent" },
    ]);
    expect(server.mails).toHaveLength(1);
    vi.setSystemTime(Date.now() + 60 * dayMs);
    const again = await world.share({ to: ["bob@example.net"] });
    await world.work();
    expect(await world.recipients(again)).toMatchObject([{ state: "pending", mail: "sent" }]);
  });
});
