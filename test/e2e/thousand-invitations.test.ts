import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import { type Chunk, type Fault, type FaultProxy, startFaultProxy } from "../world/fault-proxy.ts";
import { addressOf } from "../world/world.ts";
import { openScene, type Scene, until } from "./scene.ts";

const unknown = addressOf("nobody");
const elsewhere = "somebody@elsewhere.example";
const link = "https://cloud.example.org/s/0a1b2c3d4e5f60718293";

let scene: Scene;
let proxy: FaultProxy;

beforeAll(async () => {
  scene = await openScene({ postfix: { unknown: [unknown] }, accounts: ["alice"] });
  const { world } = scene;
  const { directory, postfix } = world;
  if (postfix === null) throw new Error("There is no mail server.");
  proxy = await startFaultProxy({ to: postfix, plan: flapping() });
  await mkdir(join(directory, "templates", "invitation"), { recursive: true });
  await writeFrench((text) => text.replace("via {{ site.name }}", "by our own template"));
  await copyFile(new URL("../../templates/invitation/fr.txt", import.meta.url), frenchFile("txt"));
  await world.configure({
    smtp: {
      host: proxy.host,
      port: proxy.port,
      tls: "none",
      from: { name: "Recipient Cloud", address: "usher@recipient.example" },
    },
    sharing: {
      limits: { perMinute: 10_000, perDay: 100_000, perRecipientPerDay: 10_000, perDomainPerHour: 100_000 },
    },
    templates: { directory: join(directory, "templates") },
  });
  await scene.start();
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

/** Longer than any command, and shorter than any message. */
const longestCommandBytes = 600;

/** How often the mail server was gone. */
const gone = { before: 0, within: 0 };

function goneBefore(fault: Fault): Fault {
  gone.before += 1;
  return fault;
}

/**
 * A mail server that comes and goes: connections break before a command is answered, are not served, or break within a
 * message, which the server then never has whole. Each message is broken off once at most.
 */
function flapping(): (chunk: Chunk) => Fault | null {
  const brokenOff = new Set<string>();
  const counted = { commands: 0, messages: 0 };
  return ({ direction, bytes, seen, connection }) => {
    if (direction === "down") return seen === 0 && connection % 5 === 0 ? goneBefore(tooBusy) : null;
    const text = bytes.toString("latin1");
    if (bytes.length < longestCommandBytes) {
      return /^(MAIL|RCPT) /.test(text) && ++counted.commands % 9 === 0 ? goneBefore({ cutAt: 0 }) : null;
    }
    const [, id = ""] = /^Message-ID: <(.+)>\r$/m.exec(text) ?? [];
    if (id === "" || brokenOff.has(id) || ++counted.messages % 20 !== 0) return null;
    brokenOff.add(id);
    gone.within += 1;
    return { cutAt: Math.floor(bytes.length / 2) };
  };
}

const tooBusy: Fault = { replace: "421 4.3.2 Too busy\r\n", cutAt: 20, how: "fin" };

function frenchFile(kind: "mjml" | "txt"): string {
  return join(scene.world.directory, "templates", "invitation", `fr.${kind}`);
}

/** The site's own French invitation. */
async function writeFrench(change: (text: string) => string): Promise<void> {
  const shipped = new URL("../../templates/invitation/fr.mjml", import.meta.url);
  await writeFile(frenchFile("mjml"), change(await readFile(shipped, "utf8")));
}

function guests(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, place) => addressOf(`guest+${from + place}`));
}

interface Recipient {
  readonly address: string;
  readonly state: string;
  readonly reason: string | null;
  readonly mail: string;
  readonly messageId: string;
  readonly reply: string | null;
}

async function recipientsOf(id: string): Promise<readonly Recipient[]> {
  const shown = await scene.usherJson<{ readonly recipients: readonly Recipient[] }>("sharing", "show", id);
  return shown.recipients;
}

/** Waiting mails are due again and again, until each has its end. */
async function untilAllHaveAnEnd(): Promise<void> {
  const { db } = scene.store;
  const open = db.selectFrom("job").select("id").where("kind", "=", "send-invitation");
  await until(
    "every mail has its end",
    async () => {
      const due = db.updateTable("job").set({ run_at: Date.now() }).where("state", "=", "ready");
      await due.where("kind", "=", "send-invitation").execute();
      return (await open.execute()).length === 0;
    },
    async () => [(await open.execute()).length, scene.daemon.text().slice(-3000)],
    85_000,
  );
}

