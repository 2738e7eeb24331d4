import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startFaultProxy } from "../world/fault-proxy.ts";
import { until } from "../mailbox/store-world.ts";
import { mail, type MailWorld, startMailWorld } from "../mailbox/world.ts";
import { type AnswerWorld, openAnswerWorld, share } from "./answer-world.ts";

let world: MailWorld;
let directory: string;

beforeAll(async () => {
  world = await startMailWorld();
});
afterAll(async () => world[Symbol.asyncDispose]());
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "usher-answers-"));
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

async function count(user: string, folder: string): Promise<number> {
  const text = await world.dovecot.doveadm("search", "-u", user, "mailbox", folder, "all").catch(() => "");
  return text.trim() === "" ? 0 : text.trim().split("\n").length;
}

/** Moves all mail of a folder, as a mail program would. */
async function put(user: string, to: string, from = "INBOX"): Promise<void> {
  await world.dovecot.doveadm("move", "-u", user, to, "mailbox", from, "all");
}

async function folderMade(user: string): Promise<void> {
  await until(async () =>
    (await world.dovecot.doveadm("mailbox", "list", "-u", user)).includes("Shares/Done"),
  );
}

async function stateIs(answers: AnswerWorld, state: string): Promise<void> {
  await until(
    async () => (await answers.notifications()).some((row) => row.state === state),
    () => answers.changes,
  );
}

async function lies(user: string, folder: string, mails = 1): Promise<void> {
  await until(async () => (await count(user, folder)) === mails);
}

async function readMails({ site }: AnswerWorld): Promise<readonly string[]> {
  const rows = await site.store.db
    .selectFrom("message")
    .select("message_key")
    .where("state", "=", "read")
    .execute();
  return rows.map(({ message_key: key }) => key);
}

async function held(user: string, more: { readonly losesMarks?: boolean } = {}): Promise<AnswerWorld> {
  const answers = await openAnswerWorld(world, { user, directory, ...more });
  await folderMade(user);
  await world.dovecot.deliver(user, share(user, 1));
  await stateIs(answers, "held");
  return answers;
}

