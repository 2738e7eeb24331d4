import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createProgressView, progressText, scanDescribed } from "../../src/cli/progress.ts";
import { shareField } from "../mailbox/store-world.ts";
import { mail, type MailWorld, master, startMailWorld } from "../mailbox/world.ts";
import { dovecotPassword } from "../world/dovecot.ts";
import { type Ran, run, type RunOptions } from "./in-process.ts";

let world: MailWorld;
let config: string;
let count = 0;

beforeAll(async () => {
  world = await startMailWorld();
  await writeFile(join(world.directory, "key"), randomBytes(32).toString("base64"), { mode: 0o600 });
  await writeFile(join(world.directory, "master"), master.password, { mode: 0o600 });
  await writeFile(join(world.directory, "ca.pem"), world.ca);
});
afterAll(async () => world[Symbol.asyncDispose]());

beforeEach(async () => {
  const server = { host: "127.0.0.1", port: world.dovecot.ports.imaps, ca: "ca.pem" };
  const masterUser = { login: master.login, password: { file: "master" }, method: "authzid" };
  const mailServers = {
    local: { ...server, masterUser },
    plain: server,
    gone: { ...server, port: 1 },
    untrusted: { ...server, ca: null },
  };
  config = join(world.directory, `usher-${(count += 1)}.yaml`);
  const store = { file: join(world.directory, `usher-${count}.db`) };
  await writeFile(
    config,
    JSON.stringify({ store, key: { file: "key" }, mailServers, log: { level: "warn" } }),
  );
});

async function usher(line: string, options?: RunOptions): Promise<Ran> {
  return run(config, line.split(" "), options);
}

async function addMailbox(name: string, options = "--server local --master"): Promise<Ran> {
  await usher(`account add ${name} --address ${name}@example.org`);
  return usher(`mailbox add ${name} --login ${name} ${options}`, { input: `${dovecotPassword}\n` });
}

describe("a mailbox", () => {
  test("is added as master user or with a password, tested, listed and removed", async () => {
    await world.dovecot.deliver("alice", mail("one"));
    expect(await addMailbox("alice")).toMatchObject({ code: 0, err: "" });
    expect(
      await addMailbox("bob", "--server plain --password-stdin --folder INBOX --folder Nowhere"),
    ).toMatchObject({
      code: 0,
    });
    const tested = await usher("mailbox test alice");
    expect(tested).toMatchObject({ code: 0, err: "" });
    expect(tested.out).toMatch(/Logged in to local as alice over TLSv1\.3\..*IDLE.*Folder INBOX: 1 mails\./s);
    expect((await usher("mailbox test bob")).err).toMatch(/has no such folder/);
    const listed = JSON.parse((await usher("mailbox list --json")).out);
    expect(listed).toMatchObject([
      { account: "alice", auth: "master", state: "active", folders: ["INBOX"] },
      { account: "bob", auth: "password", folders: ["INBOX", "Nowhere"] },
    ]);
    expect(await usher("mailbox remove bob")).toMatchObject({ code: 0 });
    expect((await usher("mailbox test bob")).err).toContain(
      "has no mailbox yet; add one with usher mailbox add bob",
    );
  });

  test("keeps its password sealed", async () => {
    await usher("account add carla --address carla@example.org");
    const options = { input: "a-secret-of-carla" };
    const added = await usher("mailbox add carla --server plain --login carla --password-stdin", options);
    const listed = await usher("mailbox list --json");
    expect(added.code).toBe(0);
    const store = join(world.directory, `usher-${count}.db`);
    const files = [store, `${store}-wal`].map(async (file) => readFile(file).catch(() => Buffer.alloc(0)));
    const bytes = Buffer.concat([
      ...(await Promise.all(files)),
      Buffer.from(listed.out + added.out + added.err),
    ]);
    expect(bytes.includes("a-secret-of-carla")).toBe(false);
    const refused = await usher("mailbox test carla");
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.err).toMatch(/refused the login; check login and password/);
    expect(refused.err).not.toContain("a-secret-of-carla");
  });

  test("that cannot be reached is explained with the way out", async () => {
    await addMailbox("gone", "--server gone --password-stdin");
    expect((await usher("mailbox test gone")).err).toMatch(
      /cannot be reached; check host, port .*\[unreachable\]/,
    );
    await addMailbox("untrusted", "--server untrusted --password-stdin");
    expect((await usher("mailbox test untrusted")).err).toMatch(
      /check `tls`, the certificate's names and `ca`/,
    );
  });

  test("that does not fit is refused with the reason", async () => {
    await usher("account add alice --address alice@example.org");
    const cases: readonly (readonly [string, RegExp])[] = [
      ["add nobody --server local --login a --master", /there is no account nobody/],
      [
        "add alice --server lokal --login a --master",
        /there is no mail server lokal; configured are: gone, local/,
      ],
      ["add alice --server plain --login a --master", /has no masterUser in the configuration/],
      ["add alice --server local --login a", /give one of --master, --password-file and --password-stdin/],
      ["add alice --server local --login a --master --password-stdin", /give one of/],
      ["add alice --server local --login bob*usher --master", /separator of master logins/],
      ["add alice --server local --login a --master --since yesterday", /write it like 30d or 2026-11-01/],
      ["add alice --server local --login a --master --since 2d --all", /exclude each other/],
      ["test alice", /has no mailbox yet/],
      ["scan alice", /has no mailbox yet/],
    ];
    for (const [line, message] of cases) {
      const ran = await usher(`mailbox ${line}`, { input: "pw" });
      expect(ran.code, line).toBeGreaterThan(0);
      expect(ran.err).toMatch(message);
    }
    expect((await addMailbox("alice")).code).toBe(0);
    expect((await addMailbox("alice")).err).toContain(
      "has a mailbox already; usher mailbox remove alice makes room",
    );
  });
});

