import { createInvitationWriter } from "./mail/invitation-writer.ts";
import { createSmtpTransport } from "./mail/smtp-transport.ts";
import { createTemplates, type Templates } from "./mail/templates.ts";
import { createSendInvitation } from "./sharing/send-invitation.ts";
import type { CurrentConfig, Room } from "./room.ts";
import type { Site } from "./site.ts";
import { newId } from "./store/ids.ts";

/** Everything that sends invitations, wired: templates, composition, SMTP. */
export function createSending(site: Site, current: CurrentConfig): Room {
  const transport = createSmtpTransport(() => current().smtp);
  const worker = createSendInvitation({
    ...site,
    transport,
    writeInvitation: createInvitationWriter(currentTemplates(current)),
    sender: () => current().smtp?.from ?? null,
    tell: (event, fields) => site.log.info(event, fields),
    newId,
    random: Math.random,
  });
  return {
    workers: { "send-invitation": worker },
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
