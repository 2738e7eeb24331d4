import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type MailWorld, master, startMailWorld } from "../mailbox/world.ts";
import { shareMail } from "../world/share-mail.ts";
import { run } from "./in-process.ts";

let world: MailWorld;
let config: string;

beforeAll(async () => {
  world = await startMailWorld();
  await writeFile(join(world.directory, "key"), randomBytes(32).toString("base64"), { mode: 0o600 });
  await writeFile(join(world.directory, "master"), master.password, { mode: 0o600 });
  await writeFile(join(world.directory, "ca.pem"), world.ca);
  config = join(world.directory, "usher.yaml");
  await configure([]);
});
afterAll(async () => world[Symbol.asyncDispose]());

async function configure(policy: readonly unknown[]): Promise<void> {
  const masterUser = { login: master.login, password: { file: "master" }, method: "authzid" };
  const local = { host: "127.0.0.1", port: world.dovecot.ports.imaps, ca: "ca.pem", masterUser };
  const store = { file: join(world.directory, "usher.db") };
  const trust = { trustedAuthservIds: ["mx.recipient.example"], dkim: { verify: false } };
  const settings = { store, key: { file: "key" }, mailServers: { local }, ...trust, policy };
  await writeFile(config, JSON.stringify({ ...settings, log: { level: "warn" } }));
}

async function usher(line: string): Promise<string> {
  const ran = await run(config, line.split(" "));
  if (ran.code !== 0) throw new Error(`usher ${line} ended with ${ran.code}: ${ran.err}`);
  return ran.out;
}

function share(number: number): string {
  const token = `${"017e6264027bd25a17e62632".repeat(2).slice(0, -1)}${number}`;
  return shareMail({
    link: `https://share.cloud-a.example/ajax/share/${token}/1/8/Mzk`,
    sharer: { name: "Alice", address: "alice@cloud-a.example" },
    recipient: "bob@example.org",
    title: `Plans ${number}`,
    messageId: `<${number}@cloud-a.example>`,
    authenticationResults: "mx.recipient.example; dmarc=pass header.from=cloud-a.example",
  });
}

test("mails are read again from the mailbox and judged by the policy of now, dry unless asked", async () => {
  for (const number of [1, 2]) await world.dovecot.deliver("bob", share(number));
  await usher("account add bob --address bob@example.org");
  await usher("mailbox add bob --login bob --server local --master");
  await usher("mailbox scan bob --all");
  expect(JSON.parse(await usher("notification list --json"))).toMatchObject([
    { state: "held" },
    { state: "held" },
  ]);

  await configure([{ when: { senderDomain: "cloud-a.example" }, then: "accept" }]);
  const stored = await readFile(join(world.directory, "usher.db"));
  const dry = JSON.parse(await usher("replay --since 1d --json"));
  expect(dry).toMatchObject({ applied: false, changed: 2, mails: [{ after: "accepted (policy)" }, {}] });
  expect((await readFile(join(world.directory, "usher.db"))).equals(stored)).toBe(true);

  expect(await usher("replay --message-id 2@cloud-a.example --account bob --apply")).toContain(
    "1 of 1 changed",
  );
  expect(JSON.parse(await usher("notification list --state accepted --json"))).toMatchObject([
    { title: "Plans 2" },
  ]);
  expect(await usher("replay --since 1d --apply")).toContain("1 of 2 changed");
  expect(await usher("replay --since 1d --apply")).toContain("Nothing changes.");
});

test("what to judge must be named, and must have been found", async () => {
  expect((await run(config, ["replay"])).code).toBe(2);
  expect((await run(config, ["replay", "x.eml", "--since", "1d"])).code).toBe(2);
  expect((await run(config, ["replay", "--message-id", "<none@example.org>"])).err).toContain(
    "no mail that a scan found",
  );
});
