import type { DkimVerdict } from "../domain/signature.ts";
import type { MailReader } from "../protocols/protocol.ts";
import { readAccountRules } from "../store/account-rules.ts";
import type { Store } from "../store/store.ts";
import { readAcquaintance } from "./acquaintance.ts";
import { buildEvidence, needsSignature } from "./evidence.ts";
import type { ReceivingSettings } from "./parts.ts";
import type { RecognisingParts, SeenMail } from "./recognise.ts";

export interface WeighingParts {
  readonly store: Pick<Store, "db">;
  readonly settings: () => Pick<ReceivingSettings, "policy" | "verifyDkim">;
  readonly readers: readonly MailReader[];
  /** Verifies a mail's DKIM signatures, asking name servers; null where nobody may be asked. */
  readonly verify: ((raw: Buffer) => Promise<DkimVerdict>) | null;
}

/** Gathers the evidence of one mail from the mail itself and from what the account knows. */
export function createWeigh(parts: WeighingParts): RecognisingParts["weigh"] {
  return async (seen, inspection, account) => {
    const { notification } = inspection;
    if (notification === null) throw new Error("Only a mail that announces a share is weighed.");
    const verdict = needsSignature(inspection) ? await verdictOn(seen, parts) : null;
    const rules = [...(await readAccountRules(parts.store.db, account.id)), ...parts.settings().policy];
    const { addresses } = account.who;
    return buildEvidence({
      mail: seen.view,
      inspection: { ...inspection, notification },
      place: { folder: seen.mail.folder, isJunkFolder: seen.isJunkFolder, flags: seen.flags },
      verdict,
      readers: parts.readers,
      known: await readAcquaintance(parts.store.db, { id: account.id, addresses }, rules),
      nowMs: Date.now(),
    });
  };
}

async function verdictOn(seen: SeenMail, parts: WeighingParts): Promise<DkimVerdict | null> {
  if (parts.verify === null || !parts.settings().verifyDkim) return null;
  const raw = await seen.whole();
  if (raw !== null) return parts.verify(raw);
  const because = "the whole mail could not be had, or is too large to be verified";
  return { result: "none", domain: null, because, signedFields: [] };
}
