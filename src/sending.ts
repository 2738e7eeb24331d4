import { createDkimSigner } from "./mail/dkim-signer.ts";
import { createInvitationWriter } from "./mail/invitation-writer.ts";
import { createNoticeWriter } from "./mail/notice-writer.ts";
import { createSharerNoticeWriter } from "./mail/sharer-notice-writer.ts";
import { createSmtpTransport } from "./mail/smtp-transport.ts";
import { searchOrder } from "./mail/templates/folders.ts";
import { createTemplates, type TemplateChange, type Templates } from "./mail/templates/templates.ts";
import type { Log } from "./observe/log.ts";
import { createSendNotice } from "./receiving/send-notice.ts";
import { createSendInvitation } from "./sharing/send-invitation.ts";
import { createSendSharerNotice } from "./sharing/send-sharer-notice.ts";
import type { CurrentConfig, Room } from "./room.ts";
import { sharingSettings } from "./sharing-parts.ts";
import type { Site } from "./site.ts";
import { newId } from "./store/ids.ts";

/** Everything that sends mail, wired: templates, composition, SMTP. */
export function createSending(site: Site, current: CurrentConfig): Room {
  const transport = createSmtpTransport(() => current().smtp);
  const templates = currentTemplates(current, site.log);
  const delivery = {
    ...site,
    transport,
    sender: () => current().smtp?.from ?? null,
    newId,
    sign: createDkimSigner(() => current().smtp?.dkim ?? null),
    random: Math.random,
  };
  return {
    workers: {
      "send-invitation": createSendInvitation({
        ...delivery,
        writeInvitation: createInvitationWriter(templates),
        settings: () => sharingSettings(current),
        bounces: () => current().smtp?.bounces ?? null,
        tell: (event, fields) => site.log.info(event, fields),
      }),
      "send-sharer-notice": createSendSharerNotice({
        ...delivery,
        writeSharerNotice: createSharerNoticeWriter(templates),
      }),
      "send-notice": createSendNotice({
        ...delivery,
        writeNotice: createNoticeWriter(templates),
        answering: () => ({
          publicUrl: current().server?.publicUrl ?? null,
          folder: current().mailbox.answerFolder,
        }),
      }),
    },
    [Symbol.asyncDispose]: async () => transport[Symbol.asyncDispose](),
  };
}

/** The templates of the configuration in force. A reload that names the same folders keeps what is in force. */
function currentTemplates(current: CurrentConfig, log: Log): () => Templates {
  let { templates: configured } = current();
  let templates = createTemplates(searchOrder(configured), { tell: tellOf(log) });
  return () => {
    const { brand, directory } = current().templates;
    if (brand !== configured.brand || directory !== configured.directory) {
      configured = { brand, directory };
      templates = createTemplates(searchOrder(configured), { tell: tellOf(log) });
    }
    return templates;
  };
}

function tellOf(log: Log): (change: TemplateChange) => void {
  return ({ kind, template, locale, file, why }) => {
    if (kind === "taken") log.info("template-taken", { template, locale, file });
    else log.warn("template-kept", { template, locale, file, reason: why });
  };
}
