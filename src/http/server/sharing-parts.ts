import type { RecipientState } from "../../domain/recipient.ts";

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
