import { parseHeaderFields } from "../../src/domain/header-fields.ts";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Secret } from "../../src/config/secret.ts";
import { connectMailbox } from "../../src/mailbox/imap-session.ts";
import { messageKey } from "../../src/mailbox/message-key.ts";
import { scanFolder, type FolderScan, type ScanProgress, type ScanResult } from "../../src/mailbox/scan.ts";
import { scanMailbox } from "../../src/mailbox/scan-mailbox.ts";
import type { MailboxSession } from "../../src/mailbox/session.ts";
import type { MailboxRow } from "../../src/store/mailboxes.ts";
import { readCursor } from "../../src/store/mailboxes.ts";
import { startHostileImap } from "../world/hostile-imap.ts";
import { type MailStore, openMailStore, shareField } from "./store-world.ts";
import { mail, mailServer, type MailWorld, passwordTarget, startMailWorld } from "./world.ts";

const never = new AbortController().signal;
const share = { [shareField]: "https://ox.example.org/ajax/share/1" };
let world: MailWorld;
let mailStore: MailStore;

beforeAll(async () => {
  world = await startMailWorld();
});
afterAll(async () => world[Symbol.asyncDispose]());
beforeEach(async () => {
  mailStore = await openMailStore();
});
afterEach(async () => mailStore[Symbol.asyncDispose]());

async function scan(
  session: MailboxSession,
  row: MailboxRow,
  change: Partial<FolderScan> = {},
): Promise<ScanResult> {
  return scanFolder({
    store: mailStore.store,
    mailbox: { id: row.id, accountId: row.account_id, lookBackFrom: row.look_back_from },
    rules: mailStore.rules,
    session,
    folder: "INBOX",
    status: await session.open("INBOX"),
    signal: never,
    clock: Date.now,
    ...change,
  });
}

async function connect(user: string): Promise<MailboxSession> {
  return connectMailbox(passwordTarget(mailServer(world), user), never);
}

async function deliverMany(user: string, count: number, isShare: (index: number) => boolean): Promise<void> {
  for (let first = 0; first < count; first += 40) {
    const numbers = Array.from({ length: Math.min(40, count - first) }, (_, index) => first + index);
    await Promise.all(
      numbers.map(async (index) =>
        world.dovecot.deliver(user, mail(`mail ${index}`, isShare(index) ? share : {})),
      ),
    );
  }
}

describe("a scan", () => {
  test("finds every share mail among many, in batches, and nothing twice", async () => {
    await deliverMany("many", 620, (index) => index % 31 === 0);
    const row = await mailStore.addMailbox("many");
    await using session = await connect("many");
    const steps: ScanProgress[] = [];
    const first = await scan(session, row, { onProgress: (step) => steps.push(step) });
    expect(first).toMatchObject({ seen: 620, found: 20, next: null, refusedUids: [] });
    expect(steps.map(({ seen }) => seen)).toEqual([500, 620]);
    expect(steps.at(-1)?.done).toBe(1);
    expect(mailStore.planned).toHaveLength(20);
    expect(await scan(session, row)).toMatchObject({ seen: 0, found: 0 });
    expect(await scan(session, row, { fromUid: 1 })).toMatchObject({ seen: 620, found: 0 });
    expect(mailStore.planned).toHaveLength(20);
    expect((await world.dovecot.flags("many", "INBOX")).join()).not.toContain("Seen");
  });

  test("moves its cursor only together with what it found", async () => {
    await deliverMany("together", 3, () => true);
    const row = await mailStore.addMailbox("together");
    await using session = await connect("together");
    const broken = { ...mailStore.rules, onFound: async () => Promise.reject(new Error("disk full")) };
    await expect(scan(session, row, { rules: broken })).rejects.toThrow("disk full");
    expect(await readCursor(mailStore.store.db, row.id, "INBOX")).toMatchObject({ lastUid: 0 });
    expect(await mailStore.foundUids("together")).toEqual([]);
    expect(await scan(session, row)).toMatchObject({ found: 3 });
  });

  test("goes on where it was stopped", async () => {
    await deliverMany("stopped", 520, (index) => index === 0 || index === 519);
    const row = await mailStore.addMailbox("stopped");
    await using session = await connect("stopped");
    expect(await scan(session, row, { maxBatches: 1 })).toMatchObject({ seen: 500, next: 501 });
    const stop = new AbortController();
    stop.abort();
    expect(await scan(session, row, { signal: stop.signal })).toMatchObject({ seen: 0, next: 501 });
    expect(await scan(session, row)).toMatchObject({ seen: 20, next: null });
    expect(await mailStore.foundUids("stopped")).toHaveLength(2);
  });

  test("starts anew under a new UIDVALIDITY, and tells known mails by their keys", async () => {
    await world.dovecot.deliver("validity", mail("one", { ...share, "Message-ID": "<one@example.net>" }));
    const row = await mailStore.addMailbox("validity");
    await using session = await connect("validity");
    await scan(session, row);
    const { uidValidity } = await session.open("INBOX");
    await world.dovecot.setUidValidity("validity", "INBOX", uidValidity + 10);
    await using later = await connect("validity");
    expect(await scan(later, row)).toMatchObject({ seen: 1, found: 1 });
    const keys = await mailStore.store.db
      .selectFrom("message")
      .select(["message_key", "uid_validity"])
      .execute();
    expect(keys.map(({ message_key: key }) => key)).toEqual(["<one@example.net>", "<one@example.net>"]);
    expect(await readCursor(mailStore.store.db, row.id, "INBOX")).toEqual({
      uidValidity: uidValidity + 10,
      lastUid: 1,
    });
    await world.dovecot.recreateFolder("validity", "INBOX");
    await world.dovecot.deliver("validity", mail("new", share));
    await using anew = await connect("validity");
    expect(await scan(anew, row)).toMatchObject({ seen: 1, found: 1 });
  });

  test("looks back as far as the mailbox was told, and later scans can look further", async () => {
    const day = 24 * 3600_000;
    await world.dovecot.deliver("back", mail("old", share));
    await world.dovecot.setReceived("back", new Date(Date.now() - 40 * day));
    await world.dovecot.deliver("back", mail("new", share));
    const row = await mailStore.addMailbox("back", { look_back_from: Date.now() - 30 * day });
    await using session = await connect("back");
    expect(await scan(session, row)).toMatchObject({ seen: 1, found: 1 });
    expect(await mailStore.foundUids("back")).toEqual([2]);
    const parts = { store: mailStore.store, session, mailbox: row, rules: mailStore.rules, signal: never };
    const again = { ...parts, clock: Date.now, onProgress: () => undefined };
    expect(await scanMailbox({ ...again, since: Date.now() - 35 * day })).toMatchObject([
      { seen: 1, found: 0 },
    ]);
    expect(await scanMailbox({ ...again, since: null })).toMatchObject([{ seen: 2, found: 1 }]);
    expect(await mailStore.foundUids("back")).toEqual([1, 2]);
  });

  test("is not stopped by a mail of 60 MB or of 5000 parts", async () => {
    const part = "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n";
    const parts = mail(
      "parts",
      { ...share, "Content-Type": "multipart/mixed; boundary=b" },
      part.repeat(5000),
    );
    await world.dovecot.deliver("huge", mail("60 MB", share, "x".repeat(75).concat("\r\n").repeat(800_000)));
    await world.dovecot.deliver("huge", parts);
    const row = await mailStore.addMailbox("huge");
    await using session = await connect("huge");
    expect(await scan(session, row)).toMatchObject({ seen: 2, found: 2 });
    expect((await session.prefix(1, 768 * 1024))?.length).toBe(768 * 1024);
  });
});

