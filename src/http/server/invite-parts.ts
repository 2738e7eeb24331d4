import type { Transaction } from "kysely";
import type { Schema } from "../../store/schema.ts";
import type { GivenInvite } from "../../store/ocm-invites.ts";
import type { SharingProblem } from "./sharing-parts.ts";

type Tx = Transaction<Schema>;

/** Invitations from cloud to cloud, as on the command line. Each runs in the transaction it is given. */
export interface Invites {
  give(db: Tx, asked: AskedInvite): Promise<GivenInvites>;
  withdraw(
    db: Tx,
    withdrawal: { readonly invite: GivenInvite; readonly by: string },
  ): Promise<WithdrawnInvite>;
  /** An invitation that a person pasted waits for the account's answer: the notification's id; null where it is none. */
  bring(db: Tx, brought: { readonly accountId: string; readonly pasted: string }): Promise<string | null>;
}

export interface AskedInvite {
  /** Name of the account. */
  readonly account: string;
  /** Mail addresses; none for one invitation that is handed over by other means. */
  readonly to: readonly string[];
  readonly name: string | null;
  readonly title: string | null;
  readonly message: string | null;
  /** BCP 47; null takes the account's. */
  readonly locale: string | null;
  readonly by: string;
}

/** `link`, `code` and `inviteString` are secrets. */
export interface NewInvite {
  readonly id: string;
  readonly address: string | null;
  readonly expiresAtMs: number;
  readonly link: string;
  readonly code: string;
  readonly inviteString: string;
}

export type GivenInvites =
  | { readonly kind: "given"; readonly sharingId: string | null; readonly invites: readonly NewInvite[] }
  | { readonly kind: "refused"; readonly problems: readonly SharingProblem[] };

export type WithdrawnInvite =
  | { readonly kind: "withdrawn" }
  | { readonly kind: "unchanged"; readonly why: string };
