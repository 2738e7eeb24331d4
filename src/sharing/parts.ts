import type { WriteInvitation } from "../domain/invitation.ts";
import type { MailAddress } from "../domain/mail.ts";
import type { JobQueue } from "../jobs/queue.ts";
import type { MailTransport } from "../mail/transport.ts";
import type { Sealer } from "../store/sealing.ts";
import type { Store } from "../store/store.ts";

/** What every step of the sharing flow is given by the composition root. */
export interface SharingParts {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly queue: JobQueue;
  readonly transport: MailTransport;
  readonly writeInvitation: WriteInvitation;
  /** Who sends invitations; null while no SMTP server is configured. Asked anew each time. */
  readonly sender: () => MailAddress | null;
  /** Says what became of an invitation, for the log; fields without addresses and secrets. */
  readonly tell: (event: SharingEvent, fields: Readonly<Record<string, string | number | null>>) => void;
  readonly newId: (prefix: string) => string;
  readonly random: () => number;
}

export type SharingEvent =
  /** The mail server took the mail. */
  | "invitation-sent"
  /** It is tried again later; `reply` says why. */
  | "invitation-waits"
  /** It is given up: the recipient is mail-not-sent, or nobody knows whether it arrived. */
  | "invitation-failed";
