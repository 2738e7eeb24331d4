import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { shareMail } from "../world/share-mail.ts";
import { run } from "./in-process.ts";

let directory: string;
let config: string;
let mail: string;

const rules = `policy:
  - {when: {originHost: other.example}, then: refuse}
  - {when: {contact: trusted}, then: accept, notify: true}
  - {when: {senderDomain: cloud-a.example}, then: hold}
`;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "usher-policy-"));
  config = join(directory, "usher.yaml");
  mail = join(directory, "share.eml");
  await writeFile(join(directory, "key"), randomBytes(32).toString("base64"), { mode: 0o600 });
  await writeFile(
    config,
    `store: {file: ${join(directory, "usher.db")}}\nkey: {file: key}\ntrustedAuthservIds: [mx.example.org]\n${rules}`,
  );
  await writeFile(mail, share("mx.example.org"));
});
afterEach(async () => rm(directory, { recursive: true, force: true }));

const token = "017e6264027bd25a17e62632".repeat(2);

function share(authservId: string): string {
  return shareMail({
    link: `https://share.cloud-a.example/ajax/share/${token}/1/8/Mzk`,
    sharer: { name: "Alice", address: "alice@cloud-a.example" },
    recipient: "bob@example.org",
    title: "Plans",
    messageId: "<1@cloud-a.example>",
    authenticationResults: `${authservId}; dmarc=pass header.from=cloud-a.example`,
  });
}

async function usher(...args: readonly string[]): Promise<string> {
  const ran = await run(config, args);
  if (ran.code !== 0) throw new Error(`usher ${args.join(" ")} ended with ${ran.code}: ${ran.err}`);
  return ran.out;
}

async function tested(...more: readonly string[]): Promise<unknown> {
  return JSON.parse(await usher("policy", "test", mail, "--for", "bob@example.org", "--json", ...more));
}

