import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { MailServer } from "../../src/config/config.ts";
import { Secret } from "../../src/config/secret.ts";
import { connectMailbox } from "../../src/mailbox/imap-session.ts";
import type { ImapTarget } from "../../src/mailbox/imap-target.ts";
import type { MailboxSession } from "../../src/mailbox/session.ts";
import { type HostileImap, type ImapMode, startHostileImap } from "../world/hostile-imap.ts";

const never = new AbortController().signal;
/** The promise is 200 ms (reference/security.md, promise I3); this process plays the server too. */
const longestTurnMs = 600;
const megabyte = 1024 * 1024;
let server: HostileImap;

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

function target(masterUser: MailServer["masterUser"] = null): ImapTarget {
  const { host, port } = server;
  return {
    server: { host, port, tls: "none", ca: null, masterUser },
    login: "alice",
    password: masterUser === null ? new Secret("secret") : null,
  };
}

async function connected(mode: ImapMode): Promise<MailboxSession> {
  server = await startHostileImap("ok");
  const session = await connectMailbox(target(), never);
  await session.open("INBOX");
  server.mode = mode;
  return session;
}

/**
 * Does something and returns what it cost: memory, and the longest turn of the event loop in processor time, for which
 * other mailboxes had to wait.
 */
async function costOf(work: () => Promise<unknown>): Promise<{ bytes: number; turnMs: number }> {
  let last = process.threadCpuUsage();
  let turnMs = 0;
  let bytes = 0;
  const before = process.memoryUsage().rss;
  const look = setInterval(() => {
    const { user, system } = process.threadCpuUsage(last);
    last = process.threadCpuUsage();
    turnMs = Math.max(turnMs, (user + system) / 1000);
    bytes = Math.max(bytes, process.memoryUsage().rss - before);
  }, 10);
  await work();
  clearInterval(look);
  return { bytes, turnMs };
}

describe("a mail server that misbehaves at the login", () => {
  test.each(["bigcap", "flood"] as const)("cannot fill memory or hold up others: %s", async (mode) => {
    server = await startHostileImap(mode);
    const cost = await costOf(async () => {
      await expect(connectMailbox(target(), never)).rejects.toMatchObject({
        reason: "protocol",
        temporary: true,
      });
    });
    // Unbounded it would be gigabytes; the server's own buffers are part of it.
    expect(cost.bytes).toBeLessThan(128 * megabyte);
    expect(cost.turnMs).toBeLessThan(longestTurnMs);
  });

  test("is given up when it says BYE", async () => {
    server = await startHostileImap("bye");
    await expect(connectMailbox(target(), never)).rejects.toMatchObject({ reason: "connection-lost" });
  });

  test("does not hold up a stop by staying silent", async () => {
    server = await startHostileImap("hang");
    const stop = new AbortController();
    const connecting = connectMailbox(target(), stop.signal);
    while (server.logins === 0) await wait(5);
    stop.abort();
    await expect(connecting).rejects.toMatchObject({ reason: "connection-lost" });
  });

  test.each([
    ["AUTHENTICATIONFAILED", "authentication-failed"],
    ["LIMIT", "throttled"],
    ["UNAVAILABLE", "throttled"],
  ] as const)("is understood by its response code %s, not by its words", async (mode, reason) => {
    server = await startHostileImap(mode);
    await expect(connectMailbox(target(), never)).rejects.toMatchObject({ reason });
  });

  test("is not believed when it logs in somebody without credentials", async () => {
    server = await startHostileImap("preauth");
    await expect(connectMailbox(target(), never)).rejects.toMatchObject({ reason: "protocol" });
    const masterUser = {
      login: "usher",
      password: new Secret("x"),
      method: "authzid",
      separator: "*",
    } as const;
    await expect(connectMailbox(target(masterUser), never)).rejects.toMatchObject({ reason: "protocol" });
    expect(server.logins).toBe(0);
  });
});

describe("a mail server that misbehaves later", () => {
  test("cannot make Usher take a huge literal", async () => {
    await using session = await connected("bigliteral");
    const cost = await costOf(async () => {
      await expect(session.prefix(1, 1000)).rejects.toMatchObject({ reason: "protocol" });
    });
    expect(cost.bytes).toBeLessThan(64 * megabyte);
  });

  test("is noticed when it goes in the middle of a mail", async () => {
    await using session = await connected("torn");
    await expect(session.prefix(1, 1000)).rejects.toMatchObject({
      reason: "connection-lost",
      temporary: true,
    });
  });

  test("cannot give one mail for another", async () => {
    await using session = await connected("wronguid");
    await expect(session.prefix(1, 1000)).rejects.toMatchObject({ reason: "protocol" });
    await using again = await connected("wronguid");
    await expect(Array.fromAsync(again.headers(1, 10, ["subject"]))).rejects.toMatchObject({
      reason: "protocol",
    });
  });

  test("cannot give another mail's text or structure, nor fill memory with them", async () => {
    for (const mode of ["wronguid", "bigliteral"] as const) {
      await using session = await connected(mode);
      await expect(session.slim(1)).rejects.toMatchObject({ reason: "protocol" });
      await using again = await connected(mode);
      await expect(Array.fromAsync(again.texts([1, 2], 1000))).rejects.toMatchObject({ reason: "protocol" });
    }
  });

  test("cannot flood an idle connection for long", async () => {
    await using session = await connected("idleflood");
    const cost = await costOf(async () => {
      await expect(session.waitForMail(3600_000, never)).rejects.toMatchObject({ reason: "protocol" });
    });
    expect(cost.turnMs).toBeLessThan(longestTurnMs);
  });
});
