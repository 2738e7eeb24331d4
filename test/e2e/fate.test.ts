import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTransport } from "nodemailer";
import { standardReport, vacation } from "../world/reports.ts";
import type { LogLine } from "../world/site.ts";
import { addressOf } from "../world/world.ts";
import { noticesAbout, noWorkLeft } from "./answer-scene.ts";
import { makeJobsDue, openScene, type Scene, until } from "./scene.ts";

const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn("Skipped: a real Postfix starts as root only.");

const nobody = addressOf("nobody");
const full = addressOf("full");
const forwarded = addressOf("forwarded");
const refused = "erik@nowhere.example";
const slow = addressOf("slow");
const away = addressOf("away");
const here = addressOf("here");
const title = "Fates of a sharing";

let scene: Scene;
let sharing: string;

beforeAll(async () => {
  if (!isRoot) return;
  scene = await openScene({
    postfix: { forwards: { [forwarded]: "dora@gone.example" }, unanswered: [slow] },
    mailboxes: { unknown: [nobody], full: [full] },
    accounts: ["alice", "bounces"],
    config: { mailbox: { pollEvery: "1s" } },
  });
  await configure("failures");
  await scene.start();
  sharing = await share(title, [nobody, full, forwarded, refused, slow, away]);
});
afterAll(async () => {
  if (isRoot) await scene[Symbol.asyncDispose]();
});

async function configure(deliveryReports: "failures" | "all"): Promise<void> {
  const { host, port } = scene.world.postfix ?? {};
  const from = { name: "Recipient Cloud", address: "usher@recipient.example" };
  const bounces = addressOf("bounces");
  await scene.world.configure({ smtp: { host, port, tls: "none", from, bounces, deliveryReports } });
}

async function share(named: string, addresses: readonly string[]): Promise<string> {
  const to = addresses.flatMap((address) => ["--to", address]);
  const link = ["--link", "https://cloud.example.org/s/0a1b2c3d4e5f60718293"];
  const create = ["sharing", "create", "--account", "alice", "--title", named, ...link, ...to];
  return (await scene.usherJson<{ readonly id: string }>(...create)).id;
}

/** A recipient and the mail to him, as they stand. */
async function standing(address: string) {
  return scene.store.db
    .selectFrom("recipient")
    .innerJoin("invitation", "invitation.recipient_id", "recipient.id")
    .select(["recipient.state", "recipient.reason", "invitation.fate", "invitation.fate_status as status"])
    .select(["recipient.id", "invitation.state as mail", "invitation.message_id as messageId"])
    .where("recipient.address", "=", address)
    .executeTakeFirstOrThrow();
}

async function comesTo(address: string, wanted: { readonly fate: string }): Promise<void> {
  await until(
    `the fate of ${address} is ${wanted.fate}`,
    async () => (await standing(address)).fate === wanted.fate,
    async () => [await standing(address), scene.daemon.text().slice(-3000)],
    60_000,
  );
}

/** Sends over the Postfix, as any server on the way would. */
async function send(raw: string, to: string): Promise<void> {
  const { host, port } = scene.world.postfix ?? {};
  const transport = createTransport({ host, port, ignoreTLS: true });
  await transport.sendMail({ envelope: { from: "", to: [to] }, raw });
  transport.close();
}

/** Where the reports about the mail that arrived would go: the delivering server wrote it down. */
async function returnPath(): Promise<string> {
  let path = "";
  await until("the invitation arrives", async () => {
    const fetch = ["fetch", "-u", away, "hdr.return-path", "mailbox", "INBOX", "all"];
    const text = await scene.world.dovecot.doveadm(...fetch).catch(() => "");
    path = /<([^<>\s]+)>/.exec(text)?.[1] ?? "";
    return path !== "";
  });
  return path;
}

function total(lines: readonly LogLine[], field: "seen" | "found"): number {
  return lines.reduce((sum, line) => sum + Number(line[field]), 0);
}

/** Verdicts on mails that were found for the bounce mailbox, in order. */
async function verdicts(): Promise<readonly (string | null)[]> {
  const rows = await scene.store.db.selectFrom("message").select("verdict").orderBy("uid").execute();
  return rows.map(({ verdict }) => verdict);
}

