import { addressDomain, addressKey } from "../domain/address.ts";
import type { Rule } from "../domain/policy.ts";
import { listContacts } from "../store/contacts.ts";
import type { Db } from "../store/store.ts";
import type { Acquaintance } from "./evidence.ts";

/**
 * What an account knows already: itself, its contacts, where it follows shares, and what rules name. An origin where it
 * follows nothing any more vouches for no mail; hosts that look like it are still marked.
 */
export async function readAcquaintance(
  db: Db,
  account: { readonly id: string; readonly addresses: readonly string[] },
  rules: readonly Rule[],
): Promise<Acquaintance> {
  const contacts = await listContacts(db, account.id);
  const byKey = new Map(contacts.map((contact) => [contact.address_key, contact]));
  const subscriptions = await db
    .selectFrom("subscription")
    .select([
      "origin",
      ({ fn }) => fn.countAll<number>().as("all"),
      ({ fn }) => fn.count<number>("ended_at").as("ended"),
    ])
    .groupBy("origin")
    .where("account_id", "=", account.id)
    .execute();
  const addresses = [...account.addresses, ...contacts.map(({ address }) => address)];
  const named = acquaintanceOf(addresses, rules);
  const followed = subscriptions.filter(({ all, ended }) => ended < all);
  return {
    hosts: [...named.hosts, ...urlsOf(subscriptions).map(({ hostname }) => hostname)],
    origins: [...named.origins, ...urlsOf(followed).map(({ host }) => host)],
    contact: (address) => {
      const contact = byKey.get(addressKey(address) ?? "");
      return contact === undefined ? null : { isTrusted: contact.trusted_at !== null };
    },
  };
}

function urlsOf(subscriptions: readonly { readonly origin: string }[]): readonly URL[] {
  return subscriptions.flatMap(({ origin }) => URL.parse(origin) ?? []);
}

/** What somebody knows by addresses and rules alone. */
export function acquaintanceOf(addresses: readonly string[], rules: readonly Rule[]): Acquaintance {
  const hosts = rules.flatMap(({ originHost, senderDomain }) => [hostWithoutPort(originHost), senderDomain]);
  const domains = addresses.map(addressDomain);
  return {
    hosts: [...domains, ...hosts].filter((host) => host !== null),
    origins: rules.flatMap(({ originHost, then }) => (then === "accept" ? (originHost ?? []) : [])),
    contact: () => null,
  };
}

function hostWithoutPort(host: string | null): string | null {
  return host === null ? null : (URL.parse(`https://${host}`)?.hostname ?? null);
}
