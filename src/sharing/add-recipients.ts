import { checkRecipients, noSender, type SharingProblem } from "../domain/sharing-request.ts";
import { recipientsWithMails } from "../store/invited.ts";
import { hasInvites } from "../store/ocm-invites.ts";
import { hasSentShares } from "../store/ocm-sent-shares.ts";
import { addRecord } from "../store/records.ts";
import { readSharer, readSharing } from "../store/sharings.ts";
import { whyEnded, whyOfCozys } from "./chosen.ts";
import { invite } from "./invite.ts";
import type { PlanningParts } from "./parts.ts";
import { siteDomain } from "./plan-mails.ts";

export interface MoreRecipients {
  readonly sharingId: string;
  readonly to: readonly string[];
  /** Language of their invitations; null takes that of the account. */
  readonly locale: string | null;
  readonly by: string;
}

export type Added =
  | { readonly kind: "added"; readonly recipients: number }
  | { readonly kind: "refused"; readonly problems: readonly SharingProblem[] };

/** Invites more people to a sharing, all of them or none. */
export async function addRecipients(parts: PlanningParts, more: MoreRecipients): Promise<Added> {
  return parts.store.transaction(async (db) => {
    const sharing = await readSharing(db, more.sharingId);
    if (sharing === undefined)
      return refused({ because: "no-such-sharing", detail: "There is no such sharing." });
    const ended = whyEnded(sharing) ?? (await whyOfCozys(db, sharing));
    if (ended !== null) return refused(ended);
    if (await hasInvites(db, sharing.id)) return refused(ofInvites);
    if (await hasSentShares(db, sharing.id)) return refused(federated);
    const domain = siteDomain(parts);
    const sharer = await readSharer(db, { id: sharing.account_id });
    if (domain === null || sharer === undefined) return refused(noSender);
    const known = await recipientsWithMails(db, sharing.id);
    const checked = checkRecipients(more.to, new Set(known.map(({ recipient }) => recipient.address_key)));
    if (!checked.ok) return { kind: "refused", problems: checked.problems };
    const locale = more.locale ?? sharer.locale;
    const addresses = checked.recipients;
    await addRecord(db, { accountId: sharing.account_id, sharingId: sharing.id }, "decision", {
      action: "invite",
      by: more.by,
      recipients: addresses.length,
      locale,
    });
    const lastAt = known.at(-1)?.recipient.created_at ?? null;
    await invite(db, { sharing, addresses, locale, domain, lastAt }, parts);
    return { kind: "added", recipients: addresses.length };
  });
}

const ofInvites = {
  because: "cloud-invitations",
  detail:
    "Each recipient of this sharing has an invitation of his own; invite more people with usher sharing invite.",
};

const federated = {
  because: "federated-sharing",
  detail:
    "This is shared from cloud to cloud, without mails; share it with more people with usher sharing federate.",
};

function refused({ because, detail }: Pick<SharingProblem, "because" | "detail">): Added {
  return { kind: "refused", problems: [{ field: "sharing", because, detail }] };
}
