import { recipientAfter } from "../domain/recipient.ts";
import type { RecipientMails } from "../store/invited.ts";
import { type InvitationRow, setRecipientState, updateInvitation } from "../store/sharings.ts";
import type { Db } from "../store/store.ts";
import { type Acted, type Chosen, findChosen, whyEnded } from "./chosen.ts";
import type { PlanningParts } from "./parts.ts";
import { planMails, type Sharing } from "./plan-mails.ts";

/** Sends the invitation once more to those of a sharing's recipients who are known not to have it. */
export async function resend(parts: PlanningParts, chosen: Chosen): Promise<Acted> {
  return parts.store.transaction(async (db) => {
    const looked = await findChosen(db, chosen);
    if (looked.kind === "refused") return looked;
    const { sharing, about, recipients } = looked.found;
    const ended = whyEnded(sharing);
    if (ended !== null) return ended;
    const judged = recipients.map((each) => ({ each, because: whyNotResent(each) }));
    const again = judged.flatMap(({ each, because }) => (because === null ? [each] : []));
    for (const each of again) await sendAgain(db, about, each, parts);
    return {
      kind: "done",
      done: again.map(({ recipient }) => recipient.address),
      left: judged.flatMap(({ each, because }) =>
        because === null ? [] : [{ address: each.recipient.address, because }],
      ),
    };
  });
}

function whyNotResent({ recipient, mails }: RecipientMails): string | null {
  if (recipient.state !== "mail-not-sent") return `is ${recipient.state}`;
  if (mails.length === 0) return "is asked at his own server, not by mail";
  return mails.some(({ state }) => state === "planned" || state === "attempting")
    ? "has a mail on its way already"
    : null;
}

/** Written anew, since nobody has what was sent before; under the same Message-ID all the same. */
async function sendAgain(
  db: Db,
  about: Sharing,
  { recipient, mails }: RecipientMails,
  { queue }: Pick<PlanningParts, "queue">,
): Promise<void> {
  const [first] = mails;
  if (first === undefined) return;
  const state = recipientAfter(recipient.state, "invited-again");
  await setRecipientState(db, recipient.id, { state, reason: null, told_by: null });
  await updateInvitation(db, first.id, asNew);
  await planMails(db, about, [first], queue);
}

/** A mail that nobody has, as if it had not been tried. */
export const asNew = {
  state: "planned",
  raw_sealed: null,
  attempts: 0,
  unknown_attempts: 0,
  reply: null,
  sent_at: null,
  fate: null,
  fate_status: null,
  fate_at: null,
} as const satisfies Partial<InvitationRow>;
