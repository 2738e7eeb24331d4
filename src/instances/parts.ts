import type { MailAddress } from "../domain/mail.ts";
import type { ShareNotification } from "../domain/share.ts";
import type { OutboundClient } from "../http/outbound.ts";
import type { Instance, PeerRoute } from "../http/peer-route.ts";
import type { JobOutcome, JobQueue, LeasedJob } from "../jobs/queue.ts";
import type { FollowWay } from "../protocols/protocol.ts";
import type { CozyMemberRow, CozySharingRow } from "../store/cozy-sharings.ts";
import type { Sealer } from "../store/sealing.ts";
import type { Db, Store } from "../store/store.ts";

/** What everything that an instance host does is given by the composition root. */
export interface InstanceParts {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly queue: JobQueue;
  readonly http: OutboundClient;
  readonly newId: (prefix: string) => string;
  /** Who sends invitations; null while no SMTP server is configured. */
  readonly sender: () => MailAddress | null;
  /** Lets the receiving flow judge a share that came by HTTP as it judges mails; gives the notification's id. */
  readonly announce: (db: Db, announced: AnnouncedShare) => Promise<string>;
  /** Says what happened, for the log; fields without secrets. */
  readonly tell: (event: InstanceEvent, fields: Readonly<Record<string, string | number | null>>) => void;
}

/** A share that another server asked about over HTTP. Nobody vouches for it. */
export interface AnnouncedShare {
  readonly instance: Instance;
  readonly share: ShareNotification;
  /** What tells it apart from others, where a mail has its Message-ID. */
  readonly key: string;
}

export type InstanceEvent =
  /** Another Cozy asked to share something. */
  | "sharing-requested"
  /** A recipient answered; `status` says how. */
  | "sharing-answered"
  /** A member could not be told; `reason` says why. */
  | "member-not-told"
  /** One side ended it. */
  | "sharing-ended";

/** What one generation of the protocol contributes. */
export interface Generation {
  readonly routes: readonly PeerRoute[];
  /** How an account that was invited follows. */
  readonly way: FollowWay;
  /** Does one step at a member's Cozy: the worker of `tell-member`. `step` is the job's payload. */
  readonly tellMember: (step: MemberStep, signal: AbortSignal) => Promise<JobOutcome>;
}

export interface MemberStep {
  readonly sharing: CozySharingRow;
  readonly member: CozyMemberRow;
  readonly step: string;
  readonly job: LeasedJob;
}
