import type { Transaction } from "kysely";
import type { RecipientState } from "../../domain/recipient.ts";
import type { Schema } from "../../store/schema.ts";

type Tx = Transaction<Schema>;

/** What accounts share and how recipients answer; the same as on the command line. Each runs in the transaction it is given. */
export interface Sharings {
  create(db: Tx, asked: AskedSharing): Promise<CreatedSharing>;
  /** Shares with people at other clouds, whose servers are asked; no mail is sent. */
  federate(db: Tx, asked: AskedFederated): Promise<CreatedSharing>;
  addRecipients(
    db: Tx,
    more: {
      readonly sharingId: string;
      readonly to: readonly string[];
      readonly locale: string | null;
      readonly by: string;
    },
  ): Promise<AddedRecipients>;
  remind(db: Tx, chosen: ChosenRecipients): Promise<Acted>;
  revoke(db: Tx, chosen: ChosenRecipients): Promise<Acted>;
  resend(db: Tx, chosen: ChosenRecipients): Promise<Acted>;
  answered(
    db: Tx,
    recipientId: string,
    answered: { readonly answer: "accepted" | "refused"; readonly by: string },
  ): Promise<RecipientAnswered>;
  open(db: Tx, recipientId: string): Promise<Opened>;
  mute(db: Tx, recipientId: string): Promise<RecipientAnswered>;
  /** What a recipient's page shows; undefined where there is none any more. Changes nothing. */
  shown(recipientId: string): Promise<ShownInvitation | undefined>;
}

export interface AskedSharing {
  /** Name of the account. */
  readonly account: string;
  readonly title: string;
  /** Secret. */
  readonly link: string;
  readonly message: string | null;
  /** BCP 47; null takes the account's. */
  readonly locale: string | null;
  readonly to: readonly string[];
  /** Milliseconds since 1970; null for what the site says. */
  readonly expiresAtMs: number | null;
  readonly by: string;
  /** By which the same request is known again; null for none. */
  readonly key: string | null;
}

export interface AskedFederated extends Pick<
  AskedSharing,
  "account" | "title" | "to" | "expiresAtMs" | "by" | "key"
> {
  /** WebDAV address, and what opens it: a password with a login, else a bearer token. Secrets. */
  readonly webdav: string;
  readonly login: string | null;
  readonly secret: string;
  /** Null: by the address, which ends with a slash where it is a folder's. */
  readonly resourceType: "file" | "folder" | null;
  readonly mayWrite: boolean;
  readonly mayShare: boolean;
  readonly mustExchange: boolean;
}

/** One thing that is wrong with a request: its field, a kebab-case reason, and a sentence with the way out. */
export interface SharingProblem {
  readonly field: string;
  readonly because: string;
  readonly detail: string;
}

interface RefusedSharing {
  readonly kind: "refused";
  readonly problems: readonly SharingProblem[];
}

export type CreatedSharing =
  | { readonly kind: "created"; readonly id: string; readonly isRepeat: boolean }
  | RefusedSharing;

export type AddedRecipients = { readonly kind: "added"; readonly recipients: number } | RefusedSharing;

export interface ChosenRecipients {
  readonly sharingId: string;
  /** Id or address of one; null for all. */
  readonly recipient: string | null;
  readonly by: string;
}

export type Acted =
  | {
      readonly kind: "done";
      readonly done: readonly string[];
      readonly left: readonly { readonly address: string; readonly because: string }[];
    }
  | { readonly kind: "refused"; readonly because: string; readonly detail: string };

export type RecipientAnswered =
  | { readonly kind: "done" }
  | { readonly kind: "ended"; readonly because: "revoked" | "expired" }
  | { readonly kind: "not-found" };

/** `link` is a secret. */
export type Opened =
  | { readonly kind: "opened"; readonly link: string }
  | Exclude<RecipientAnswered, { readonly kind: "done" }>;

/** What is shown of an invitation, and in which language. */
export type ShownInvitation = Omit<InvitationPage, "form"> & { readonly locale: string };

/** What a recipient sees of a sharing, and what he can do about it. All texts of the sharer are escaped by the page. */
export interface InvitationPage {
  readonly title: string;
  readonly sharerName: string;
  readonly sharerAddress: string;
  /** Host of the link, with its port where it has one. */
  readonly host: string;
  /** When the sharing ends, milliseconds since 1970; null for never. */
  readonly expiresAtMs: number | null;
  /** `expired`: revoked because its time was over. */
  readonly state: RecipientState | "expired";
  /** He wants no more invitations of this sharer. */
  readonly isMuted: boolean;
  readonly form: { readonly action: string; readonly token: string };
}

/** What came of a recipient's answer. */
export interface InvitationAnsweredPage {
  readonly title: string;
  readonly sharerName: string;
  readonly sharerAddress: string;
  /** `revoked` and `expired`: there was nothing left to answer. */
  readonly outcome: "refused" | "muted" | "revoked" | "expired";
}