describe("trying a policy out", () => {
  test("says which rule decides, why those before do not, and on what evidence", async () => {
    expect(await tested()).toMatchObject({
      protocol: "ox",
      evidence: { authentication: { trusted: true }, isTrustedSender: false },
      decision: {
        action: "hold",
        rule: { of: "site", rule: 3 },
        considered: [
          { rule: 1, matched: false, why: "origin is share.cloud-a.example, not other.example" },
          { rule: 2, matched: false, why: "the sender is no contact of the account" },
          { rule: 3, matched: true },
        ],
      },
    });
    const text = await usher("policy", "test", mail, "--for", "bob@example.org");
    expect(text).toContain("rule 2 of the site: no, the sender is no contact of the account");
    expect(text).toContain("sender: alice@cloud-a.example, authenticated (mx.example.org says");
    expect(text).not.toContain(token);
  });

  test("needs no store, and makes none", async () => {
    await tested();
    await expect(readFile(join(directory, "usher.db"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  test("knows the contacts and rules of the account that is named", async () => {
    await usher("account", "add", "bob", "--address", "bob@example.org");
    await usher("contact", "add", "bob", "alice@cloud-a.example", "--trust");
    expect(await tested("--account", "bob")).toMatchObject({ decision: { action: "accept", notify: true } });
    await usher("contact", "untrust", "bob", "alice@cloud-a.example");
    expect(await tested("--account", "bob")).toMatchObject({ decision: { action: "hold" } });
    const own = join(directory, "own.yaml");
    await writeFile(own, "policy:\n  - {when: {contact: known}, then: ignore, notify: false}\n");
    await usher("policy", "set", "bob", own);
    expect(await tested("--account", "bob")).toMatchObject({
      decision: { action: "ignore", rule: { of: "account", rule: 1 } },
    });
    expect(await usher("policy", "show", "bob")).toMatch(
      /^rule 1 of the account: contact known -> ignore, silently\nrule 1 of the site/,
    );
    await usher("policy", "clear", "bob");
    expect(await tested("--account", "bob")).toMatchObject({ decision: { rule: { of: "site" } } });
  });

  test("holds what lies in Junk or comes from nobody knows whom, whatever the rule says", async () => {
    await writeFile(config, (await readFile(config, "utf8")).replace(rules, "policy: [{then: accept}]\n"));
    expect(await tested()).toMatchObject({ decision: { action: "accept" } });
    const junk = await tested("--folder", "Junk");
    expect(junk).toMatchObject({ decision: { action: "hold", restrained: { because: "not-believed" } } });
    await writeFile(mail, share("mx.evil.example"));
    expect(await tested()).toMatchObject({
      evidence: { authentication: { trusted: false } },
      decision: { action: "hold" },
    });
  });

  test("says that there is nothing to decide about an ordinary mail", async () => {
    await writeFile(mail, "From: carla@example.org\r\nSubject: hello\r\n\r\nhello\r\n");
    expect(await usher("policy", "test", mail, "--for", "bob@example.org")).toContain(
      "no-share-notification",
    );
  });
});

describe("rules of an account", () => {
  test("that are wrong are refused with line and way out, and the old ones stay", async () => {
    await usher("account", "add", "bob", "--address", "bob@example.org");
    const own = join(directory, "own.yaml");
    await writeFile(own, "policy:\n  - when: {acount: bob}\n    then: accept\n");
    const ran = await run(config, ["policy", "set", "bob", own]);
    expect(ran.code).toBe(78);
    expect(ran.err).toContain("policy[0].when.acount");
    expect(JSON.parse(await usher("policy", "show", "bob", "--json"))).toMatchObject({ account: [] });
  });

  test("that accept mail of nobody knows whom are taken, with a note", async () => {
    await usher("account", "add", "bob", "--address", "bob@example.org");
    const own = join(directory, "own.yaml");
    await writeFile(own, "policy: [{then: accept}]\n");
    const ran = await run(config, ["policy", "set", "bob", own]);
    expect(ran.code).toBe(0);
    expect(ran.err).toContain("held all the same");
  });
});

describe("contacts", () => {
  test("are added, listed, trusted and forgotten", async () => {
    await usher("account", "add", "bob", "--address", "bob@example.org");
    await usher("contact", "add", "bob", "carla@Example.COM", "--name", "Carla");
    await usher("contact", "trust", "bob", "carla@example.com");
    const [contact] = JSON.parse(await usher("contact", "list", "bob", "--json"));
    expect(contact).toMatchObject({
      address: "carla@Example.COM",
      name: "Carla",
      trusted_at: expect.any(Number),
    });
    await usher("contact", "add", "bob", "carla@example.com");
    const [again] = JSON.parse(await usher("contact", "list", "bob", "--json"));
    expect(again).toMatchObject({ name: "Carla", trusted_at: contact.trusted_at });
    await usher("contact", "remove", "bob", "carla@example.com");
    expect(await usher("contact", "list", "bob")).toContain("has no contacts");
    expect((await run(config, ["contact", "trust", "bob", "carla@example.com"])).err).toContain(
      "is no contact of bob",
    );
    expect((await run(config, ["contact", "add", "bob", "carla"])).code).toBe(2);
  });
});

describe("judging a mail from a file again", () => {
  beforeEach(async () => {
    await usher("account", "add", "bob", "--address", "bob@example.org");
  });

  test("is dry unless asked, and needs to know for whom", async () => {
    expect((await run(config, ["replay", mail])).err).toContain("--account");
    const dry = JSON.parse(await usher("replay", mail, "--account", "bob", "--json"));
    expect(dry).toMatchObject({
      applied: false,
      changed: 1,
      mails: [{ account: "bob", before: null, after: "held", notification: null }],
    });
    expect(JSON.parse(await usher("notification", "list", "--json"))).toEqual([]);
  });

  test("makes one notification, explains it, and follows a change of the policy", async () => {
    await usher("replay", mail, "--account", "bob", "--apply");
    const [held] = JSON.parse(await usher("notification", "list", "--json"));
    expect(held).toMatchObject({ state: "held", expires_at: expect.any(Number) });
    const text = await usher("notification", "explain", held.id);
    expect(text).toContain("evidence:");
    expect(text).toContain("rule 1 of the site: no, origin is share.cloud-a.example, not other.example");
    expect(text).not.toContain(token);
    await usher("contact", "add", "bob", "alice@cloud-a.example", "--trust");
    const changed = await usher("replay", mail, "--account", "bob", "--apply");
    expect(changed).toContain("held -> accepted (policy)");
    expect(await usher("replay", mail, "--account", "bob", "--apply")).toContain("Nothing changes.");
  });

  test("answers on the command line go the same way, and say what they cannot do", async () => {
    await usher("replay", mail, "--account", "bob", "--apply");
    const [{ id }] = JSON.parse(await usher("notification", "list", "--json"));
    const refused = JSON.parse(await usher("notification", "refuse", id, "--json"));
    expect(refused).toMatchObject({ state: "ignored", note: expect.stringContaining("cannot be refused") });
    const accepted = await run(config, ["notification", "accept", id, "--trust", "--json"]);
    expect(JSON.parse(accepted.out)).toMatchObject({
      state: "accepted",
      trust: { kind: "trusted", address: "alice@cloud-a.example" },
    });
  });
});
