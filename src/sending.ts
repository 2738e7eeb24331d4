import { createInvitationWriter } from "./mail/invitation-writer.ts";
import { createNoticeWriter } from "./mail/notice-writer.ts";
import { createSmtpTransport } from "./mail/smtp-transport.ts";
import { createTemplates, type Templates } from "./mail/templates/templates.ts";
import { createSendNotice } from "./receiving/send-notice.ts";
import { createSendInvitation } from "./sharing/send-invitation.ts";
import type { CurrentConfig, Room } from "./room.ts";
import type { Site } from "./site.ts";
import { newId } from "./store/ids.ts";

/** Everything that sends mail, wired: templates, composition, SMTP. */
export function createSending(site: Site, current: CurrentConfig): Room {
  const transport = createSmtpTransport(() => current().smtp);
  const templates = currentTemplates(current);
  const delivery = {
    ...site,
    transport,
    sender: () => current().smtp?.from ?? null,
    newId,
    random: Math.random,
  };
  return {
    workers: {
      "send-invitation": createSendInvitation({
        ...delivery,
        writeInvitation: createInvitationWriter(templates),
        bounces: () => current().smtp?.bounces ?? null,
        tell: (event, fields) => site.log.info(event, fields),
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

/** The templates of the configuration in force: every reload reads their files again. */
function currentTemplates(current: CurrentConfig): () => Templates {
  let config = current();
  let templates = createTemplates(config.templates.directory);
  return () => {
    if (config !== current()) {
      config = current();
      templates = createTemplates(config.templates.directory);
    }
    return templates;
  };
}