interface Delivered {
  readonly messageId: string;
  readonly to: string;
  readonly from: string;
}

/** Every mail in the mailbox of all guests. */
async function delivered(): Promise<readonly Delivered[]> {
  const fields = "hdr.message-id hdr.to hdr.from";
  const query = ["-f", "json", "fetch", "-u", addressOf("guest"), fields, "mailbox", "INBOX"];
  const found: readonly Readonly<Record<string, string>>[] = JSON.parse(
    (await scene.world.dovecot.doveadm(...query).catch(() => "")) || "[]",
  );
  return found.map((mail) => ({
    messageId: mail["hdr.message-id"] ?? "",
    to: (mail["hdr.to"] ?? "").replace(/^.*<|>$/g, ""),
    from: mail["hdr.from"] ?? "",
  }));
}

test("a thousand invitations through a mail server that comes and goes, two to bad addresses and some by a template that somebody breaks: 998 arrive exactly once, two are explained", async () => {
  const about = ["--account", "alice", "--title", "Crew list", "--link", link];
  const english = [...guests(0, 350), unknown, ...guests(350, 698), elsewhere];
  const { id } = await scene.usherJson<{ readonly id: string }>(
    "sharing",
    "create",
    ...about,
    "--to",
    ...english,
  );
  await scene.usherJson("sharing", "add", id, "--locale", "fr", "--to", ...guests(698, 798));
  await untilAllHaveAnEnd();
  await writeFrench((text) => text.replace("</mj-body>", "</mj-boddy>").replaceAll("{{", "{% if"));
  // From then on the next mail has the files looked at.
  await wait(limits.templateLookMs);
  await scene.usherJson("sharing", "add", id, "--locale", "fr", "--to", ...guests(798, 998));
  await untilAllHaveAnEnd();
  const kept = await scene.daemon.waitFor("template-kept");
  expect(kept).toMatchObject({ level: "warn", template: "invitation", locale: "fr" });

  const recipients = await recipientsOf(id);
  expect(recipients).toHaveLength(1000);
  const missed = recipients.filter(({ state }) => state === "mail-not-sent");
  expect(missed.map(({ address, reason, mail }) => [address, reason, mail])).toEqual([
    [unknown, "unknown-user", "failed"],
    [elsewhere, expect.stringMatching(/^(refused|unknown-user)$/), "failed"],
  ]);
  for (const { reply } of missed) expect(reply).toMatch(/^55\d /);
  const reached = recipients.filter((recipient) => !missed.includes(recipient));
  expect(new Set(reached.map(({ state, mail }) => `${state} ${mail}`))).toEqual(new Set(["pending sent"]));

  let mails: readonly Delivered[] = [];
  await until(
    "998 mails lie in mailboxes",
    async () => (mails = await delivered()).length >= 998,
    () => mails.length,
  );
  expect(mails).toHaveLength(998);
  const expected = reached.map(({ messageId, address }) => `${messageId} ${address}`);
  expect(mails.map(({ messageId, to }) => `${messageId} ${to}`).toSorted()).toEqual(expected.toSorted());
  expect(mails.filter(({ from }) => from.includes("by our own template"))).toHaveLength(300);

  const shown = (await scene.usher("sharing", "show", id, "--recipient", unknown)).out;
  expect(shown).toMatch(/tried: invitation, attempt \d+, permanent: 550 5\.1\.1/);
  expect(shown).toContain("bounced: unknown-user (5.1.1)");
  const record = await scene.store.db.selectFrom("record").select("detail_json").execute();
  const receipts = record.map(({ detail_json: text }) => (JSON.parse(text) as { receipt?: string }).receipt);
  // The mail server did come and go; where it was gone before a command, a new connection may have done without a receipt.
  expect([gone.before > 100, gone.within > 30]).toEqual([true, true]);
  expect(receipts).toEqual(expect.arrayContaining(["temporary", "unknown"]));
});
