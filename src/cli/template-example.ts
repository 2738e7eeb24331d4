import type { Config, Smtp } from "../config/config.ts";
import type { WrittenLetter } from "../domain/letter.ts";
import type { MailAddress } from "../domain/mail.ts";
import { createDkimSigner } from "../mail/dkim-signer.ts";
import { createInvitationWriter } from "../mail/invitation-writer.ts";
import { createNoticeWriter } from "../mail/notice-writer.ts";
import { createSharerNoticeWriter } from "../mail/sharer-notice-writer.ts";
import { exampleOf } from "../mail/templates/examples.ts";
import type { RenderedMail } from "../mail/templates/fill.ts";
import { searchOrder } from "../mail/templates/folders.ts";
import { loadOne, only, readOne } from "../mail/templates/load-one.ts";
import type { TemplateName } from "../mail/templates/names.ts";
import type { Templates } from "../mail/templates/templates.ts";
import { isOfShare, type Said } from "../mail/templates/values.ts";
import { newId } from "../store/ids.ts";
import { CommandError } from "./command.ts";

/** A template filled with an example. */
export interface Example {
  readonly mail: RenderedMail;
  /** The HTML with its pictures in it, for a browser. */
  readonly html: string;
  readonly raw: Buffer;
}

/** Who sends where no SMTP server is configured, and nothing is sent. */
const nobody: MailAddress = { name: "Usher", address: "usher@example.org" };

/** Who sends, and with which key; null where no SMTP server is configured. */
type Sending = Pick<Smtp, "from" | "dkim"> | null;

function senderOf(smtp: Sending): MailAddress {
  return smtp?.from ?? nobody;
}

/** Throws TemplateError where a file of the template cannot be used as it stands. */
export async function fillExample(config: Config, name: TemplateName, locale: string): Promise<Example> {
  const source = await readOne(searchOrder(config.templates), name, locale);
  const templates = only(await loadOne(source));
  const said = exampleFor(name, config);
  const mail = await templates.render({ ...said, locale });
  return {
    mail,
    html: withPictures(mail),
    raw: await writeExample(templates, said, { smtp: config.smtp, locale }),
  };
}

function withPictures({ html, images }: RenderedMail): string {
  return images.reduce(
    (text, { contentId, contentType, content }) =>
      text.replaceAll(`cid:${contentId}`, `data:${contentType};base64,${content.toString("base64")}`),
    html,
  );
}

/** What an example says, to that address where one is given. */
export function exampleFor(name: TemplateName, config: Config, to?: string): Said {
  const said = exampleOf(name, senderOf(config.smtp).name);
  return to === undefined ? said : addressedTo(said, { ...said.facts.recipient, address: to });
}

function addressedTo(said: Said, recipient: MailAddress): Said {
  if (isOfShare(said)) return { ...said, facts: { ...said.facts, recipient } };
  if (said.template === "notice-summary") return { ...said, facts: { ...said.facts, recipient } };
  if (said.template === "notice-undelivered") return { ...said, facts: { ...said.facts, recipient } };
  return { ...said, facts: { ...said.facts, recipient } };
}

/** The whole mail, written and signed as by the daemon. Throws CommandError where it cannot be written. */
export async function writeExample(
  templates: Templates,
  said: Said,
  { smtp, locale }: { readonly smtp: Sending; readonly locale: string },
): Promise<Buffer> {
  const site = senderOf(smtp);
  const messageId = `<${newId("e")}.example@${site.address.split("@").at(-1)}>`;
  const written = await write(templates, said, {
    locale,
    site,
    messageId,
    date: Date.now(),
    inReplyTo: null,
  });
  if (written.kind === "not-written") throw new CommandError(written.why);
  return createDkimSigner(() => smtp?.dkim ?? null)(written.raw, Date.now());
}

interface Head {
  readonly locale: string;
  readonly site: MailAddress;
  readonly messageId: string;
  readonly date: number;
  readonly inReplyTo: null;
}

async function write(templates: Templates, said: Said, head: Head): Promise<WrittenLetter> {
  const current = (): Templates => templates;
  if (isOfShare(said)) return createNoticeWriter(current)({ ...head, ...said });
  if (said.template === "notice-summary") return createNoticeWriter(current)({ ...head, ...said });
  if (said.template === "notice-undelivered") return createSharerNoticeWriter(current)({ ...head, ...said });
  const ids = { sharingId: newId("s"), recipientId: newId("r") };
  return createInvitationWriter(current)({ ...head, ...said, ...ids });
}