describe("a scan", () => {
  test("shows a bar on a terminal, and its result; a second one finds nothing new", async () => {
    for (let number = 0; number < 3; number += 1)
      await world.dovecot.deliver("scanned", mail(`mail ${number}`));
    const link =
      "https://cloud.origin.example/ajax/share/0123456789abcdef0123456789abcdef0123456789abcdef/1/8/39";
    await world.dovecot.deliver("scanned", mail("share", { [shareField]: link }));
    await addMailbox("scanned");
    const scanned = await usher("mailbox scan scanned", { columns: 100 });
    expect(scanned).toMatchObject({ code: 0, err: "" });
    expect(scanned.out).toBe("INBOX: 4 mails looked at, 1 of them new and worth reading.");
    expect(scanned.status[0]).toMatch(/^INBOX \[#{24}\] 100 % {2}4 mails, 1 found, [\d,]+\/s$/);
    expect(scanned.status.at(-1)).toBe("");
    const again = JSON.parse((await usher("mailbox scan scanned --all --json")).out);
    expect(again).toMatchObject({ isComplete: true, folders: [{ folder: "INBOX", seen: 4, found: 0 }] });
    const listed = await usher("notification list --json");
    expect(JSON.parse(listed.out)).toHaveLength(1);
  });

  test("writes plain lines now and then where there is no terminal", () => {
    const lines: string[] = [];
    const io = { err: (line: string) => void lines.push(line), status: () => undefined, columns: null };
    let now = 0;
    const view = createProgressView(io, () => now, scanDescribed);
    for (now = 1000; now <= 12_000; now += 1000) {
      view.show({ folder: "INBOX", seen: now, found: 2, done: now / 24_000 });
    }
    expect(lines).toEqual([
      "INBOX: 20 %  5,000 mails, 2 found, 1,000/s, 19 s left",
      "INBOX: 41 %  10,000 mails, 2 found, 1,000/s, 14 s left",
    ]);
    const late = { folder: "A", seen: 10, found: 0, done: 0.001 };
    expect(progressText(scanDescribed(late, 60_000), 60_000)).toBe(
      "A: 0 %  10 mails, 0 found, 0/s, 17 h left",
    );
  });
});

test("a disabled mailbox is enabled again", async () => {
  await addMailbox("alice");
  const enabled = await usher("mailbox enable alice --json");
  expect(JSON.parse(enabled.out)).toMatchObject({ account: "alice", state: "active" });
  expect((await usher("mailbox enable nobody")).err).toContain("there is no account nobody");
});
