import type { MailAddress } from "../domain/mail.ts";
import type { MailTransport } from "../mail/transport.ts";
import type { Sealer } from "../store/sealing.ts";
import type { Store } from "../store/store.ts";

/** What handing any mail to the mail server needs. */
export interface DeliveryParts {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly transport: MailTransport;
  /** Who sends; null while no SMTP server is configured. Asked anew each time. */
  readonly sender: () => MailAddress | null;
  /** Puts the site's signature on a message, once; without it the mail server signs, or nobody does. */
  readonly sign?: (raw: Buffer, nowMs: number) => Buffer;
  readonly random: () => number;
}
