import { simpleParser } from "mailparser";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SentMail } from "./instance.ts";
import { type Cast, emailOf, meet, openStage, settled, shareAlbum, type Stage } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

/** Header fields as they stand, without the parts. */
function head({ text }: SentMail): string {
  return text.slice(0, text.indexOf("\r\n\r\n"));
}

function onlyMail(mails: readonly SentMail[]): SentMail {
  const [mail] = mails;
  if (mail === undefined || mails.length > 1) throw new Error(`There are ${mails.length} mails.`);
  return mail;
}

test("S3 worker/mails: a request has From no-reply, Reply-To the sharer, X-Cozy, and text/plain first", async () => {
  await using cast = await meet(stage);
  const { alice } = cast;
  const { link } = await shareAlbum(cast);
  const mail = onlyMail(alice.mails());
  expect(head(mail)).toMatch(/^Date: \w{3}, \d\d \w{3} \d{4} [\d:]{8} \+0000\r$/m);
  for (const field of [
    'From: "Alice" <noreply@alice.cozy.example>',
    'To: "Bob B." <bob@mail.example>',
    'Reply-To: "Alice" <alice@mail.example>',
    "Subject: Alice has shared a directory with you",
    `X-Cozy: ${new URL(alice.origin).host}`,
    "Mime-Version: 1.0",
  ]) {
    expect(head(mail).split("\r\n")).toContain(field);
  }
  expect(head(mail)).not.toMatch(/^(Message-ID|Auto-Submitted|References|List-)/im);
  expect(mail.text.indexOf("text/plain")).toBeLessThan(mail.text.indexOf("text/html"));
  expect(mail.text.match(/^Content-Transfer-Encoding: quoted-printable\r$/gm)).toHaveLength(2);
  const { text, html } = await simpleParser(mail.text);
  expect(text?.split("\n")).toEqual([
    "Hello Bob B.,",
    "",
    expect.stringMatching(/^Alice \(alice@mail\.example\) .* edit the directory \*\*Holiday\*\*.*Twake\.$/),
    "",
    link,
  ]);
  expect(html).toContain(`<a href="${link}" target="_blank">View the directory</a>`);
  expect(html).toContain("<strong>Holiday</strong>");
});

test("in French the words and the subject are French, for a read-only member the verb is another", async () => {
  await using cast = await meet(stage, { alice: { settings: { locale: "fr" } } });
  const { alice } = cast;
  const contact = alice.owner.addContact({ name: "Élodie Lefèvre", email: emailOf("bob") });
  const rules = { description: "Été à l'île", recipients: [], readOnlyRecipients: [contact] };
  await shareAlbum(cast, rules);
  const mail = onlyMail(alice.mails());
  expect(head(mail)).toMatch(/^[\x20-\x7e\r\n]*$/);
  const { subject, to, text, html } = await simpleParser(mail.text);
  expect(subject).toBe("Alice a partagé un répertoire avec vous");
  expect(JSON.stringify(to)).toContain("Élodie Lefèvre");
  expect(text).toMatch(
    /^Bonjour Élodie Lefèvre,\n\nAlice .* voir le répertoire \*\*Été à l'île\*\*.*Twake\.\n/,
  );
  expect(html).toContain(">Voir le répertoire</a>");
});

test.each([
  ["en", /^Hello,\n\nAlice .* edit the the directory \*\*Holiday\*\*\.\n/],
  ["fr", /^Bonjour,\n\nAlice .* modifier le répertoire \*\*Holiday\*\*\.\n/],
] as const)("a shortcut is announced by the own Cozy in mode noreply (%s)", async (locale, words) => {
  await using cast = await meet(stage, { bob: { settings: { locale, noreplyName: "Twake" } } });
  const { alice, bob } = cast;
  const contact = alice.owner.addContact({ name: "Bob", email: emailOf("bob"), cozy: bob.origin });
  await shareAlbum(cast, { recipients: [contact] });
  const mail = onlyMail(bob.mails());
  expect(head(mail).split("\r\n")).toContain('From: "Twake" <noreply@bob.cozy.example>');
  expect(head(mail).split("\r\n")).toContain('To: "Bob" <bob@mail.example>');
  expect(head(mail).split("\r\n")).toContain(`X-Cozy: ${new URL(bob.origin).host}`);
  expect(head(mail)).not.toContain("Reply-To");
  expect((await simpleParser(mail.text)).text).toMatch(words);
});

