import type { DeliveryParts } from "../delivery/parts.ts";
import type { WriteInvitation } from "../domain/invitation.ts";
import type { JobQueue } from "../jobs/queue.ts";

/** What every step of the sharing flow is given by the composition root. */
export interface SharingParts extends DeliveryParts {
  readonly queue: JobQueue;
  readonly writeInvitation: WriteInvitation;
  readonly newId: (prefix: string) => string;
}
