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
  readonly newId: (prefix: string) => string;
  readonly random: () => number;
}
