import { randomBytes } from "node:crypto";
import { encodedWords } from "../share-mail.ts";
import type { Instance, SentMail } from "./instance.ts";
import { appOrigin } from "./links.ts";
import {
  changedFileWords,
  confirmationWords,
  kindOf,
  notificationWords,
  requestWords,
  type Words,
} from "./mail-texts.ts";
import { type Member, ownerOf, type Sharing } from "./model.ts";
import { quotedPrintable } from "./quoted-printable.ts";
import { escaped } from "./wire.ts";

interface Mailbox {
  readonly name: string;
  readonly address: string;
}

interface Envelope {
  readonly from: Mailbox;
  readonly to: Mailbox;
  readonly replyTo: Mailbox | null;
}

/** sharing_request, mode "from": by the sharer's Cozy, or by the member's that invites (reference/cozy.md 2.4). */
export function mailRequest(instance: Instance, sharing: Sharing, member: Member, link: string): void {
  const { owner, settings } = instance;
  const words = requestWords({
    locale: settings.locale,
    sharer: owner,
    recipient: member.name,
    kind: kindOf(sharing),
    isReadOnly: member.read_only,
    description: sharing.description,
  });
  const envelope = {
    from: { name: owner.publicName, address: noreply(instance) },
    to: { name: member.name, address: member.email },
    replyTo: { name: owner.publicName, address: owner.email },
  };
  post(instance, "sharing_request", envelope, words, link);
}

/** notifications_sharing, mode "noreply": to the owner of this Cozy after PUT shortcut=true. */
export function mailNotification(
  instance: Instance,
  sharing: Sharing,
  isReadOnly: boolean,
  link: string,
): void {
  const sharer = ownerOf(sharing).public_name;
  const kind = kindOf(sharing);
  const words = notificationWords(instance.settings.locale, sharer, kind, isReadOnly, sharing.description);
  post(instance, "notifications_sharing", toOwner(instance), words, link);
}

/** sharing_to_confirm: a member of a bitwarden organization accepted. */
export function mailConfirmation(instance: Instance, sharing: Sharing, member: Member): void {
  const { settings, owner } = instance;
  const words = confirmationWords(settings.locale, owner.publicName, member.public_name);
  const link = `${appOrigin(instance, sharing.app_slug || "passwords")}/`;
  post(instance, "sharing_to_confirm", toOwner(instance), words, link);
}

/** sharing_file_changed: off unless the context has it. */
export function mailChangedFile(instance: Instance, sharing: Sharing, name: string, isFolder: boolean): void {
  if (!instance.settings.notifiesChangedFiles) return;
  const words = changedFileWords(instance.settings.locale, name, isFolder, sharing.description);
  post(instance, "sharing_file_changed", toOwner(instance), words, `${appOrigin(instance, "drive")}/`);
}

function noreply({ settings, domain }: Instance): string {
  return settings.noreplyAddress || `noreply@${domain.replace(/:\d+$/, "")}`;
}

function toOwner(instance: Instance): Envelope {
  const { settings, owner } = instance;
  return {
    from: { name: settings.noreplyName, address: noreply(instance) },
    to: { name: owner.publicName, address: owner.email },
    replyTo: settings.replyTo === "" ? null : { name: "", address: settings.replyTo },
  };
}

function post(
  instance: Instance,
  template: SentMail["template"],
  envelope: Envelope,
  words: Words,
  link: string,
): void {
  const text = compose(instance, envelope, words, link);
  const mail: SentMail = {
    template,
    from: envelope.from.address,
    recipient: envelope.to.address,
    subject: words.subject,
    link,
    text,
  };
  instance.mails.push(mail);
  instance.background(`mail ${template}`, async () => instance.send(mail));
}

/** No Message-ID, text/plain first; one part alone where MJML failed (reference/cozy.md 2.1, 2.4). */
function compose(instance: Instance, envelope: Envelope, words: Words, link: string): string {
  const plain = part("plain", [words.greeting, "", words.sentence, "", link].join("\r\n"));
  const head = [
    "Mime-Version: 1.0",
    `Date: ${new Date().toUTCString().replace("GMT", "+0000")}`,
    `From: ${mailbox(envelope.from)}`,
    `To: ${mailbox(envelope.to)}`,
    ...(envelope.replyTo === null ? [] : [`Reply-To: ${mailbox(envelope.replyTo)}`]),
    `Subject: ${encodedWords(words.subject)}`,
    `X-Cozy: ${instance.domain}`,
  ];
  if (instance.settings.mjmlFails) return [...head, ...plain, ""].join("\r\n");
  const boundary = randomBytes(30).toString("hex");
  return [
    ...head,
    `Content-Type: multipart/alternative;\r\n boundary=${boundary}`,
    "",
    `--${boundary}`,
    ...plain,
    `--${boundary}`,
    ...part("html", html(words, link)),
    `--${boundary}--`,
    "",
  ].join("\r\n");
}

function part(subtype: "plain" | "html", text: string): string[] {
  return [
    "Content-Transfer-Encoding: quoted-printable",
    `Content-Type: text/${subtype}; charset=UTF-8`,
    "",
    quotedPrintable(text),
  ];
}

function html({ subject, greeting, sentence, button }: Words, link: string): string {
  const strong = escaped(sentence).replace(/\*\*(.*)\*\*/s, "<strong>$1</strong>");
  const lines = [subject, greeting].map((line) => `<div style="font-size:16px;">${escaped(line)}</div>`);
  return [
    '<!doctype html><html><head><meta http-equiv="Content-Type" content="text/html; charset=UTF-8"></head>',
    "<body>",
    ...lines,
    `<div style="font-size:16px;">${strong}</div>`,
    `<table role="presentation"><tr><td><a href="${escaped(link)}" target="_blank">${escaped(button)}</a></td></tr></table>`,
    "</body></html>",
  ].join("\r\n");
}

function mailbox({ name, address }: Mailbox): string {
  if (name === "") return address;
  const encoded = encodedWords(name);
  return `${encoded === name ? `"${name.replaceAll(/["\\]/g, "\\$&")}"` : encoded} <${address}>`;
}
