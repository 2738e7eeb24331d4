import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startFaultProxy } from "../world/fault-proxy.ts";
import { type HostileImap, startHostileImap } from "../world/hostile-imap.ts";
import type { MailServer } from "../../src/config/config.ts";
import { conditionConnected, patience } from "../../src/mailbox/condition.ts";
import { connectMailbox } from "../../src/mailbox/imap-session.ts";
import { deleteMailbox, saveCondition } from "../../src/store/mailboxes.ts";
import { type MailStore, openMailStore, shareField, until, watch } from "./store-world.ts";
import { mail, mailServer, type MailWorld, startMailWorld } from "./world.ts";

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

function hostileServer(server: HostileImap) {
  return { host: server.host, port: server.port, tls: "none", ca: null, masterUser: null } as const;
}

async function found(name: string, count: number, folder = "INBOX"): Promise<void> {
  await until(
    async () => (await mailStore.foundUids(name, folder)).length === count,
    () => mailStore.planned,
  );
}

describe("a watched mailbox", () => {
  test("wakes up for a delivery within seconds, by password and by master user", async () => {
    await mailStore.addMailbox("by-password");
    await mailStore.addMailbox("by-master", {}, null);
    const local = mailServer(world, { master: "authzid" });
    await using watching = await watch(mailStore, { local });
    await until(() => watching.events.filter(({ kind }) => kind === "connected").length === 2);
    await world.dovecot.deliver("by-password", mail("one", share));
    await world.dovecot.deliver("by-master", mail("two", share));
    await found("by-password", 1);
    await found("by-master", 1);
    expect(watching.mailboxes.status().map(({ state }) => state)).toEqual(["active", "active"]);
    expect((await mailStore.mailbox("by-master")).progress_at).toBeGreaterThan(0);
  });

  test("misses nothing while its server is stopped and started", async () => {
    await mailStore.addMailbox("restart");
    await using watching = await watch(mailStore, { local: mailServer(world) });
    await world.dovecot.deliver("restart", mail("one", share));
    await found("restart", 1);
    await world.dovecot.stop();
    await until(async () => (await mailStore.mailbox("restart")).state === "backoff");
    await world.dovecot.start();
    await world.dovecot.deliver("restart", mail("two", share));
    await found("restart", 2);
    expect(await mailStore.mailbox("restart")).toMatchObject({
      state: "active",
      state_reason: null,
      auth_failures: 0,
    });
    expect(watching.events.some(({ kind }) => kind === "failed")).toBe(true);
  });

  test("comes back when its line is cut, or falls silent without a word", async () => {
    await using proxy = await startFaultProxy({ to: { host: "127.0.0.1", port: world.dovecot.ports.imap } });
    await mailStore.addMailbox("silent");
    const local = mailServer(world, { port: proxy.port });
    await using watching = await watch(
      mailStore,
      { local },
      {
        settings: () => ({ mailServers: { local }, pollEveryMs: 500 }),
        connect: async (target, signal) => connectMailbox(target, signal, { commandMs: 500 }),
      },
    );
    await world.dovecot.deliver("silent", mail("one", share));
    await found("silent", 1);
    proxy.killAll("rst");
    await world.dovecot.deliver("silent", mail("two", share));
    await found("silent", 2);
    proxy.setPlan(() => ({ stall: true }));
    await world.dovecot.deliver("silent", mail("three", share));
    await until(() =>
      watching.events.some((event) => event.kind === "failed" && event.error.reason === "timeout"),
    );
    proxy.setPlan(() => null);
    await found("silent", 3);
  });

  test("watches several folders over one connection, and names one that does not exist", async () => {
    await world.dovecot.deliver("folders", mail("one", share));
    await world.dovecot.doveadm("mailbox", "create", "-u", "folders", "Shared");
    await world.dovecot.doveadm("copy", "-u", "folders", "Shared", "mailbox", "INBOX", "all");
    await mailStore.addMailbox("folders", { folders_json: '["INBOX","Missing","Shared"]' });
    await using watching = await watch(mailStore, { local: mailServer(world) });
    await found("folders", 1);
    await found("folders", 1, "Shared");
    await until(async () => (await mailStore.mailbox("folders")).state_reason !== null);
    expect(await mailStore.mailbox("folders")).toMatchObject({
      state: "active",
      state_reason: expect.stringContaining("Missing"),
    });
    expect(watching.events.filter(({ kind }) => kind === "connected")).toHaveLength(1);
  });

  test("is read by others over the same connection, one after the other", async () => {
    const row = await mailStore.addMailbox("lent");
    await using watching = await watch(mailStore, { local: mailServer(world) });
    await world.dovecot.deliver("lent", mail("one", share));
    await found("lent", 1);
    const read = async (): Promise<string> =>
      watching.mailboxes.withSession(row.id, async (session) => {
        await session.open("INBOX");
        return (await session.prefix(1, 4096))?.toString() ?? "";
      });
    for (const text of await Promise.all([read(), read(), read()])) expect(text).toContain("Subject: one");
    await world.dovecot.deliver("lent", mail("two", share));
    await found("lent", 2);
    await expect(
      watching.mailboxes.withSession("b-nobody", async () => Promise.resolve()),
    ).rejects.toMatchObject({
      temporary: true,
    });
    expect(watching.events.filter(({ kind }) => kind === "connected")).toHaveLength(1);
  });

  test("does not stop the others when it goes wrong", async () => {
    await using hostile = await startHostileImap("bigliteral");
    await mailStore.addMailbox("bad", { server: "hostile" });
    await mailStore.addMailbox("unknown", { server: "nowhere" });
    await mailStore.addMailbox("good");
    const servers = { local: mailServer(world), hostile: hostileServer(hostile) };
    await using watching = await watch(mailStore, servers);
    await world.dovecot.deliver("good", mail("one", share));
    await found("good", 1);
    await until(async () => (await mailStore.mailbox("bad")).state === "backoff");
    await until(async () => (await mailStore.mailbox("unknown")).state_reason?.includes("nowhere") === true);
    expect(watching.mailboxes.status()).toContainEqual(
      expect.objectContaining({ account: "good", state: "active" }),
    );
  });
});