async function odd(uids: number[], refusedUid = 0): Promise<{ session: MailboxSession } & AsyncDisposable> {
  const server = await startHostileImap(refusedUid === 0 ? "ok" : "refused");
  Object.assign(server, { uids, refusedUid });
  const imap = { host: server.host, port: server.port, tls: "none", ca: null, masterUser: null } as const;
  const session = await connectMailbox({ server: imap, login: "alice", password: new Secret("x") }, never);
  return {
    session,
    [Symbol.asyncDispose]: async () => {
      await session[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

describe("a scan of an odd server", () => {
  test("skips gaps of millions of UIDs in a few steps", async () => {
    const row = await mailStore.addMailbox("odd");
    await using server = await odd([1, 2, 3_000_000, 4_294_967_000]);
    const steps: ScanProgress[] = [];
    const result = await scan(server.session, row, { onProgress: (step) => steps.push(step) });
    expect(result).toMatchObject({ seen: 4, found: 4, next: null });
    expect(steps.length).toBeLessThan(10);
    expect(await mailStore.foundUids("odd")).toEqual([1, 2, 3_000_000, 4_294_967_000]);
  });

  test("passes over one mail that the server does not show, and finds the others", async () => {
    const row = await mailStore.addMailbox("odd");
    await using server = await odd([1, 2, 3, 4, 5, 6, 7], 4);
    expect(await scan(server.session, row)).toMatchObject({
      seen: 6,
      found: 6,
      refusedUids: [4],
      next: null,
    });
  });
});

test("all folders of a mailbox are scanned, and a look-back can be repeated", async () => {
  await world.dovecot.deliver("folders", mail("one", share));
  await world.dovecot.doveadm("mailbox", "create", "-u", "folders", "Büro");
  await world.dovecot.doveadm("copy", "-u", "folders", "Büro", "mailbox", "INBOX", "all");
  const mailbox = await mailStore.addMailbox("folders", { folders_json: '["INBOX","Büro"]' });
  await using session = await connect("folders");
  const parts = {
    store: mailStore.store,
    session,
    mailbox,
    rules: mailStore.rules,
    signal: never,
    clock: Date.now,
  };
  const scanned = await scanMailbox({ ...parts, onProgress: () => undefined });
  expect(scanned).toMatchObject([
    { folder: "INBOX", found: 1 },
    { folder: "Büro", found: 1 },
  ]);
  const again = await scanMailbox({ ...parts, since: null, onProgress: () => undefined });
  expect(again).toMatchObject([
    { seen: 1, found: 0 },
    { seen: 1, found: 0 },
  ]);
});

test("a mail is known by its Message-ID, or by its fields where it has none or several", () => {
  expect(keyOf("Message-ID:\r\n <a@example.net>\r\n\r\n")).toBe("<a@example.net>");
  const none = keyOf("Subject: a\r\n\r\n");
  expect(none).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(keyOf("Subject: b\r\n\r\n")).not.toBe(none);
  expect(keyOf("Message-ID: <a@b>\r\nMessage-ID: <c@d>\r\n\r\n")).toMatch(/^sha256:/);
  expect(keyOf(`Message-ID: <${"x".repeat(2000)}@b>\r\n\r\n`)).toMatch(/^sha256:/);
});

function keyOf(headerText: string): string {
  return messageKey(headerText, parseHeaderFields(headerText).fields);
}