describe("a mail that its owner puts into a folder for answers", () => {
  test("is accepted there, followed, and then lies among what is done", async () => {
    await using answers = await held("accepts");
    await put("accepts", "Shares/Accept");
    await stateIs(answers, "followed");
    await lies("accepts", "Shares/Done");
    expect(await count("accepts", "Shares/Accept")).toBe(0);
    await until(
      async () =>
        (await world.dovecot.flags("accepts", "Shares/Done"))[0]?.includes("$UsherFollowed") === true,
    );
    expect(await answers.notifications()).toHaveLength(1);
    expect(answers.changes.map(({ to, by }) => [to, by])).toEqual([
      ["held", "policy"],
      ["accepted", "mailbox"],
      ["followed", "mailbox"],
    ]);
  });

  test("shows its state before it is moved: a kill right after leaves no stale keyword", async () => {
    await using answers = await held("marked-first", { losesMarks: true });
    await put("marked-first", "Shares/Accept");
    await stateIs(answers, "followed");
    await lies("marked-first", "Shares/Done");
    const [flags] = await world.dovecot.flags("marked-first", "Shares/Done");
    expect(flags).toContain("$UsherFollowed");
  });

  test("is declined there", async () => {
    await using answers = await held("declines");
    await put("declines", "Shares/Decline");
    await stateIs(answers, "ignored");
    await lies("declines", "Shares/Done");
    expect(answers.explained).toEqual([]);
  });

  test("waits while the origin is asked, and comes back where it lay when that fails", async () => {
    await using answers = await held("fails");
    answers.outcome = null;
    await put("fails", "Shares/Accept");
    await stateIs(answers, "accepted");
    expect(await count("fails", "Shares/Accept")).toBe(1);
    await answers.settle("failed");
    await lies("fails", "INBOX");
    expect(await answers.notifications()).toHaveLength(1);
    expect(answers.changes.at(-1)).toMatchObject({ to: "failed", notify: true });
    answers.outcome = "followed";
    await put("fails", "Shares/Accept");
    await lies("fails", "Shares/Done");
  });

  test("counts once, however often the share is mailed", async () => {
    await using answers = await held("again");
    await put("again", "Shares/Accept");
    await lies("again", "Shares/Done");
    await world.dovecot.deliver("again", share("again", 1, "<again@cloud-a.example>"));
    await until(async () => (await readMails(answers)).includes("<again@cloud-a.example>"));
    await put("again", "Shares/Accept");
    await lies("again", "Shares/Done", 2);
    expect(await answers.notifications()).toHaveLength(1);
    expect(answers.changes.filter(({ to }) => to === "accepted")).toHaveLength(1);
  });

  test("is no answer when somebody else put it there, but is one when its owner moves it then", async () => {
    await using answers = await held("stranger");
    // The same mail, delivered to the folder as to stranger+Shares/Accept@example.org.
    const raw = join(directory, "raw.eml");
    await writeFile(raw, share("stranger", 1), { mode: 0o644 });
    await chmod(directory, 0o755);
    for (const number of [1, 2]) {
      await world.dovecot.doveadm("save", "-u", "stranger", "-m", "Shares/Accept", raw);
      await lies("stranger", "INBOX", number + 1);
    }
    expect((await answers.notifications()).map(({ state }) => state)).toEqual(["held"]);
    expect(answers.explained[0]).toContain("move it once more");
    await world.dovecot.doveadm("move", "-u", "stranger", "Shares/Accept", "mailbox", "INBOX", "uid", "3");
    await lies("stranger", "Shares/Done");
    expect((await answers.notifications()).map(({ state }) => state)).toEqual(["followed"]);
  });

  test("is no answer when a stranger sends it again to the folder after its owner threw it away", async () => {
    await using answers = await held("thrower");
    await world.dovecot.doveadm("expunge", "-u", "thrower", "mailbox", "INBOX", "all");
    const hourMs = 3600_000;
    await answers.site.store.db
      .updateTable("message")
      .set(({ eb }) => ({ found_at: eb("found_at", "-", hourMs) }))
      .execute();
    const raw = join(directory, "raw.eml");
    await writeFile(raw, share("thrower", 1), { mode: 0o644 });
    await chmod(directory, 0o755);
    await world.dovecot.doveadm("save", "-u", "thrower", "-m", "Shares/Accept", raw);
    await until(
      async () => (await count("thrower", "INBOX")) + (await count("thrower", "Shares/Done")) === 1,
    );
    expect((await answers.notifications()).map(({ state }) => state)).toEqual(["held"]);
    expect(answers.explained[0]).toContain("move it once more");
  });

  test("comes back with an explanation where the answer changes nothing", async () => {
    await using answers = await held("changes-mind");
    await put("changes-mind", "Shares/Accept");
    await lies("changes-mind", "Shares/Done");
    await put("changes-mind", "Shares/Decline", "Shares/Done");
    await lies("changes-mind", "INBOX");
    await until(() => answers.explained.length > 0);
    expect(answers.explained).toEqual([expect.stringContaining("subscription remove")]);
    expect((await answers.notifications())[0]?.state).toBe("followed");
  });

  test("comes back where it is no share at all", async () => {
    await using answers = await held("no-share");
    await world.dovecot.deliver("no-share", mail("lunch?"));
    await until(async () => (await count("no-share", "INBOX")) === 2);
    await world.dovecot.doveadm(
      "move",
      "-u",
      "no-share",
      "Shares/Accept",
      "mailbox",
      "INBOX",
      "subject",
      "lunch",
    );
    await until(async () => (await answers.jobs()).every(({ kind }) => kind !== "read-answer"));
    await lies("no-share", "INBOX", 2);
    expect((await answers.notifications()).map(({ state }) => state)).toEqual(["held"]);
  });
});

