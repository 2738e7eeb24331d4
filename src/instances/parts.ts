import type { MailAddress } from "../domain/mail.ts";
import type { ShareNotification } from "../domain/share.ts";
import type { OutboundClient } from "../http/outbound.ts";
import type { PeerPages } from "../http/peer-pages.ts";
import type { Instance, PeerReply, PeerRequest, PeerRoute } from "../http/peer-route.ts";
import type { JobOutcome, JobQueue, LeasedJob } from "../jobs/queue.ts";
import type { FollowWay } from "../protocols/protocol.ts";
import type { CozyMemberRow, CozySharingRow } from "../store/cozy-sharings.ts";
import type { CozyGeneration } from "../store/instance-tables.ts";
import type { Sealer } from "../store/sealing.ts";
import type { Db, Store } from "../store/store.ts";
import type { OwnerActions } from "./owner-actions.ts";

/** What everything that an instance host does is given by the composition root. */
export interface InstanceParts {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly queue: JobQueue;
  readonly http: OutboundClient;
  readonly newId: (prefix: string) => string;
  /** Who sends invitations; null while no SMTP server is configured. */
  readonly sender: () => MailAddress | null;
  /** Pages for people; loaded with the first of them. */
  readonly pages: () => Promise<PeerPages>;
  /** Lets the receiving flow judge a share that came by HTTP as it judges mails; gives the notification's id. */
  readonly announce: (db: Db, announced: AnnouncedShare) => Promise<string>;
  /**
   * Plans the mail to a recipient over his own link (a secret) and lets him be pending: sent once more where it was sent
   * before. False while no mail can be sent, and where he no longer waits for one.
   */
  readonly mailMember: (db: Db, mail: MemberMail) => Promise<boolean>;
  /** Mails to a recipient that were not sent yet close themselves where his state says that he no longer waits. */
  readonly withdrawMails: (db: Db, of: { accountId: string; recipientId: string }) => Promise<void>;
  /** Answers a notification for the account: plans what follows. Why nothing does, for a person; null where it was planned. */
  readonly answer: (notificationId: string, answer: GivenAnswer) => Promise<string | null>;
  /** The other side says that it ended: what the account follows of it is looked at again. */
  readonly recheck: (db: Db, notificationId: string) => Promise<void>;
  /** Ends what the account follows of it, as when the account says so itself; false where it follows nothing. */
  readonly leave: (db: Db, notificationId: string, by: string) => Promise<boolean>;
  /** Says what happened, for the log; fields without secrets. */
  readonly tell: (event: InstanceEvent, fields: Readonly<Record<string, string | number | null>>) => void;
}

export interface GivenAnswer {
  readonly accepted: boolean;
  /** For the record: who said so. */
  readonly by: string;
}

export interface MemberMail {
  readonly recipientId: string;
  readonly link: string;
  /** `discovery`: the mail asks where he is at home. */
  readonly purpose: "invitation" | "discovery";
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
  /** None of those of `SharedRoute`. */
  readonly routes: readonly PeerRoute[];
  /** What this generation answers where others have the same path: shared-routes.ts tells by sharing and body whose it is. */
  readonly shared: Readonly<Partial<Record<SharedRoute, (request: PeerRequest) => Promise<PeerReply>>>>;
  /** How an account that was invited follows. */
  readonly way: FollowWay;
  /** Does one step at a member's Cozy: the worker of `tell-member`. */
  readonly tellMember: (step: MemberStep, signal: AbortSignal) => Promise<JobOutcome>;
  /** What the sharings API asks for, for each kind of sharing that the generation has. */
  readonly actions: Readonly<Partial<Record<CozyGeneration, OwnerActions>>>;
}

/** Paths that several generations have. */
export type SharedRoute =
  /** v3: a request comes in. v1a as documented: the same as GET /sharings/request. */
  | "PUT /sharings/:id"
  /** v3: credentials of a recipient. v1a as documented: the same as GET /sharings/answer. */
  | "POST /sharings/:id/answer"
  /** v1b by sharecode, v3 by state or sharecode. */
  | "GET /sharings/:id/discovery"
  | "POST /sharings/:id/discovery";

export interface MemberStep {
  readonly sharing: CozySharingRow;
  readonly member: CozyMemberRow;
  /** The job's `payload.step`. */
  readonly step: string;
  readonly job: LeasedJob;
}
