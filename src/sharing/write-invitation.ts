import { invitationPath, pagePurpose } from "../domain/invitation-page.ts";
import type { InvitationFacts } from "../domain/invitation.ts";
import type { WrittenLetter } from "../domain/letter.ts";
import type { MailAddress } from "../domain/mail.ts";
import { templateOf } from "../domain/purpose.ts";
import { inviteForms } from "../protocols/ocm/given-invite.ts";
import { inviteOfRecipient, type OcmInviteRow, openInviteToken } from "../store/ocm-invites.ts";
import { type PlannedInvitation, readSharer } from "../store/sharings.ts";
import type { SharingParts } from "./parts.ts";

type WritingParts = Pick<SharingParts, "store" | "sealer" | "settings" | "writeInvitation">;

/** Writes a mail to a recipient in his language. */
export async function writeInvitation(
  planned: PlannedInvitation,
  site: MailAddress,
  parts: WritingParts,
): Promise<WrittenLetter> {
  const { invitation, recipient, sharing } = planned;
  const sharer = await readSharer(parts.store.db, { id: sharing.account_id });
  if (sharer === undefined) {
    return {
      kind: "not-written",
      temporary: true,
      why: "The account has no mail address; add one to the account.",
    };
  }
  const invite = await inviteOfRecipient(parts.store.db, recipient.id);
  return parts.writeInvitation({
    template: templateOf(invitation.template),
    inReplyTo: invitation.in_reply_to,
    sharingId: sharing.id,
    recipientId: recipient.id,
    locale: recipient.locale,
    site,
    messageId: invitation.message_id,
    date: Date.now(),
    facts: {
      siteName: site.name === "" ? site.address : site.name,
      sharer: { name: sharer.name, address: sharer.address },
      recipient: { name: recipient.name ?? "", address: recipient.address_key },
      title: sharing.title,
      link: linkOf(planned, parts),
      message: sharing.message ?? "",
      expiresAtMs: invite?.expires_at ?? sharing.expires_at,
      page: pageOf(recipient.id, parts),
      ...codesOf(invite, linkOf(planned, parts), parts),
    },
  });
}

/** An invitation of Open Cloud Mesh without its link; the site that it names is the link's. */
function codesOf(
  invite: OcmInviteRow | undefined,
  link: string,
  { sealer }: Pick<SharingParts, "sealer">,
): Pick<InvitationFacts, "code" | "inviteString"> {
  if (invite === undefined) return { code: null, inviteString: null };
  const { code, inviteString } = inviteForms(new URL(link).origin, openInviteToken(sealer, invite));
  return { code, inviteString };
}

/** The recipient's own link where he has one, else the sharing's. A secret. */
export function linkOf(
  { recipient, sharing }: Pick<PlannedInvitation, "recipient" | "sharing">,
  { sealer }: Pick<SharingParts, "sealer">,
): string {
  return recipient.link_sealed === null
    ? sealer.open(sharing.link_sealed, { table: "sharing", row: sharing.id, column: "link_sealed" })
    : sealer.open(recipient.link_sealed, { table: "recipient", row: recipient.id, column: "link_sealed" });
}

/** The recipient's page; a secret. Null where no pages are served. */
function pageOf(
  recipientId: string,
  { settings, sealer }: Pick<SharingParts, "settings" | "sealer">,
): string | null {
  const { publicUrl } = settings();
  if (publicUrl === null) return null;
  return publicUrl + invitationPath({ recipientId, mac: sealer.mac(pagePurpose, recipientId) });
}
