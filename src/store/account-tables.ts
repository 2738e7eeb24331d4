import type { Generated } from "kysely";
import type { HomeKind } from "../domain/home.ts";

// Tables of accounts and where they are at home. Units and suffixes as in store/schema.ts.

export interface AccountTable {
  id: string;
  /** Unique; how the administrator calls the account. */
  name: string;
  /** BCP 47 tag. */
  locale: string;
  /** JSON array of ModuleName. */
  modules_json: string;
  /** The account's own rules, JSON array of Rule; null for none. */
  policy_json: Generated<string | null>;
  created_at: number;
  /** `host[:port]` under which the account's own Cozy routes are served; null for none. Unique. */
  instance_host: Generated<string | null>;
}

export interface AccountAddressTable {
  /** Normal form of domain/address.ts; unique in the site. */
  address_key: string;
  account_id: string;
  /** As given. */
  address: string;
  is_primary: number;
}

/** The account's own groupware or cloud server, one of each kind, where subscriptions can be registered in his name. */
export interface AccountHomeTable {
  account_id: string;
  kind: HomeKind;
  /** OX: the API prefix, for example https://ox.example.org/ajax/; else `https://host[:port][/path]` of the server. */
  base_url: string;
  login: string;
  password_sealed: string;
}