test("a context has its own no-reply address and a Reply-To", async () => {
  const settings = { noreplyAddress: "hello@cloud.example", replyTo: "support@cloud.example" };
  await using cast = await meet(stage, { bob: { settings } });
  const { alice, bob } = cast;
  const contact = alice.owner.addContact({ name: "Bob", email: emailOf("bob"), cozy: bob.origin });
  await shareAlbum(cast, { recipients: [contact] });
  const { from, replyTo } = await simpleParser(onlyMail(bob.mails()).text);
  expect([from?.value[0]?.address, replyTo?.value[0]?.address]).toEqual([
    "hello@cloud.example",
    "support@cloud.example",
  ]);
});

test("a mail has text/plain alone where MJML fails", async () => {
  await using cast = await meet(stage, { alice: { settings: { mjmlFails: true } } });
  const { link } = await shareAlbum(cast);
  const mail = onlyMail(cast.alice.mails());
  expect(head(mail)).toContain("Content-Type: text/plain; charset=UTF-8");
  const { text, html } = await simpleParser(mail.text);
  expect([text?.trim().split("\n").at(-1), html]).toEqual([link, false]);
});

/** Alice shares the secrets of an organization with Bob, who accepts. */
async function shareOrganization(cast: Cast): Promise<void> {
  const { alice, bob } = cast;
  const doctype = "com.bitwarden.organizations";
  const organization = alice.owner.addDocument(doctype, { name: "Family" });
  const contact = alice.owner.addContact({ name: "Bob", email: emailOf("bob"), cozy: bob.origin });
  await alice.owner.share({
    description: "Family",
    appSlug: "passwords",
    rules: [{ title: "organization", doctype, values: [organization] }],
    recipients: [contact],
  });
  await bob.owner.accept(await bob.owner.open(alice.mails()[0]?.link ?? ""));
  await settled(cast);
}

test.each(["en", "fr"] as const)(
  "an organization is mailed in any case, and its members confirmed (%s)",
  async (locale) => {
    await using cast = await meet(stage, { alice: { settings: { locale } } });
    await shareOrganization(cast);
    const [asked, toConfirm] = cast.alice.mails();
    expect(asked?.subject).toContain("Notification Sharing Title Organization");
    expect(toConfirm).toMatchObject({ template: "sharing_to_confirm", recipient: emailOf("alice") });
    expect(toConfirm?.link).toBe(`${cast.alice.origin.replace("alice.", "alice-passwords.")}/`);
    expect(toConfirm?.text).toContain("**Bob**");
  },
);

test.each(["en", "fr"] as const)("new files are told where the context says so (%s)", async (locale) => {
  await using cast = await meet(stage, { bob: { settings: { locale, notifiesChangedFiles: true } } });
  const { alice, bob } = cast;
  const { link, directory } = await shareAlbum(cast);
  await bob.owner.accept(await bob.owner.open(link));
  await settled(cast);
  alice.owner.addFile({ name: "shell.txt", content: "shell", directory });
  await settled(cast);
  expect(bob.mails().map(({ template }) => template)).toEqual(Array(3).fill("sharing_file_changed"));
  expect(bob.mails()[2]).toMatchObject({
    recipient: emailOf("bob"),
    text: expect.stringContaining("shell.txt"),
  });
  expect(bob.mails()[2]?.subject).toContain("Holiday");
});

test("every mail goes to whom the test gave, too", async () => {
  const sent: SentMail[] = [];
  await using cast = await meet(stage, { alice: { send: (mail) => void sent.push(mail) } });
  await shareAlbum(cast);
  expect(sent).toEqual(cast.alice.mails());
  expect(sent[0]).toMatchObject({ from: "noreply@alice.cozy.example", recipient: emailOf("bob") });
});
