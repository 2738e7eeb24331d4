import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectMailbox } from "../../src/mailbox/imap-session.ts";
import type { ImapTarget } from "../../src/mailbox/imap-target.ts";
import { type HeaderRow, MailboxError, type MailboxSession } from "../../src/mailbox/session.ts";
import { mail, mailServer, type MailWorld, master, passwordTarget, startMailWorld } from "./world.ts";

let world: MailWorld;

beforeAll(async () => {
  world = await startMailWorld();
});

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

const never = new AbortController().signal;

async function connect(target: ImapTarget): Promise<MailboxSession> {
  return connectMailbox(target, never);
}

async function refusal(target: ImapTarget): Promise<MailboxError> {
  const error: unknown = await connect(target).then(
    async (session) => session[Symbol.asyncDispose](),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(MailboxError);
  return error as MailboxError;
}

async function rows(session: MailboxSession, from: number, to: number): Promise<HeaderRow[]> {
  const found: HeaderRow[] = [];
  for await (const row of session.headers(from, to, ["subject", "message-id"])) found.push(row);
  return found;
}

describe("logging in", () => {
  test.each(["implicit", "starttls", "none"] as const)("works with a password over tls %s", async (tls) => {
    await world.dovecot.deliver(`tls-${tls}`, mail("one"));
    await using session = await connect(passwordTarget(mailServer(world, { tls }), `tls-${tls}`));
    expect(await session.open("INBOX")).toMatchObject({ exists: 1, uidNext: 2 });
    expect(session.features.tls === null).toBe(tls === "none");
    expect(session.features.hasIdle).toBe(true);
  });

  test.each(["separator", "authzid"] as const)(
    "works as master user by %s, in the user's own mailbox",
    async (method) => {
      await world.dovecot.deliver(`for-${method}`, mail("only here"));
      const server = mailServer(world, { master: method });
      await using session = await connect({ server, login: `for-${method}`, password: null });
      expect(await session.open("INBOX")).toMatchObject({ exists: 1 });
    },
  );

  test("refuses a login name that a master login would turn into another user, and sends nothing", async () => {
    const server = mailServer(world, { master: "separator" });
    const logins = async (): Promise<number> => (await world.dovecot.log()).split("Info: Login:").length;
    const before = await logins();
    for (const login of ["bob*usher", "bob\0", "bob\r\nA1 LOGOUT", ""]) {
      const error = await refusal({ server, login, password: null });
      expect(error).toMatchObject({ reason: "unsafe-login", temporary: false });
    }
    expect(await logins()).toBe(before);
  });

  test("tells a wrong password from everything else, and shows no secret", async () => {
    const error = await refusal(passwordTarget(mailServer(world), "alice", "wrong-secret"));
    expect(error).toMatchObject({ reason: "authentication-failed", temporary: false });
    expect(`${error.message} ${String(error.stack)}`).not.toContain("wrong-secret");
    const server = mailServer(world, { master: "authzid" });
    const wrong = {
      ...server,
      masterUser: { ...server.masterUser, password: passwordTarget(server, "", "x").password },
    };
    expect(await refusal({ server: wrong as typeof server, login: "alice", password: null })).toMatchObject({
      reason: "authentication-failed",
    });
    expect(error.message).not.toContain(master.password);
  });

  test("does not trust a certificate of an unknown authority, nor one for another name", async () => {
    const server = mailServer(world);
    expect(await refusal(passwordTarget({ ...server, ca: null }, "alice"))).toMatchObject({ reason: "tls" });
    const other = { ...mailServer(world, { tls: "implicit" }), host: "127.0.0.2" };
    expect(["tls", "unreachable"]).toContain((await refusal(passwordTarget(other, "alice"))).reason);
  });

  test("names a server that is not there, and TLS where none is spoken", async () => {
    const gone = mailServer(world, { port: 1 });
    expect(await refusal(passwordTarget(gone, "alice"))).toMatchObject({
      reason: "unreachable",
      temporary: true,
    });
    const plain = mailServer(world, { tls: "implicit", port: world.dovecot.ports.imap });
    expect(await refusal(passwordTarget(plain, "alice"))).toMatchObject({ reason: "tls" });
  });

  test("ends when it is asked to stop while connecting", async () => {
    const stop = AbortSignal.abort();
    await expect(connectMailbox(passwordTarget(mailServer(world), "alice"), stop)).rejects.toBeInstanceOf(
      MailboxError,
    );
  });
});

describe("reading", () => {
  test("streams header fields of a range of UIDs and reads the beginning of a mail, and marks nothing as seen", async () => {
    const user = "reader";
    for (const number of [1, 2, 3, 4])
      await world.dovecot.deliver(user, mail(`mail ${number}`, { "Message-ID": `<${number}@example.net>` }));
    await using session = await connect(passwordTarget(mailServer(world), user));
    await session.open("INBOX");
    const found = await rows(session, 2, 3);
    expect(found.map(({ uid }) => uid)).toEqual([2, 3]);
    expect(found[0]?.headerText).toMatch(/^Subject: mail 2\r\nMessage-ID: <2@example.net>\r\n/im);
    expect(found[0]?.headerText).not.toContain("From:");
    expect(found[0]?.sizeBytes).toBeGreaterThan(100);
    const prefix = await session.prefix(3, 20);
    expect(prefix?.length).toBe(20);
    expect((await session.prefix(4, 4096))?.toString()).toContain("mail 4");
    expect(await session.prefix(99, 20)).toBeNull();
    expect((await world.dovecot.flags(user, "INBOX")).join(" ")).not.toContain("Seen");
  });

  test("stays usable when a reader stops in the middle of the headers", async () => {
    const user = "stopper";
    for (const number of [1, 2, 3]) await world.dovecot.deliver(user, mail(`mail ${number}`));
    await using session = await connect(passwordTarget(mailServer(world), user));
    await session.open("INBOX");
    for await (const row of session.headers(1, 3, ["subject"])) {
      expect(row.uid).toBe(1);
      break;
    }
    expect(await rows(session, 1, 3)).toHaveLength(3);
  });

  test("cuts huge header fields instead of losing the connection over them", async () => {
    const user = "huge";
    const pieces = Array.from({ length: 3000 }, () => `<${"x".repeat(900)}@example.net>`);
    await world.dovecot.deliver(user, mail("huge", { "Message-ID": pieces.join("\r\n ") }));
    await world.dovecot.deliver(user, mail("after"));
    await using session = await connect(passwordTarget(mailServer(world), user));
    await session.open("INBOX");
    const found = await rows(session, 1, 2);
    expect(found).toHaveLength(2);
    expect(found[0]?.headerText.length).toBeLessThanOrEqual(64 * 1024);
  });

  test("finds the first mail of a time, and the next existing UID behind a gap", async () => {
    const user = "gaps";
    for (const number of [1, 2, 3, 4, 5, 6]) await world.dovecot.deliver(user, mail(`mail ${number}`));
    await world.dovecot.doveadm("expunge", "-u", user, "mailbox", "INBOX", "uid", "2:4");
    await using session = await connect(passwordTarget(mailServer(world), user));
    await session.open("INBOX");
    expect(await session.firstUidFrom(1)).toBe(1);
    expect(await session.firstUidFrom(2)).toBe(5);
    expect(await session.firstUidFrom(6)).toBe(6);
    expect(await session.firstUidFrom(7)).toBeNull();
    expect(await session.firstUidSince(Date.now() - 24 * 3600_000)).toBe(1);
    await world.dovecot.doveadm("expunge", "-u", user, "mailbox", "INBOX", "all");
    await session.open("INBOX");
    expect(await session.firstUidSince(0)).toBeNull();
  });

  test("names a folder that does not exist, and goes on", async () => {
    await using session = await connect(passwordTarget(mailServer(world), "alice"));
    await expect(session.open("Nowhere")).rejects.toMatchObject({
      reason: "no-such-folder",
      temporary: false,
    });
    expect(await session.open("INBOX")).toMatchObject({ uidValidity: expect.any(Number) });
  });
});

describe("waiting", () => {
  test("is woken by a delivery, and by nothing else before its time", async () => {
    const user = "waiter";
    await using session = await connect(passwordTarget(mailServer(world), user));
    await session.open("INBOX");
    const started = performance.now();
    await session.waitForMail(300, never);
    expect(performance.now() - started).toBeGreaterThan(250);
    const woken = session.waitForMail(3600_000, never);
    await world.dovecot.deliver(user, mail("wake up"));
    await woken;
    expect(await session.open("INBOX")).toMatchObject({ uidNext: 2 });
  });

  test("ends at once when asked to stop, and the session can be closed", async () => {
    const session = await connect(passwordTarget(mailServer(world), "waiter"));
    await session.open("INBOX");
    const stop = new AbortController();
    const waiting = session.waitForMail(60_000, stop.signal);
    stop.abort();
    await waiting;
    await session[Symbol.asyncDispose]();
    expect(await world.dovecot.log()).toMatch(/imap\(waiter\).*Logged out/);
  });

  test("ends with a lost connection when the server goes", async () => {
    const session = await connect(passwordTarget(mailServer(world), "waiter"));
    await session.open("INBOX");
    const waiting = session.waitForMail(60_000, never);
    await world.dovecot.stop();
    await expect(waiting).rejects.toMatchObject({ name: "MailboxError", temporary: true });
    await expect(session.open("INBOX")).rejects.toMatchObject({ reason: "connection-lost" });
    await session[Symbol.asyncDispose]();
    await world.dovecot.start();
  });
});
