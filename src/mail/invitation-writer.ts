import { isInternational } from "../domain/address.ts";
import type { InvitationFacts, InvitationLetter, WriteInvitation } from "../domain/invitation.ts";
import type { ShareHeader } from "../domain/share-header.ts";
import type { Templates } from "./templates/templates.ts";
import { writeLetter } from "./write-letter.ts";

/** Renders an invitation from the site's templates and composes the message. */
export function createInvitationWriter(templates: () => Templates): WriteInvitation {
  return async (letter) => {
    const { facts, inReplyTo } = letter;
    const envelope = {
      replyTo: canReplyTo(facts) ? facts.sharer : null,
      to: facts.recipient,
      inReplyTo,
      notice: null,
      share: shareHeaderOf(letter),
      ...(facts.page === null ? {} : { unsubscribe: `${facts.page}/mute` }),
    };
    return writeLetter(letter, envelope, async () => templates().render(letter));
  };
}

/** A mail that arrives and whose text names the sharer is worth more than one that can be answered and is refused. */
function canReplyTo({ sharer, recipient }: InvitationFacts): boolean {
  return !isInternational(sharer.address) || isInternational(recipient.address);
}

function shareHeaderOf({ template, sharingId, facts }: InvitationLetter): ShareHeader {
  const { link, title, expiresAtMs } = facts;
  return { type: template, sharingId, link, title, expiresAtMs };
}
