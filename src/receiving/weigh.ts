import { addressDomain, addressKey } from "../domain/address.ts";
import type { Rule } from "../domain/policy.ts";
import type { DkimVerdict } from "../domain/signature.ts";
import type { MailReader } from "../protocols/protocol.ts";
import { readAccountRules } from "../store/account-rules.ts";
import { listContacts } from "../store/contacts.ts";
import type { Db, Store } from "../store/store.ts";
import type { FollowingAccount } from "./account.ts";
import { type Acquaintance, buildEvidence, needsSignature } from "./evidence.ts";
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
    return buildEvidence({
      mail: seen.view,
      inspection: { ...inspection, notification },
      place: { folder: seen.mail.folder, isJunkFolder: seen.isJunkFolder, flags: seen.flags },
      verdict,
      readers: parts.readers,
      known: await acquaintance(parts.store.db, account, parts.settings().policy),
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

async function acquaintance(
  db: Db,
  account: FollowingAccount,
  siteRules: readonly Rule[],
): Promise<Acquaintance> {
  const contacts = await listContacts(db, account.id);
  const byKey = new Map(contacts.map((contact) => [contact.address_key, contact]));
  const subscriptions = await db
    .selectFrom("subscription")
    .select("origin")
    .distinct()
    .where("account_id", "=", account.id)
    .execute();
  const rules = [...(await readAccountRules(db, account.id)), ...siteRules];
  const addresses = [...account.who.addresses, ...contacts.map(({ address }) => address)];
  return {
    hosts: [
      ...addresses.flatMap((address) => addressDomain(address) ?? []),
      ...subscriptions.flatMap(({ origin }) => URL.parse(origin)?.hostname ?? []),
      ...rules.flatMap(({ originHost, senderDomain }) => [hostWithoutPort(originHost), senderDomain]),
    ].filter((host) => host !== null),
    contact: (address) => {
      const contact = byKey.get(addressKey(address) ?? "");
      return contact === undefined ? null : { isTrusted: contact.trusted_at !== null };
    },
  };
}

function hostWithoutPort(host: string | null): string | null {
  return host === null ? null : (URL.parse(`https://${host}`)?.hostname ?? null);
}
