import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { prepareAnswerFolders } from "../../src/mailbox/answer-folders.ts";
import { connectMailbox } from "../../src/mailbox/imap-session.ts";
import { isJunkFolder } from "../../src/mailbox/junk.ts";
import type { MailboxSession } from "../../src/mailbox/session.ts";
import { startFaultProxy } from "../world/fault-proxy.ts";
import { mail, mailServer, type MailWorld, passwordTarget, startMailWorld } from "./world.ts";

let world: MailWorld;

beforeAll(async () => {
  world = await startMailWorld();
});
afterAll(async () => world[Symbol.asyncDispose]());

const never = new AbortController().signal;

async function connect(
  user: string,
  change: { world?: MailWorld; port?: number } = {},
): Promise<MailboxSession> {
  const { port } = change;
  const server = mailServer(change.world ?? world, port === undefined ? {} : { port });
  return connectMailbox(passwordTarget(server, user), never);
}

async function subjects(user: string, folder: string): Promise<readonly string[]> {
  const text = await world.dovecot.doveadm(
    "-f",
    "tab",
    "fetch",
    "-u",
    user,
    "hdr.subject",
    "mailbox",
    folder,
    "all",
  );
  return text.trim().split("\n").slice(1);
}

describe("moving a mail", () => {
  test("tells its new place, and makes the folder where it is missing", async () => {
    await world.dovecot.deliver("mover", mail("one"));
    await world.dovecot.deliver("mover", mail("two"));
    await using session = await connect("mover");
    await session.open("INBOX");
    const place = await session.change.move("INBOX", 1, "Shares/Done");
    expect(place).toEqual({ uidValidity: (await session.open("Shares/Done")).uidValidity, uid: 1 });
    expect(await subjects("mover", "Shares/Done")).toEqual(["one"]);
    expect(await subjects("mover", "INBOX")).toEqual(["two"]);
    expect(await session.change.move("INBOX", 1, "Shares/Done")).toBeNull();
    expect((await world.dovecot.flags("mover", "Shares/Done")).join()).not.toContain("Seen");
  });

  test("leaves the folder that was open for reading open", async () => {
    await world.dovecot.deliver("reader", mail("one"));
    await world.dovecot.deliver("reader", mail("two"));
    await using session = await connect("reader");
    await session.change.createFolder("Elsewhere");
    await session.open("INBOX");
    await session.change.move("INBOX", 1, "Elsewhere");
    expect((await session.slim(2))?.raw.toString()).toContain("Subject: two");
    await session.open("Elsewhere");
    await session.change.move("INBOX", 2, "Elsewhere");
    expect((await session.slim(1))?.raw.toString()).toContain("Subject: one");
  });

  test("is done or not done, and can be repeated, wherever the connection breaks", async () => {
    await using proxy = await startFaultProxy({ to: { host: "127.0.0.1", port: world.dovecot.ports.imap } });
    const server = mailServer(world, { tls: "none", port: proxy.port });
    for (const direction of ["up", "down"] as const) {
      const user = `broken-${direction}`;
      await world.dovecot.deliver(user, mail("one"));
      const session = await connectMailbox(passwordTarget(server, user), never);
      await session.open("INBOX");
      await session.change.createFolder("Done");
      let isMoving = false;
      proxy.setPlan(({ direction: way, bytes }) => {
        isMoving ||= way === "up" && bytes.includes("MOVE");
        return isMoving && way === direction ? { cutAt: 0 } : null;
      });
      await expect(session.change.move("INBOX", 1, "Done")).rejects.toMatchObject({ temporary: true });
      proxy.setPlan(null);
      await session[Symbol.asyncDispose]();
      await using again = await connect(user);
      await again.open("INBOX");
      await again.change.move("INBOX", 1, "Done");
      expect(await subjects(user, "Done")).toEqual(["one"]);
      expect(await subjects(user, "INBOX")).toEqual([]);
    }
  });
});

describe("keywords", () => {
  test("are added and removed, and nothing else changes", async () => {
    await world.dovecot.deliver("marked", mail("one"));
    await using session = await connect("marked");
    await session.open("INBOX");
    const change = { add: ["$UsherHeld"], remove: ["$UsherFollowed"] };
    expect(await session.change.keywords("INBOX", 1, change)).toBe(true);
    expect(await session.change.keywords("INBOX", 1, change)).toBe(true);
    expect(await session.flags(1)).toContain("$UsherHeld");
    const back = { add: ["$UsherFollowed"], remove: ["$UsherHeld"] };
    expect(await session.change.keywords("INBOX", 1, back)).toBe(true);
    const flags = await session.flags(1);
    expect(flags).toContain("$UsherFollowed");
    expect(flags).not.toContain("$UsherHeld");
    expect(flags).not.toContain("\\Seen");
    expect(await session.change.keywords("INBOX", 77, back)).toBe(true);
  });
});

describe("folders", () => {
  test("are made once, and those for junk are known by what the server says", async () => {
    await using session = await connect("folders");
    expect(await session.change.createFolder("Büro")).toBe(true);
    expect(await session.change.createFolder("Büro")).toBe(false);
    await session.change.createFolder("Junk");
    expect(await isJunkFolder(session, "Junk")).toBe(true);
    expect(await isJunkFolder(session, "INBOX")).toBe(false);
  });

  test("for answers are made with the server's own separator", async () => {
    await using dotted = await startMailWorld({ separator: "." });
    await using session = await connect("dotted", { world: dotted });
    const folders = await prepareAnswerFolders(session, "Shares");
    expect([...folders]).toEqual([
      ["Shares.Accept", "accept"],
      ["Shares.Decline", "decline"],
    ]);
    const paths = (await session.folders()).map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(["Shares.Accept", "Shares.Decline", "Shares.Done"]));
    expect(await prepareAnswerFolders(session, "Shares")).toEqual(folders);
  });
});

describe("a mailbox without rights to change it", () => {
  test("says so by the server's code, and nothing is lost", async () => {
    await using readOnly = await startMailWorld({
      acl: ["INBOX owner lr", "Shares/Done owner lr"],
    });
    await readOnly.dovecot.deliver("readonly", mail("one"));
    await using session = await connect("readonly", { world: readOnly });
    await session.open("INBOX");
    const change = { add: ["$UsherHeld"], remove: [] };
    expect(await session.change.keywords("INBOX", 1, change)).toBe(false);
    await expect(session.change.move("INBOX", 1, "Elsewhere")).rejects.toMatchObject({
      reason: "not-permitted",
    });
    expect((await session.slim(1))?.raw.toString()).toContain("Subject: one");
  });
});
