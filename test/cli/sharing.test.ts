import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createProgressView, sendingDescribed } from "../../src/cli/progress.ts";
import { muteSharer } from "../../src/sharing/answer.ts";
import { readRecipients } from "../../src/store/invited.ts";
import { openStore } from "../../src/store/store.ts";
import { startScriptedSmtp } from "../world/scripted-smtp.ts";
import { type Ran, run, type RunOptions } from "./in-process.ts";

const link = "https://cloud.example.org/s/0a1b2c3d4e5f60718293";

let directory: string;
let config: string;

async function configure(smtp: string): Promise<void> {
  await writeFile(config, `store: {file: ${join(directory, "usher.db")}}\nkey: {file: key}\n${smtp}`);
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "usher-sharing-"));
  config = join(directory, "usher.yaml");
  await writeFile(join(directory, "key"), randomBytes(32).toString("base64"), { mode: 0o600 });
  await configure("smtp: {host: 127.0.0.1, tls: none, from: {name: Example, address: share@example.org}}\n");
  const added = await run(config, [
    "account",
    "add",
    "alice",
    "--address",
    "alice@example.org",
    "--locale",
    "fr",
  ]);
  expect(added.code).toBe(0);
});

afterEach(async () => rm(directory, { recursive: true, force: true }));

async function sharing(...args: readonly string[]): Promise<Ran> {
  return run(config, ["sharing", ...args]);
}

const about = ["create", "--account", "alice", "--title", "Report", "--link", link];

async function create(...args: readonly string[]): Promise<Ran> {
  return sharing(...about, ...args);
}

/** The id of a new sharing with these people. */
async function created(...to: readonly string[]): Promise<string> {
  const made = await create("--to", ...to, "--json");
  const { id }: { readonly id: string } = JSON.parse(made.out);
  return id;
}

function smtpAt(port: number): string {
  return `smtp: {host: 127.0.0.1, port: ${port}, tls: none, from: {name: Example, address: share@example.org}}\n`;
}

test("a sharing is created, listed and shown with each recipient, and its link stays secret", async () => {
  const made = await create("--to", "bob@example.net", "--to", "carla@example.com", "--message", "Hello");
  expect(made).toMatchObject({ code: 0, err: "" });
  const id = /^(\w+) invites 2 people\./.exec(made.out)?.[1] ?? "";
  expect(made.out).toContain(`usher sharing show ${id}`);
  expect(made.out).toContain("as soon as usher serve runs");
  const listed = await sharing("list", "--account", "alice", "--json");
  expect(JSON.parse(listed.out)).toMatchObject([
    { id, account: "alice", title: "Report", recipients: 2, sent: 0 },
  ]);
  const shown = await sharing("show", id.slice(0, 5), "--json");
  expect(JSON.parse(shown.out)).toMatchObject({
    id,
    recipients: [
      { address: "bob@example.net", state: "pending", mail: "planned", attempts: 0, locale: "fr" },
      { address: "carla@example.com", state: "pending", mail: "planned", attempts: 0, locale: "fr" },
    ],
  });
  const lines = await sharing("show", id);
  expect(lines.out).toMatch(/bob@example\.net +pending +planned +0 +- +<i\w+\.invitation@example\.org>/);
  for (const { out } of [made, listed, shown, lines, await sharing("list")])
    expect(out).not.toContain("0a1b2c3d4e5f");
});

test("the link may come from standard input, where no list of processes shows it", async () => {
  const args = [
    "create",
    "--account",
    "alice",
    "--title",
    "R",
    "--link",
    "-",
    "--to",
    "bob@example.net",
    "--json",
  ];
  const made = await run(config, ["sharing", ...args], { input: `${link}\n` });
  expect(made.code).toBe(0);
  expect(JSON.parse(made.out)).toMatchObject({ recipients: [{ address: "bob@example.net" }] });
});