describe("answers by folder", () => {
  test("go on where the daemon ended, with one answer and one mail", async () => {
    {
      await using answers = await held("ended");
      answers.outcome = null;
      await put("ended", "Shares/Accept");
      await stateIs(answers, "accepted");
    }
    await using later = await openAnswerWorld(world, { user: "ended", directory });
    await later.settle("followed");
    await lies("ended", "Shares/Done");
    expect(later.changes.map(({ to }) => to)).toEqual(["followed"]);
  });

  test.each([
    ["followed", "Shares/Done", "up"],
    ["followed", "Shares/Done", "down"],
    ["failed", "INBOX", "down"],
  ] as const)(
    "lose and double nothing where the connection breaks in the move: %s, %s, %s",
    async (end, folder, direction) => {
      const user = `cut-${end}-${direction}`;
      await using proxy = await startFaultProxy({
        to: { host: "127.0.0.1", port: world.dovecot.ports.imap },
      });
      await using answers = await openAnswerWorld(world, { user, directory, port: proxy.port });
      await folderMade(user);
      await world.dovecot.deliver(user, share(user, 1));
      await stateIs(answers, "held");
      answers.outcome = end;
      let cuts = 0;
      let broken = 0;
      proxy.setPlan(({ direction: way, bytes, connection }) => {
        if (way === "up" && bytes.includes("UID MOVE") && cuts === 0) {
          cuts = 1;
          broken = connection;
        }
        return connection === broken && way === direction ? { cutAt: 0 } : null;
      });
      await put(user, "Shares/Accept");
      await until(() => cuts === 1);
      await until(
        async () => (await answers.jobs()).length === 0,
        () => answers.changes,
      );
      expect([await count(user, "Shares/Accept"), await count(user, folder)]).toEqual([0, 1]);
      expect(await answers.notifications()).toMatchObject([{ state: end }]);
      expect(answers.changes.map(({ to }) => to)).toEqual(["held", "accepted", end]);
    },
  );

  test("that come while nobody looks are found later", async () => {
    {
      await using answers = await held("away");
      expect(answers.changes).toHaveLength(1);
    }
    await put("away", "Shares/Accept");
    await using later = await openAnswerWorld(world, { user: "away", directory });
    await stateIs(later, "followed");
    await lies("away", "Shares/Done");
  });

  test("are off where none are configured: no folder is made", async () => {
    await using answers = await openAnswerWorld(world, { user: "off", directory, answerFolder: null });
    await world.dovecot.deliver("off", share("off", 1));
    await stateIs(answers, "held");
    expect(await world.dovecot.doveadm("mailbox", "list", "-u", "off")).not.toContain("Shares");
  });

  test("show in parked work, not in lost mail, that a mail may not be moved", async () => {
    await using limited = await startMailWorld({ acl: ["Shares/Done owner lr"] });
    await using answers = await openAnswerWorld(limited, { user: "limited", directory });
    await until(async () =>
      (await limited.dovecot.doveadm("mailbox", "list", "-u", "limited")).includes("Decline"),
    );
    await limited.dovecot.deliver("limited", share("limited", 1));
    await stateIs(answers, "held");
    await limited.dovecot.doveadm("move", "-u", "limited", "Shares/Accept", "mailbox", "INBOX", "all");
    await stateIs(answers, "followed");
    await until(async () => (await answers.jobs()).some(({ state }) => state === "parked"));
    expect((await answers.jobs()).filter(({ kind }) => kind === "read-answer")).toMatchObject([
      { kind: "read-answer", state: "parked", last_error: expect.stringContaining("check the rights") },
    ]);
    expect(await limited.dovecot.flags("limited", "Shares/Accept")).toHaveLength(1);
  });

  test("say why they are off where folders cannot be made, and everything else goes on", async () => {
    await using readOnly = await startMailWorld({
      acl: ["INBOX owner lr", "Shares/Accept owner lr", "* owner lr"],
    });
    await using answers = await openAnswerWorld(readOnly, { user: "readonly", directory });
    await readOnly.dovecot.deliver("readonly", share("readonly", 1));
    await stateIs(answers, "held");
    expect(answers.mailboxes.status()[0]).toMatchObject({
      state: "active",
      reason: expect.stringMatching(/Answers by moving mail are off.*rights/),
    });
  });
});
