import { expect, test } from "vitest";
import { parseMail } from "../../src/mail/parse.ts";
import { mailReaders } from "../../src/protocols/mail-readers.ts";
import { inspectMail } from "../../src/receiving/inspect.ts";
import { composed, type Letter } from "../world/ocm/mail.ts";

// Mails of clouds that announce nothing, or nothing new (reference/ocm.md 2.2, 2.3).

const cloud = "https://cloud.uni-a.example";
const link = `${cloud}/index.php/s/9NbM3ZaEzBevzSJ`;

async function inspected(letter: Partial<Letter>, more: Pick<Letter, "more"> = {}) {
  const mail = composed({
    subject: "",
    from: { name: "Ada E. via Campus Cloud", address: "no-reply@cloud.uni-a.example" },
    to: "bob@recipient.example",
    text: [],
    html: (letter.text ?? []).map((line) => `<p>${line}</p>`),
    ...letter,
    ...more,
  });
  return inspectMail(await parseMail(Buffer.from(mail)), mailReaders, {
    trustedAuthservIds: [],
    forAddresses: ["bob@recipient.example"],
  });
}

const shared = { subject: "Ada E. shared minutes.pdf with you", text: [`Open minutes.pdf: ${link}`] };
const minutes = { verdict: "share-notification", notification: { protocol: "public-link", link } };

test.each(["ownCloud", "OpenCloud"])("a share within one %s is none that is federated", async (product) => {
  const seen = await inspected({
    from: { name: `Ada E. via ${product}`, address: "no-reply@cloud.uni-a.example" },
    subject: "Ada E. shared 'minutes.pdf' with you",
    text: ["Hello Bob,", 'Ada E. has shared "minutes.pdf" with you.', `${cloud}/files/shares/with-me`],
  });
  expect(seen).toMatchObject({ verdict: "none", notification: null });
});

test("the password of a link, in a mail of its own, announces nothing", async () => {
  const seen = await inspected({
    subject: "Password to access minutes.pdf shared to you by Ada E.",
    text: ["Ada E. shared minutes.pdf with you. It is protected with this password:", "", "reef"],
  });
  expect(seen).toMatchObject({ verdict: "none", notification: null });
});

test("a note that was added names the same share", async () => {
  const note = { subject: shared.subject, text: ["Ada E. shared it and wants to add:", ...shared.text] };
  for (const letter of [shared, note]) expect(await inspected(letter)).toMatchObject(minutes);
});

test("a link that went to several names nobody in To", async () => {
  for (const to of ["undisclosed-recipients:;", '"Ada E." <ada@mail.example>']) {
    expect(await inspected({ ...shared, to })).toMatchObject(minutes);
  }
});

test("an inviter's own copy of his invitation invites nobody", async () => {
  const text = [
    `${cloud}/index.php/apps/contacts/wayf?token=7d3c1b52-9e0f-4a86-8b7e-2f1a5c6d7e80&providerDomain=cloud.uni-a.example`,
  ];
  const subject = "Bob invites you to exchange contact information.";
  expect(await inspected({ subject, text })).toMatchObject({ verdict: "share-notification" });
  expect(await inspected({ subject: `[Copy] ${subject}`, text })).toMatchObject({
    verdict: "none",
    because: "own-copy",
  });
});
