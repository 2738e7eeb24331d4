import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addressOf, authservId, type Shared } from "../world/world.ts";
import { notificationIn, openScene, type Scene, until } from "./scene.ts";

const site = [
  { when: { senderDomain: "muted.origin.example" }, then: "ignore", notify: false },
  { when: { senderDomain: "told.origin.example" }, then: "ignore", notify: true },
  { when: { contact: "trusted" }, then: "accept", notify: true },
  { when: { contact: "known" }, then: "hold", notify: true },
  { when: { senderDomain: "partner.origin.example" }, then: "accept" },
];
const ofBob = [{ when: { senderDomain: "no.partner.origin.example" }, then: "ignore" }];

let scene: Scene;
beforeAll(async () => {
  scene = await openScene({ postfix: true, config: { policy: site }, accounts: ["bob", "carla"] });
  const file = join(scene.world.directory, "bob.yaml");
  await writeFile(file, JSON.stringify({ policy: ofBob }));
  await scene.usherJson("policy", "set", "bob", file);
  await scene.start();
});
afterAll(async () => scene[Symbol.asyncDispose]());

/** A share of that sender, for whom the receiving server vouches unless said otherwise. */
function shareFrom(
  sender: string,
  title: string,
  { to = "bob", isVouchedFor = true }: { readonly to?: string; readonly isVouchedFor?: boolean } = {},
): Shared {
  const domain = sender.slice(sender.indexOf("@") + 1);
  const said = { authenticationResults: `${authservId}; dmarc=pass header.from=${domain}` };
  const mail = { sharer: { name: "", address: sender }, ...(isVouchedFor ? said : {}) };
  return scene.world.share(addressOf(to), { title, files: ["quay.odt"], mail });
}

async function explained(id: string): Promise<string> {
  return (await scene.usher("notification", "explain", id)).out;
}

/** Subjects of the notice mails that an account got. */
async function noticesAbout(name: string, title: string): Promise<readonly string[]> {
  const { dovecot } = scene.world;
  const query = ["mailbox", "INBOX", "from", "usher@recipient.example"];
  const text = await dovecot.doveadm("-f", "json", "fetch", "-u", addressOf(name), "hdr.subject", ...query);
  const mails: readonly { readonly "hdr.subject": string }[] = JSON.parse(text);
  return mails.map((mail) => mail["hdr.subject"]).filter((subject) => subject.includes(title));
}

async function noticeArrives(name: string, title: string): Promise<void> {
  await until(
    `a notice about "${title}" arrives`,
    async () => (await noticesAbout(name, title)).length === 1,
    async () => [await noticesAbout(name, title), scene.daemon.text().slice(-2000)],
  );
}

describe("the rules of an account", () => {
  test("come before the site's, and count for that account alone", async () => {
    const sender = "alice@no.partner.origin.example";
    const toBob = shareFrom(sender, "To bob");
    const toCarla = shareFrom(sender, "To carla", { to: "carla" });
    await scene.world.deliver("bob", toBob.mail);
    await scene.world.deliver("carla", toCarla.mail);
    const own = await notificationIn(scene, "To bob", "ignored");
    expect(own.detail).toBe("By policy: rule 1 of the account says ignore.");
    const other = await notificationIn(scene, "To carla", "followed");
    const lines = await explained(other.id);
    expect(lines).toContain("rule 5 of the site: matches");
    expect(lines).not.toMatch(/rule \d+ of the account/);
    expect(scene.world.origin.guestLogins(toBob.token).successful).toBe(0);
    expect(scene.world.origin.guestLogins(toCarla.token).successful).toBe(1);
  });

  test("leave to the site's what they do not speak of", async () => {
    await scene.world.deliver("bob", shareFrom("alice@partner.origin.example", "Left over").mail);
    const { id } = await notificationIn(scene, "Left over", "followed");
    expect(await explained(id)).toMatch(/rule 1 of the account: no, .*[^]*rule 5 of the site: matches/);
  });
});

