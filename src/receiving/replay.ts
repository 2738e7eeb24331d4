import type { NotificationRow } from "../store/notifications.ts";
import type { Finding } from "./finding.ts";
import { judge, type Judged } from "./judge.ts";
import type { ReceivingParts } from "./parts.ts";

export interface Replayed extends Judged {
  /** Whether the notification is not what it was. */
  readonly hasChanged: boolean;
}

/**
 * Judges one mail again with the policy and the software of now. Without `apply` all of it is taken back: what is returned
 * is what would happen. An answer that the account gave and a subscription that stands stay as they are; where nothing
 * would change, nothing is written.
 */
export async function replay(
  finding: Finding,
  parts: ReceivingParts,
  { apply }: { readonly apply: boolean },
): Promise<Replayed> {
  const judged = await tryOut(finding, parts);
  const hasChanged = judged.isNewTarget || differs(judged.before, judged.after);
  if (!apply || !hasChanged) return { ...judged, hasChanged };
  const done = await parts.store.transaction(async (db) => judge(db, finding, parts, { again: true }));
  return { ...done, hasChanged };
}

/** Ends a transaction so that nothing of it stays. */
class TakenBack extends Error {
  override readonly name = "TakenBack";
  readonly judged: Judged;

  constructor(judged: Judged) {
    super("tried out only");
    this.judged = judged;
  }
}

async function tryOut(finding: Finding, parts: ReceivingParts): Promise<Judged> {
  try {
    return await parts.store.transaction(async (db) => {
      throw new TakenBack(await judge(db, finding, parts, { again: true }));
    });
  } catch (error) {
    if (error instanceof TakenBack) return error.judged;
    throw error;
  }
}

function differs(before: NotificationRow | null, after: NotificationRow): boolean {
  return before === null || before.state !== after.state || before.reason !== after.reason;
}
