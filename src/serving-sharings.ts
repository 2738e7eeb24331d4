import { createFederated, type FederatingParts } from "./federation/sent/create.ts";
import type { Sharings } from "./http/server/sharing-parts.ts";
import { joinedStore } from "./joined-store.ts";
import { addRecipients } from "./sharing/add-recipients.ts";
import { muteSharer, openInvitation, recipientAnswered } from "./sharing/answer.ts";
import { createSharing } from "./sharing/create.ts";
import type { PlanningParts } from "./sharing/parts.ts";
import { remind } from "./sharing/remind.ts";
import { resend } from "./sharing/resend.ts";
import { revoke } from "./sharing/revoke.ts";
import { shownInvitation } from "./sharing/shown-invitation.ts";

/** What the server passes on to the sharing flow. */
export function servingSharings(parts: PlanningParts, federating: FederatingParts): Sharings {
  const within = (db: Parameters<Sharings["create"]>[0]): PlanningParts => ({
    ...parts,
    store: joinedStore(db, parts.store),
  });
  return {
    create: async (db, asked) => createSharing(within(db), asked),
    federate: async (db, asked) => createFederated(db, asked, federating),
    addRecipients: async (db, more) => addRecipients(within(db), more),
    remind: async (db, chosen) => remind(within(db), chosen),
    revoke: async (db, chosen) => revoke(within(db), chosen),
    resend: async (db, chosen) => resend(within(db), chosen),
    answered: recipientAnswered,
    open: async (db, recipientId) => openInvitation(db, recipientId, parts),
    mute: muteSharer,
    shown: async (recipientId) => shownInvitation(parts.store.db, recipientId, parts),
  };
}