describe("trust", () => {
  const dave = "dave@origin.example";

  test("given with an answer has the sender's next share followed unasked, and his forged one held", async () => {
    const first = shareFrom(dave, "First of dave");
    await scene.world.deliver("bob", first.mail);
    const { id } = await notificationIn(scene, "First of dave", "held");
    const run = await scene.usher("notification", "accept", id, "--trust", "--wait");
    expect([run.code, run.err]).toEqual([0, `usher: note: ${dave} is trusted from now on.\n`]);
    const next = shareFrom(dave, "Next of dave");
    const forged = shareFrom(dave, "Forged as dave", { isVouchedFor: false });
    await scene.world.deliver("bob", next.mail);
    await scene.world.deliver("bob", forged.mail);
    const followed = await notificationIn(scene, "Next of dave", "followed");
    expect(await explained(followed.id)).toContain("contact: trusted by the account");
    const held = await notificationIn(scene, "Forged as dave", "held");
    const lines = await explained(held.id);
    expect(lines).toContain("the sender is not authenticated, so contact trusted cannot hold");
    expect(scene.world.origin.counters().linkOpens[forged.token]).toBeUndefined();
  });

  test("is an account's own: the same sender is a stranger to another", async () => {
    await scene.world.deliver("carla", shareFrom(dave, "Dave to carla", { to: "carla" }).mail);
    const { id } = await notificationIn(scene, "Dave to carla", "held");
    expect(await explained(id)).toContain("contact: unknown to the account");
  });

  test("is not given to a sender for whom nobody vouches, and the share is followed all the same", async () => {
    const { mail } = shareFrom("erin@origin.example", "Untrusted", { isVouchedFor: false });
    await scene.world.deliver("bob", mail);
    const { id } = await notificationIn(scene, "Untrusted", "held");
    const run = await scene.usher("notification", "accept", id, "--trust", "--wait");
    expect([run.code, run.err]).toEqual([0, expect.stringContaining("not trusted: the sender erin@")]);
    const contacts = await scene.usherJson<readonly { address: string }[]>("contact", "list", "bob");
    expect(contacts.map(({ address }) => address)).toEqual([dave]);
  });

  test("ends when it is taken back: he is known, and his next share waits", async () => {
    await scene.usherJson("contact", "untrust", "bob", dave);
    await scene.world.deliver("bob", shareFrom(dave, "No longer trusted").mail);
    const { id } = await notificationIn(scene, "No longer trusted", "held");
    const lines = await explained(id);
    expect(lines).toContain("rule 3 of the site: no, the sender is a contact, not a trusted one");
    expect(lines).toContain("rule 4 of the site: matches");
  });
});

describe("an account hears of it", () => {
  test("where the rule says notify, of a share that waits and of one that was followed", async () => {
    await scene.usherJson("contact", "add", "carla", "frank@origin.example");
    await scene.usherJson("contact", "add", "carla", "grace@origin.example", "--trust");
    const waiting = shareFrom("frank@origin.example", "Harbour", { to: "carla" });
    await scene.world.deliver("carla", waiting.mail);
    const { id } = await notificationIn(scene, "Harbour", "held");
    expect(await explained(id)).toContain("decided: hold, and the account hears of it; rule 4 of the site");
    await noticeArrives("carla", "Harbour");
    const trusted = shareFrom("grace@origin.example", "Lighthouse", { to: "carla" });
    await scene.world.deliver("carla", trusted.mail);
    await notificationIn(scene, "Lighthouse", "followed");
    await noticeArrives("carla", "Lighthouse");
  });

  test("also of an ignored one, but not where the rule says silently or says nothing", async () => {
    const silent = shareFrom("a@muted.origin.example", "Silently gone", { to: "carla" });
    await scene.world.deliver("carla", silent.mail);
    const { id } = await notificationIn(scene, "Silently gone", "ignored");
    expect(await explained(id)).toContain("decided: ignore, silently; rule 1 of the site says ignore");
    const plain = shareFrom("a@origin.example", "No rule", { to: "carla" });
    await scene.world.deliver("carla", plain.mail);
    await notificationIn(scene, "No rule", "held");
    await scene.world.deliver("carla", shareFrom("a@told.origin.example", "Told", { to: "carla" }).mail);
    await notificationIn(scene, "Told", "ignored");
    await noticeArrives("carla", "Told");
    expect(await noticesAbout("carla", "Silently gone")).toEqual([]);
    expect(await noticesAbout("carla", "No rule")).toEqual([]);
  });
});

interface Warning {
  readonly message: string;
  readonly remedy: string;
}

describe("usher check", () => {
  test("warns of rules that could only accept unauthenticated mail, and of no other", async () => {
    const { world } = scene;
    const { host } = new URL(world.origin.origin);
    const policy = [
      { when: { senderDomain: "origin.example" }, then: "accept" },
      { when: { originHost: host }, then: "accept" },
      { when: { protocol: "ox", evidence: ["link-aligned"] }, then: "accept" },
      { when: { originHost: host, evidence: ["authenticated"] }, then: "accept" },
      { when: { contact: "known" }, then: "accept" },
      { when: { originHost: host }, then: "ignore" },
    ];
    await world.configure({ policy });
    const { ok, warnings } = await scene.usherJson<{ ok: boolean; warnings: readonly Warning[] }>("check");
    expect(ok).toBe(true);
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^rule 2 says accept to mail whose sender nobody has authenticated/),
      expect.stringMatching(/^rule 3 says accept to mail whose sender nobody has authenticated/),
    ]);
    for (const { remedy } of warnings) expect(remedy).toContain("when.senderDomain");
    const run = await scene.usher("check");
    expect([run.code, run.out]).toEqual([0, expect.stringMatching(/is right, with 2 warnings:/)]);
    await world.configure({ policy, trustedAuthservIds: [], dkim: { verify: false } });
    expect((await scene.usher("check")).out).toContain(
      "rule 1 can never match: no mail counts as authenticated",
    );
    await world.configure({});
    expect((await scene.usher("check")).out).toMatch(/is right\.\n$/);
  });
});
