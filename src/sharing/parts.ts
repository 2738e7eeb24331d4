import type { SharingConfig } from "../config/config.ts";
import type { DeliveryParts } from "../delivery/parts.ts";
import type { WriteInvitation } from "../domain/invitation.ts";
import type { JobQueue } from "../jobs/queue.ts";

/** What every step of the sharing flow is given by the composition root. */
export interface SharingParts extends DeliveryParts {
  readonly queue: JobQueue;
  /** Asked anew each time. */
  readonly settings: () => SharingSettings;
  readonly writeInvitation: WriteInvitation;
  /** Where reports come back to, each with a secret of its mail; null: to the site's own address. Asked anew each time. */
  readonly bounces: () => string | null;
  /** Says what became of an invitation, for the log; fields without addresses and secrets. */
  readonly tell: (event: SharingEvent, fields: Readonly<Record<string, string | number | null>>) => void;
  readonly newId: (prefix: string) => string;
}

/** What the site's configuration says of sharings. */
export interface SharingSettings extends SharingConfig {
  /** Where recipients' pages are served; null for nowhere. */
  readonly publicUrl: string | null;
}

/** What changing a sharing needs; nothing of it sends. */
export type PlanningParts = Pick<
  SharingParts,
  "store" | "sealer" | "queue" | "sender" | "settings" | "newId"
>;

export type SharingEvent =
  /** The mail server took the mail. */
  | "invitation-sent"
  /** It is tried again later; `reply` says why. */
  | "invitation-waits"
  /** It is given up: the recipient is mail-not-sent, or nobody knows whether it arrived. */
  | "invitation-failed"
  /** A delivery report: it arrived, or was handed to a server that reports no further. */
  | "invitation-delivered"
  /** A delivery report: a mail server on the way keeps trying; `status` says why. */
  | "invitation-delayed"
  /** A delivery report: it came back; `status` says why. */
  | "invitation-bounced";
