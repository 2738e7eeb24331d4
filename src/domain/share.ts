import type { MailAddress } from "./mail.ts";

export type ProtocolName =
  | "ox"
  | "cozy-v2"
  | "cozy-v1"
  | "cozy"
  | "ocm-invite"
  | "public-link"
  | "federated-share";

export type RecipientKind = "named-guest" | "anonymous" | "internal" | "member" | "unknown";
export type ModuleName = "files" | "calendar" | "contacts" | "tasks";

/** One share notification as a mail announces it. `link` and `shareId` are secrets. */
export interface ShareNotification {
  readonly protocol: ProtocolName;
  readonly variant: string;
  /** `https://host[:port]` of the originating server, where the mail tells it. */
  readonly origin: string | null;
  readonly link: string | null;
  readonly shareId: string | null;
  readonly recipientKind: RecipientKind;
  readonly module: ModuleName | null;
  readonly folder: string | null;
  readonly item: string | null;
  readonly sharer: MailAddress;
  readonly title: string | null;
}

/** What the mail server that received a mail said about its sender (RFC 8601). */
export interface Authentication {
  /** The one From address; null where there is none or more than one. */
  readonly from: string | null;
  readonly dkim: string | null;
  readonly spf: string | null;
  readonly dmarc: string | null;
  readonly authservId: string | null;
  /**
   * Who says so: the receiving server's field, the mail's own DKIM signature verified here, or, of what came by HTTP, the
   * signature of the sharer's server.
   */
  readonly by: "authentication-results" | "dkim-signature" | "message-signature" | null;
  /**
   * dmarc=pass for the From domain, said by a trusted authserv-id in a trustworthy place; or a DKIM signature of the
   * sender's organisation over all that decides; or a message signed by the server that it speaks for.
   */
  readonly trusted: boolean;
  /** The registrable domains of the origin (or link host) and of the From address are equal. */
  readonly linkAligned: boolean;
}

/** One failed or delayed delivery of an own mail (RFC 3464). */
export interface Bounce {
  readonly recipient: string | null;
  /** Enhanced status code, RFC 3463. */
  readonly status: string | null;
  readonly action: string | null;
  /** With angle brackets. */
  readonly originalMessageId: string | null;
}

/** What Usher sees in one mail: the outside contract of `usher inspect`. */
export interface Inspection {
  readonly verdict: "share-notification" | "delivery-status" | "auto-reply" | "none";
  /** Machine-readable reason; null unless the verdict is none. */
  readonly because: string | null;
  readonly notification: ShareNotification | null;
  /** The share that the mail says is over; left out where it says so of none. */
  readonly revoked?: ShareNotification;
  readonly authentication: Authentication;
  readonly bounce: Bounce | null;
}

/** The first eight characters of a secret, for logs and records (reference/ox.md, section 11). */
export function shortened(secret: string): string {
  return secret.length <= 8 ? "…" : `${secret.slice(0, 8)}…`;
}

const moduleNames: readonly ModuleName[] = ["files", "calendar", "contacts", "tasks"];

/** The module of that name, or null. */
export function moduleName(text: string | null): ModuleName | null {
  return moduleNames.find((name) => name === text) ?? null;
}
