import { simpleParser } from "mailparser";
import { afterAll, beforeAll, expect, test } from "vitest";
import { run } from "../../cli/in-process.ts";
import { openStage, type Stage } from "../ocm/stage.ts";
import { type Owncloud, startOwncloud } from "../owncloud/owncloud.ts";
import { type Nextcloud, startNextcloud } from "./nextcloud.ts";

// The mails of reference/ocm.md 2.2 and 2.3.

let stage: Stage;
let cloud: Nextcloud;
let owncloud: Owncloud;
beforeAll(async () => {
  stage = await openStage(["cloud.example", "oc.example"]);
  const users = [{ uid: "ada", displayName: "Ada Élan", mail: "ada@mail.example" }];
  cloud = await stage.start(startNextcloud, "cloud.example", { generation: 34, users });
  owncloud = await stage.start(startOwncloud, "oc.example", { users });
});
afterAll(async () => stage[Symbol.asyncDispose]());

/** What Usher sees in a mail. */
async function inspected(mail: string): Promise<unknown> {
  const { out } = await run("missing.yaml", ["inspect", "--json", "--secrets", "-"], { input: mail });
  const found: { notification?: unknown } = JSON.parse(out);
  return found.notification;
}

test("an invitation of the contacts app has its link, its code and its encoded form", async () => {
  const invite = cloud.createInvite("ada");
  const mail = cloud.mails.invite(invite, { to: "bob@recipient.example", message: "As we said." });
  const { subject, from, text, html } = await simpleParser(mail);
  expect(subject).toBe("Ada Élan invites you to exchange contact information.");
  expect(from?.value[0]).toMatchObject({ name: "Ada Élan via Campus Cloud" });
  expect(text).toContain("---\nAs we said.\n---");
  expect(text).toContain(`\n${invite.link}\n`);
  expect(text).toContain(`Invite code: ${invite.token}@${cloud.host}\n`);
  expect(text).toContain(`Encoded invite: ${invite.inviteString}\n`);
  expect(html).toContain("&amp;providerDomain=");
  expect(mail.indexOf("text/plain")).toBeLessThan(mail.indexOf("text/html"));
  expect(await inspected(mail)).toMatchObject({
    protocol: "ocm-invite",
    origin: cloud.origin,
    shareId: invite.token,
  });
  const copy = cloud.mails.invite(invite, { to: "ada@mail.example", isCopy: true });
  expect((await simpleParser(copy)).subject).toMatch(/^\[Copy\] /);
});

test("notices of the home server name the owner, and hold a narrow space in their time", async () => {
  const made = await owncloud.createShare(cloud.address("ada"), { name: "plan.odt", file: "" });
  const [share] = cloud.taken();
  if (made.kind === "failed" || share === undefined) throw new Error("The share failed.");
  const notification = await simpleParser(cloud.mails.notification(share));
  expect(notification.subject).toBe("New notification for Campus Cloud");
  expect(notification.text).toContain(
    `  * You received plan.odt as a remote share from @${owncloud.address("ada")} (today, 12:57\u202fPM)`,
  );
  const several = await simpleParser(cloud.mails.notification(share, share));
  expect(several.subject).toBe("2 new notifications for Campus Cloud");
  const activity = await simpleParser(cloud.mails.activity(share));
  expect(activity.subject).toBe("Activity at Campus Cloud");
  expect(activity.headers.get("auto-submitted")).toBe("auto-generated");
  expect(activity.text).toContain(`new remote share plan.odt from @${owncloud.address("ada")}`);
  const seen = { protocol: "federated-share", origin: owncloud.origin };
  expect(await inspected(cloud.mails.notification(share))).toMatchObject(seen);
  expect(await inspected(cloud.mails.activity(share))).toMatchObject({ ...seen, title: "plan.odt" });
});

test("a public link is mailed with note and expiry, its password in a mail of its own", async () => {
  const link = cloud.link({ name: "minutes.pdf", file: "", password: "reef" });
  const details = { to: "bob@recipient.example", note: "Page three.", expires: "2027-01-31" };
  const mail = cloud.mails.link(link, details);
  const { subject, replyTo, text, messageId } = await simpleParser(mail);
  expect(subject).toBe("Ada Élan shared minutes.pdf with you");
  expect(replyTo?.value[0]?.address).toBe("ada@mail.example");
  expect(messageId).toMatch(/^<[0-9a-f]{32}@cloud\.example>$/);
  expect(text).toContain("  * Page three. (Note:)\n  * 2027-01-31 (Expiration:)\n");
  expect(text).toContain(`Open minutes.pdf: ${link.url}\n`);
  expect(await inspected(mail)).toMatchObject({ protocol: "public-link", link: link.url });
  const pretty = cloud.mails.link(link, { ...details, isPretty: true });
  expect(await inspected(pretty)).toMatchObject({ link: link.url.replace("/index.php", "") });
  const password = await simpleParser(cloud.mails.linkPassword(link, details.to));
  expect(password.subject).toBe("Password to access minutes.pdf shared to you by Ada Élan");
  expect(password.text?.split("\n")).toContain("reef");
  expect(password.text).not.toContain("http");
});

test("ownCloud mails its links with guillemets in the subject", async () => {
  const link = owncloud.link({ name: "survey.ods", file: "" });
  const mail = owncloud.linkMail(link, "bob@recipient.example", {
    expires: "31 January 2027",
    note: "Soon!",
  });
  const { subject, text } = await simpleParser(mail);
  expect(subject).toBe("Ada Élan shared »survey.ods« with you");
  expect(text).toContain(`View it: ${link.url}\n`);
  expect(text).toContain("Personal note from the sender: Soon!\n");
  expect(await inspected(mail)).toMatchObject({ protocol: "public-link", link: link.url });
});