test("what is wrong is named with the way out, all of it, and nothing is shared", async () => {
  const refused = await create("--to", "bob", "--to", "carla@example.com", "--to", "carla@example.com");
  expect(refused).toMatchObject({ code: 1, out: "" });
  expect(refused.err).toContain('bad-address: "bob" is not a mail address');
  expect(refused.err).toContain('duplicate-address: "carla@example.com" is named twice');
  const asJson = await create("--to", "bob", "--json");
  expect(asJson.code).toBe(1);
  expect(JSON.parse(asJson.out)).toMatchObject({ kind: "refused", problems: [{ because: "bad-address" }] });
  expect((await sharing("list")).out).toBe("No sharings.");
});

test("without a mail server nothing is shared, and the configuration key is named", async () => {
  await configure("");
  expect((await create("--to", "bob@example.net")).err).toContain("set smtp.host and smtp.from");
});

test("wrong usage and unknown ids are told apart from faults", async () => {
  expect((await create()).code).toBe(2);
  expect(await sharing("show", "h404")).toMatchObject({
    code: 1,
    err: expect.stringContaining("usher sharing list"),
  });
  expect((await sharing("create", "--help")).out).toContain("--to <address...>");
});

async function wait(options: RunOptions, ...to: readonly string[]): Promise<Ran> {
  return run(config, ["sharing", ...about, "--to", ...to, "--wait"], options);
}