describe("a wrong password", () => {
  test("is tried a few times, with growing waits, and then no more until somebody enables the mailbox", async () => {
    await using hostile = await startHostileImap("AUTHENTICATIONFAILED");
    const row = await mailStore.addMailbox("wrong");
    await using watching = await watch(mailStore, { local: hostileServer(hostile) });
    await until(async () => (await mailStore.mailbox("wrong")).state === "disabled");
    expect(await mailStore.mailbox("wrong")).toMatchObject({
      auth_failures: 3,
      state_reason: expect.stringContaining("usher mailbox enable"),
    });
    const waits = watching.events.map((event) => (event.kind === "failed" ? event.retryInMs : -1));
    expect(waits).toEqual([100, 200, null]);
    const tries = hostile.logins;
    expect(tries).toBe(3);
    await watching.mailboxes.refresh();
    await watching.mailboxes.refresh();
    expect(hostile.logins).toBe(tries);
    hostile.mode = "ok";
    await saveCondition(mailStore.store.db, row.id, { ...conditionConnected(0), progressAt: null });
    await until(() => watching.events.at(-1)?.kind === "scanned");
    expect((await mailStore.mailbox("wrong")).state).toBe("active");
  });

  test("is still counted after a restart of the daemon", async () => {
    await using hostile = await startHostileImap("AUTHENTICATIONFAILED");
    await mailStore.addMailbox("counted", {
      auth_failures: 2,
      state: "auth-failed",
      first_auth_failure_at: 1,
    });
    await using watching = await watch(mailStore, { local: hostileServer(hostile) });
    await until(async () => (await mailStore.mailbox("counted")).state === "disabled");
    expect(hostile.logins).toBe(1);
    expect(watching.mailboxes.status()).toMatchObject([{ account: "counted", authFailures: 3 }]);
  });

  test("that was put right is tried at once when the mailbox is enabled, also while it waits", async () => {
    await using hostile = await startHostileImap("AUTHENTICATIONFAILED");
    const row = await mailStore.addMailbox("waits");
    const slow = { stepsMs: [3600_000] as const, growth: 1, capMs: 3600_000 };
    await using watching = await watch(
      mailStore,
      { local: hostileServer(hostile) },
      { patience: { ...patience, authentication: slow } },
    );
    await until(async () => (await mailStore.mailbox("waits")).state === "auth-failed");
    hostile.mode = "ok";
    await saveCondition(mailStore.store.db, row.id, { ...conditionConnected(0), progressAt: null });
    await found("waits", 1);
    expect(hostile.logins).toBe(2);
    expect(watching.mailboxes.status()).toMatchObject([{ state: "active", authFailures: 0 }]);
  });

  test("is not what a busy server means", async () => {
    await using hostile = await startHostileImap("LIMIT");
    await mailStore.addMailbox("busy");
    await using watching = await watch(mailStore, { local: hostileServer(hostile) });
    await until(() => hostile.logins >= 4);
    expect(await mailStore.mailbox("busy")).toMatchObject({ state: "backoff", auth_failures: 0 });
    hostile.mode = "ok";
    await found("busy", 1);
    expect(watching.events.filter(({ kind }) => kind === "failed").length).toBeGreaterThanOrEqual(4);
  });
});

describe("commands of another process", () => {
  test("take effect within seconds: a new mailbox is watched, a removed one is not", async () => {
    await using watching = await watch(mailStore, { local: mailServer(world) });
    expect(watching.mailboxes.status()).toEqual([]);
    const row = await mailStore.addMailbox("late");
    await world.dovecot.deliver("late", mail("one", share));
    await found("late", 1);
    await deleteMailbox(mailStore.store.db, row.id);
    await until(() => watching.mailboxes.status().length === 0);
    await until(async () => /imap\(late\).*Logged out/.test(await world.dovecot.log()));
  });

  test("a configuration that says the same in another order disturbs no connection", async () => {
    await mailStore.addMailbox("steady", {}, null);
    const { masterUser, ca, ...rest } = mailServer(world, { master: "separator" });
    let local: MailServer = { ...rest, ca, masterUser };
    const settings = () => ({ mailServers: { local }, pollEveryMs: 3600_000 });
    await using watching = await watch(mailStore, { local }, { settings });
    const connections = () => watching.events.filter(({ kind }) => kind === "connected").length;
    await until(() => connections() === 1);
    local = { masterUser, ca, ...rest };
    await watching.mailboxes.refresh();
    await world.dovecot.deliver("steady", mail("one", share));
    await found("steady", 1);
    expect(connections()).toBe(1);
  });

  test("a stop logs out and is quick, also while a server is silent", async () => {
    await using hostile = await startHostileImap("hang");
    await mailStore.addMailbox("quiet", { server: "hostile" });
    await mailStore.addMailbox("stopped");
    const servers = { local: mailServer(world), hostile: hostileServer(hostile) };
    const watching = await watch(mailStore, servers, {
      // Nothing but the stop ends a wait for the silent server.
      connect: async (target, signal) => connectMailbox(target, signal, { commandMs: 3600_000 }),
    });
    await until(() => hostile.logins === 1 && watching.events.some(({ account }) => account === "stopped"));
    await watching[Symbol.asyncDispose]();
    await until(async () => /imap\(stopped\).*Logged out/.test(await world.dovecot.log()));
  });
});
