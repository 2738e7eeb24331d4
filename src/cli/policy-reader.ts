import type { Config } from "../config/config.ts";
import type { Evidence } from "../domain/evidence.ts";
import type { MailPlace } from "../domain/junk.ts";
import type { MailView } from "../domain/mail.ts";
import type { Rule } from "../domain/policy.ts";
import type { Inspection, ShareNotification } from "../domain/share.ts";
import { mailReaders } from "../protocols/mail-readers.ts";
import { type Acquaintance, buildEvidence } from "../receiving/evidence.ts";
import { acquaintanceOf, readAcquaintance } from "../receiving/acquaintance.ts";
import { readAccountRules } from "../store/account-rules.ts";
import { listAddresses } from "../store/accounts.ts";
import { openStore } from "../store/store.ts";
import { accountNamed } from "./accounts-found.ts";

/** For whom a policy is tried out: with what he knows, and rules of his own. */
export interface PolicyReader {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly rules: readonly Rule[];
  weigh(
    mail: MailView,
    inspection: Inspection & { readonly notification: ShareNotification },
    place: MailPlace,
  ): Evidence;
}

/** Somebody of whom an address is known and nothing else. */
export function stranger({ policy }: Config, address: string): PolicyReader {
  const known = acquaintanceOf([address], policy);
  return { name: "(none named)", addresses: [], rules: [], weigh: weighWith(known) };
}

/** An account as the store knows it. Throws CommandError where there is none, StoreError where there is no store. */
export async function accountReader(config: Config, name: string): Promise<PolicyReader> {
  await using store = await openStore(config.store.file, { migrate: false });
  const { db } = store;
  const { id } = await accountNamed(db, name);
  const addresses = (await listAddresses(db, id)).map(({ address }) => address);
  const rules = await readAccountRules(db, id);
  const known = await readAcquaintance(db, { id, addresses }, [...rules, ...config.policy]);
  return { name, addresses, rules, weigh: weighWith(known) };
}

/** Name servers are not asked for keys: a signature counts as not looked at. */
function weighWith(known: Acquaintance): PolicyReader["weigh"] {
  return (mail, inspection, place) =>
    buildEvidence({ mail, inspection, place, verdict: null, readers: mailReaders, known, nowMs: Date.now() });
}