describe("where no daemon runs, the command sends", () => {
  test("with a bar on a terminal, and says how it went", async () => {
    await using server = await startScriptedSmtp((phase, before) =>
      phase === "rcpt" && before === 0 ? "550 5.1.1 unknown" : null,
    );
    await configure(smtpAt(server.port));
    const done = await wait({ columns: 100 }, "bob@example.net", "carla@example.com", "dora@example.com");
    expect(done).toMatchObject({ code: 0, out: expect.stringContaining("2 of 3 mails sent, 1 not sent.") });
    expect(done.out).not.toContain("usher serve");
    expect(done.status[0]).toMatch(/^Sending \[[#-]{24}\] \d+ % {2}\d of 3 mails sent/);
    expect(done.status.at(-2)).toMatch(/^Sending \[#{24}\] 100 % {2}2 of 3 mails sent, 1 not sent, \d+\/s$/);
    expect(done.status.at(-1)).toBe("");
    expect(server.mails).toHaveLength(2);
    expect(done.out + done.err).not.toContain("0a1b2c3d4e5f");
  });

  test("and does not wait for what is due much later, but says why it waits", async () => {
    await using server = await startScriptedSmtp();
    await configure(`${smtpAt(server.port)}sharing: {limits: {perDay: 1}}\n`);
    const done = await wait({}, "bob@example.net", "carla@example.com");
    expect(done.out).toContain("1 of 2 mails sent.");
    expect(done.out).toMatch(
      /1 wait, the next one until .*Z: at most 1 mails of this account within a day\./,
    );
    expect(server.mails).toHaveLength(1);
    const id = /^(\w+) invites/.exec(done.out)?.[1] ?? "";
    const watched = await sharing("watch", id, "--json");
    expect(JSON.parse(watched.out)).toMatchObject({ sent: 1, open: 1, due: 0 });
    expect((await sharing("show", id)).out).toMatch(/waits until .*Z: at most 1 mails/);
  });
});

test("plain lines are written now and then where there is no terminal", () => {
  const lines: string[] = [];
  const io = { err: (line: string) => void lines.push(line), status: () => undefined, columns: null };
  let now = 0;
  const view = createProgressView(
    io,
    () => now,
    (sent: number, elapsedMs) => {
      const counts = { sent, failed: 2, unclear: 0, open: 998 - sent, due: 1, nextAt: null, because: null };
      return sendingDescribed(counts, { sentBefore: 0, elapsedMs });
    },
  );
  for (now = 1000; now <= 11_000; now += 1000) view.show(now / 20);
  expect(lines).toEqual([
    "Sending: 25 %  250 of 1,000 mails sent, 2 not sent, 50/s, 15 s left",
    "Sending: 50 %  500 of 1,000 mails sent, 2 not sent, 50/s, 10 s left",
  ]);
});

test("a sharing goes on: more people, a reminder, once more to whom it did not reach, and its end", async () => {
  await using server = await startScriptedSmtp((phase, before) =>
    phase === "rcpt" && before === 0 ? "550 5.2.2 full" : null,
  );
  await configure(smtpAt(server.port));
  const id = await created("bob@example.net");
  await sharing("watch", id);
  expect(await sharing("add", id, "--to", "carla@example.com", "--locale", "de")).toMatchObject({
    code: 0,
    out: `${id} invites 1 more, 2 in all.`,
  });
  expect((await sharing("add", id, "--to", "carla@example.com")).err).toContain("already-invited");
  await sharing("watch", id);
  expect((await sharing("remind", id)).out.split("\n")).toEqual([
    "carla@example.com gets a reminder.",
    "bob@example.net is mail-not-sent; nothing is sent.",
  ]);
  expect((await sharing("resend", id, "--recipient", "bob@example.net")).out).toBe(
    "bob@example.net gets the invitation once more.",
  );
  await sharing("watch", id);
  expect(JSON.parse((await sharing("revoke", id, "--json")).out)).toEqual({
    done: ["bob@example.net", "carla@example.com"],
    left: [],
  });
  await sharing("watch", id);
  expect((await sharing("revoke", id)).err).toContain("was revoked or has ended");
  const shown = await sharing("show", id, "--recipient", "bob@EXAMPLE.net");
  expect(shown.out).not.toContain("carla");
  const story = shown.out.split("\n").filter((line) => line.startsWith("  "));
  expect(
    story.map((line) => line.slice(24).replace(/SHA-256 [0-9a-f]{64}|[a-z]+: "?[245]\d\d .*/, "…")),
  ).toEqual([
    "queued: invitation",
    "rendered: invitation in fr, …",
    "tried: invitation, attempt 1, …",
    "bounced: mailbox-full (5.2.2)",
    "queued: invitation",
    "rendered: invitation in fr, …",
    "tried: invitation, attempt 1, …",
    "revoked (by command line)",
    "queued: revoked",
    "rendered: revoked in fr, …",
    "tried: revoked, attempt 1, …",
  ]);
  expect((await sharing("list")).out).toContain("has ended");
  const mailsTo = (address: string): number => server.mails.filter(({ to }) => to.includes(address)).length;
  expect([mailsTo("bob@example.net"), mailsTo("carla@example.com")]).toEqual([2, 3]);
});

test("who wants no more invitations of an account is listed, and may be invited again", async () => {
  expect((await sharing("muted")).out).toBe("Nobody asked for no more invitations.");
  const id = await created("bob@example.net");
  {
    await using store = await openStore(join(directory, "usher.db"));
    const [bob] = await readRecipients(store.db, id);
    await muteSharer(store.db, bob?.id ?? "");
  }
  expect((await sharing("muted")).out).toMatch(/^alice +bob@example\.net +\d{4}-/m);
  expect(JSON.parse((await sharing("unmute", "alice", "bob@EXAMPLE.net", "--json")).out)).toEqual({
    account: "alice",
    address: "bob@example.net",
    unmuted: true,
  });
  expect(await sharing("unmute", "alice", "bob@example.net")).toMatchObject({
    code: 1,
    err: expect.stringContaining("usher sharing muted"),
  });
});

test("a sharing can have an end of its own", async () => {
  const made = await create("--to", "bob@example.net", "--expires", "14d", "--json");
  const { id }: { readonly id: string } = JSON.parse(made.out);
  const row = JSON.parse((await sharing("show", id, "--json")).out);
  expect(row.expires_at - row.created_at).toBeCloseTo(14 * 24 * 3600_000, -5);
  expect((await sharing("show", id)).out).toMatch(/^ends +\d{4}-/m);
  expect((await create("--to", "bob@example.net", "--expires", "soon")).code).toBe(2);
});
