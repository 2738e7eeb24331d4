import type { DeliveryParts } from "../delivery/parts.ts";
import type { WriteInvitation } from "../domain/invitation.ts";
import type { JobQueue } from "../jobs/queue.ts";

/** What every step of the sharing flow is given by the composition root. */
export interface SharingParts extends DeliveryParts {
  readonly queue: JobQueue;
  readonly writeInvitation: WriteInvitation;
  /** Says what became of an invitation, for the log; fields without addresses and secrets. */
  readonly tell: (event: SharingEvent, fields: Readonly<Record<string, string | number | null>>) => void;
  readonly newId: (prefix: string) => string;
}

export type SharingEvent =
  /** The mail server took the mail. */
  | "invitation-sent"
  /** It is tried again later; `reply` says why. */
  | "invitation-waits"
  /** It is given up: the recipient is mail-not-sent, or nobody knows whether it arrived. */
  | "invitation-failed";
