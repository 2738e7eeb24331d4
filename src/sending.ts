import { createInvitationWriter } from "./mail/invitation-writer.ts";
import { createNoticeWriter } from "./mail/notice-writer.ts";
import { createSmtpTransport } from "./mail/smtp-transport.ts";
import { createTemplates, type Templates } from "./mail/templates.ts";
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

/** The templates of the directory in force; a reload that names another one makes them anew. */
function currentTemplates(current: CurrentConfig): () => Templates {
  let directory = current().templates.directory;
  let templates = createTemplates(directory);
  return () => {
    if (directory !== current().templates.directory) {
      directory = current().templates.directory;
      templates = createTemplates(directory);
    }
    return templates;
  };
}
