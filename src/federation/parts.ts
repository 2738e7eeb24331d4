import type { OcmConfig } from "../config/config.ts";
import type { MailAddress } from "../domain/mail.ts";
import type { ShareNotification } from "../domain/share.ts";
import type { OutboundClient } from "../http/outbound.ts";
import type { PeerPages } from "../http/peer-pages.ts";
import type { PeerRequest, SiteRoute } from "../http/peer-route.ts";
import type { JobQueue, Worker } from "../jobs/queue.ts";
import type { Peer } from "../protocols/ocm/peer.ts";
import type { OcmWays } from "../protocols/open-cloud-mesh.ts";
import type { Ask, TryLater } from "../protocols/protocol.ts";
import type { Sealer } from "../store/sealing.ts";
import type { Db, Store } from "../store/store.ts";

/** What everything about Open Cloud Mesh is given by the composition root. */
export interface FederationGround {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly queue: JobQueue;
  readonly http: OutboundClient;
  readonly newId: (prefix: string) => string;
  readonly random: () => number;
  /** `https://host[:port]` of the site; null while nothing is served, and where `ocm.enabled` says no. */
  readonly siteUrl: () => string | null;
  readonly settings: () => OcmConfig;
  /** Who sends invitations; null while no SMTP server is configured. */
  readonly sender: () => MailAddress | null;
  /** Pages for people; loaded with the first of them. */
  readonly pages: () => Promise<PeerPages>;
  /** Lets the receiving flow judge a share that came by HTTP as it judges mails; gives the notification's id. */
  readonly announce: (db: Db, announced: FederatedNews) => Promise<string>;
  /** Mails an account what waits for its answer, once, whatever a rule says of mails: it was promised one. */
  readonly askAccount: (db: Db, notificationId: string) => Promise<void>;
  /** The other side says that it ended: what the account follows of it is looked at again. */
  readonly recheck: (db: Db, notificationId: string) => Promise<void>;
  /** The other side took back what the account has not answered: it is no longer asked about it. */
  readonly closeHeld: (db: Db, notificationId: string) => Promise<void>;
  /**
   * Plans the mail to a recipient over his own link (a secret) and lets him be pending: sent once more where it was sent
   * before. False while no mail can be sent, and where he no longer waits for one.
   */
  readonly mailMember: (db: Db, mail: InviteMail) => Promise<boolean>;
  /** Mails to a recipient that were not sent yet close themselves where his state says that he no longer waits. */
  readonly withdrawMails: (db: Db, of: { accountId: string; recipientId: string }) => Promise<void>;
  /** A recipient of one of the accounts' sharings has answered; nothing happens where his sharing has ended. */
  readonly recipientAnswered: (
    db: Db,
    recipientId: string,
    answered: { readonly answer: "accepted" | "refused"; readonly by: string },
  ) => Promise<unknown>;
  /** Says what happened, for the log; fields without secrets. */
  readonly tell: (
    event: FederationEvent,
    fields: Readonly<Record<string, string | number | boolean | null>>,
  ) => void;
}

/** With the peers, which all of it needs. */
export interface FederationParts extends FederationGround {
  readonly peers: Peers;
}

export interface InviteMail {
  readonly recipientId: string;
  readonly link: string;
  readonly purpose: "invite";
}

/** A share, or an invitation, that another server or a person brought over HTTP. */
export interface FederatedNews {
  readonly accountId: string;
  readonly share: ShareNotification;
  /** What tells it apart from others, where a mail has its Message-ID. */
  readonly key: string;
  /** What speaks for it; null where nobody vouches. */
  readonly voucher: Voucher | null;
}

/** A peer that proved to be itself by its signature. */
export interface Voucher {
  /** `host[:port]`. */
  readonly host: string;
  readonly keyId: string;
  readonly scheme: "cavage" | "rfc9421";
  /** The account exchanged an invitation with the sharer. */
  readonly isContact: boolean;
}

export type FederationEvent =
  /** A peer asked to share something. */
  | "peer-shared"
  /** A request of a peer was refused; `reason` says why. */
  | "peer-refused"
  /** A peer signed with another key than before. */
  | "peer-key-changed"
  /** A key of a peer was seen for the first time, and is trusted from now on. */
  | "peer-key-trusted"
  /** An invitation was accepted, by either side. */
  | "invite-accepted"
  /** A recipient's server took a share. */
  | "share-offered"
  /** A recipient's server told what became of a share. */
  | "share-answered"
  /** A recipient's server could not be told; `reason` says why. */
  | "peer-not-told"
  /** What a recipient asked for could not be fetched from the application that holds it; `reason` says why. */
  | "share-not-relayed"
  /** One side ended a share. */
  | "share-ended";

/** Other servers of Open Cloud Mesh: found, believed, and written to. */
export interface Peers {
  /**
   * What a server says of itself, kept for limits.ocmDiscoveryMs: `/.well-known/ocm` first, then `/ocm-provider/`
   * (reference/ocm.md 4.1). `host` is `host[:port]`. Asks nobody whom the configuration shuts out.
   */
  discover(host: string, ask: Ask): Promise<Discovered>;
  /**
   * POSTs to `endPoint + path` (or to an absolute address of the peer), signed in the way that the peer understands
   * (reference/ocm.md 1, point 7). An object is sent as JSON, URLSearchParams as a form.
   */
  post(peer: Peer, path: string, body: object | URLSearchParams, ask: PeerAsk): Promise<PeerPosted>;
  /** Whether a request was signed by the host that it speaks for. Remembers signatures, and new keys. */
  verify(request: PeerRequest<null>, expectedHost: string, ask: Ask): Promise<Verified>;
}

export interface PeerAsk extends Ask {
  /** For the decision record: what is done by it, for example `accept share`. */
  readonly what: string;
}

export type Discovered =
  | { readonly kind: "peer"; readonly peer: Peer }
  /** It is no server of Open Cloud Mesh, or one that nobody may trust, or the configuration shuts it out. */
  | { readonly kind: "no-peer"; readonly because: string; readonly detail: string }
  | TryLater;

/** An answer of a peer, whatever it says, or none. */
export type PeerPosted =
  | {
      readonly kind: "answered";
      readonly status: number;
      /** JSON; undefined where the answer is none. */
      readonly body: unknown;
      readonly retryAfterMs: number | null;
    }
  | TryLater
  /** The guard refused the address for good. */
  | { readonly kind: "refused"; readonly because: string; readonly detail: string };

export type Verified =
  | {
      readonly kind: "signed";
      readonly host: string;
      readonly keyId: string;
      readonly scheme: "cavage" | "rfc9421";
      /** The key was never seen before. */
      readonly isFirstUse: boolean;
    }
  /** `mustSign`: it signed before, or its discovery says that it does. */
  | { readonly kind: "unsigned"; readonly mustSign: boolean }
  | { readonly kind: "bad-signature"; readonly because: string; readonly detail: string };

export interface Federation {
  readonly routes: readonly SiteRoute[];
  readonly ways: OcmWays;
  readonly workers: {
    readonly "tell-peer": Worker;
    readonly "sweep-federation": Worker;
  };
}