describe.skipIf(!isRoot)("an invitation that the mail server took and could not deliver", () => {
  test.each([
    ["to an unknown user", nobody, "unknown-user", "5.1.1"],
    ["to a full mailbox", full, "mailbox-full", "5.2.2"],
    ["forwarded to a domain that does not exist", forwarded, "unknown-domain", "5.1.2"],
  ])("comes back, and its recipient is known not to have it: %s", async (_, address, reason, status) => {
    await comesTo(address, { fate: "bounced" });
    expect(await standing(address)).toMatchObject({ state: "mail-not-sent", reason, status, mail: "sent" });
  });

  test("is refused at once for a domain that it does not serve, and takes the same path", async () => {
    await comesTo(refused, { fate: "bounced" });
    expect(await standing(refused)).toMatchObject({
      state: "mail-not-sent",
      reason: "refused",
      status: "5.7.1",
      mail: "failed",
    });
  });

  test("is known to be delayed, and its recipient waits", async () => {
    await comesTo(slow, { fate: "delayed" });
    expect(await standing(slow)).toMatchObject({
      state: "pending",
      reason: null,
      status: "4.4.1",
      mail: "sent",
    });
  });

  test("is told to the sharer in one mail, with the reason of each", async () => {
    await until("nothing waits to be sent but the notice", async () => {
      const jobs = await scene.store.db.selectFrom("job").select("kind").execute();
      return jobs.length === 1 && jobs[0]?.kind === "send-sharer-notice";
    });
    await makeJobsDue(scene, "send-sharer-notice");
    await until("the notice arrives", async () => (await noticesAbout(scene, title, "alice")).length > 0);
    await noWorkLeft(scene);
    const [notice, ...more] = await noticesAbout(scene, title, "alice");
    expect(more).toEqual([]);
    for (const address of [nobody, full, forwarded, refused]) expect(notice?.text).toContain(address);
    for (const address of [slow, away]) expect(notice?.text).not.toContain(address);
    expect(notice?.text).toContain("This address does not exist.");
    expect(notice?.text).toContain("The mailbox is full.");
  });

  test("keeps further mail from addresses that do not exist, until the administrator lifts that", async () => {
    const suppressed = await scene.usherJson<readonly { readonly address: string }[]>(
      "sharing",
      "suppressed",
    );
    expect(suppressed.map(({ address }) => address).toSorted()).toEqual([forwarded, nobody].toSorted());
    expect((await scene.usher("sharing", "lift", forwarded)).code).toBe(0);
    expect((await scene.usher("sharing", "suppressed")).out).not.toContain(forwarded);
  });

  test("is shown with its fate where it was shared", async () => {
    const { recipients } = await scene.usherJson<{ readonly recipients: readonly unknown[] }>(
      "sharing",
      "show",
      sharing,
    );
    const bounced = { state: "mail-not-sent", fate: "bounced" };
    expect(recipients).toMatchObject([
      { address: nobody, ...bounced, reason: "unknown-user", fateStatus: "5.1.1" },
      { address: full, ...bounced, reason: "mailbox-full", fateStatus: "5.2.2" },
      { address: forwarded, ...bounced, reason: "unknown-domain", fateStatus: "5.1.2" },
      { address: refused, ...bounced, reason: "refused", fateStatus: "5.7.1" },
      { address: slow, state: "pending", fate: "delayed", fateStatus: "4.4.1" },
      { address: away, state: "pending" },
    ]);
  });
});

describe.skipIf(!isRoot)("a mail that comes to the address for bounces", () => {
  test("and answers for somebody who is away moves nothing", async () => {
    const to = await returnPath();
    expect(to).toMatch(/^bounces\+i\w{9}\.[0-9a-f]{32}@recipient\.example$/);
    const { messageId } = await standing(away);
    const before = await verdicts();
    await send(vacation({ to, recipient: away, messageId }), to);
    await until("it was read", async () => (await verdicts()).slice(before.length).includes("auto-reply"));
    expect(await standing(away)).toMatchObject({ state: "pending", fate: null });
  });

  test("and is forged moves nothing, and the log says why", async () => {
    const { messageId } = await standing(away);
    const to = (await returnPath()).replace(/\.[0-9a-f]{32}/, `.${"0".repeat(32)}`);
    await send(standardReport({ to, messageId }, [{ final: away, action: "failed", status: "5.1.1" }]), to);
    expect(await scene.daemon.waitFor("report-not-attributed")).toMatchObject({ reason: "wrong-secret" });
    expect(await standing(away)).toMatchObject({ state: "pending", fate: null });
  });

  test("and says the truth moves the recipient", async () => {
    const { messageId } = await standing(away);
    const to = await returnPath();
    await send(
      standardReport({ to, messageId }, [{ final: away, action: "delivered", status: "2.0.0" }]),
      to,
    );
    await comesTo(away, { fate: "delivered" });
    expect(await standing(away)).toMatchObject({ state: "pending" });
  });

  test("is not looked for in other mailboxes", async () => {
    const { messageId } = await standing(away);
    const to = await returnPath();
    const report = standardReport({ to, messageId }, [{ final: away, action: "failed", status: "5.1.1" }]);
    await scene.world.deliver("alice", report);
    const scans = () =>
      scene.daemon.log.filter(({ event, account }) => event === "mailbox-scanned" && account === "alice");
    const mails = (await scene.world.dovecot.flags(addressOf("alice"), "INBOX")).length;
    await until("all her mail was looked at", () => total(scans(), "seen") === mails, scans);
    expect(total(scans(), "found")).toBe(0);
    expect(await standing(away)).toMatchObject({ state: "pending" });
  });

  test("is left unseen", async () => {
    const flags = await scene.world.dovecot.flags(addressOf("bounces"), "INBOX");
    expect(flags.length).toBeGreaterThan(5);
    expect(flags.filter((each) => each.includes("\\Seen"))).toEqual([]);
  });
});

describe.skipIf(!isRoot)("where reports of success are asked for", () => {
  test("an invitation is known to be delivered, and its story says when", async () => {
    await configure("all");
    scene.daemon.reload();
    await scene.daemon.waitFor("reloaded");
    const id = await share("Known to be there", [here]);
    await comesTo(here, { fate: "delivered" });
    expect(await standing(here)).toMatchObject({ state: "pending", status: "2.0.0", mail: "sent" });
    expect((await scene.usher("sharing", "show", id)).out).toMatch(/^ +2\S+ \S+Z +delivered \(2\.0\.0\)$/m);
  });
});
