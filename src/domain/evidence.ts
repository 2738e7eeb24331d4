import { type EvidenceName, evidenceNames } from "./policy.ts";
import type { Authentication } from "./share.ts";

/** A host in both its forms, so that nobody is deceived by one (reference/security.md 4, rule 8). */
export interface HostView {
  /** Lower-case A-label, without port. */
  readonly ascii: string;
  /** U-label; equal to `ascii` for an ordinary host. */
  readonly unicode: string;
  readonly marks: readonly HostMark[];
}

export type HostMark =
  /** The two forms differ. */
  | "punycode"
  /** Letters of scripts that no one language mixes in one label. */
  | "mixed-script"
  /** Reads like a host the account knows, or like one in plain letters, and is not that host. */
  | "look-alike";

/** Cheap signs of deceit (reference/security.md 4, rule 7); they hold, they never accept. */
export type Signal =
  | "reply-to-elsewhere"
  | "date-in-future"
  | "link-shows-another-host"
  | "name-shows-another-address"
  | "several-senders";

/** What the mail's own DKIM signature showed, where it was looked at, or that of a share that came by HTTP. */
export interface SignatureFinding {
  /** RFC 8601 section 2.7.1. */
  readonly result: "pass" | "fail" | "neutral" | "policy" | "temperror" | "none";
  /** The signing domain; null where no signature of the sender's domain was found. */
  readonly domain: string | null;
  /** Why the signature proves the sender, or why not; in words for a record. */
  readonly because: string;
}

/** Everything that speaks for or against believing one mail, as it is kept in the decision record. */
export interface Evidence {
  readonly authentication: Authentication;
  /** Null where the receiving server spoke, or nobody looked. */
  readonly signature: SignatureFinding | null;
  readonly origin: HostView | null;
  readonly link: HostView | null;
  readonly sender: HostView | null;
  /** A rule that accepts names the origin's host, or the account follows a share there. */
  readonly isKnownOrigin: boolean;
  readonly signals: readonly Signal[];
  /** The mail lay in a Junk folder, or carries $Junk or $Phishing: it is never acted on. */
  readonly isJunk: boolean;
  /** The sender is one of the account's contacts, or it exchanged an invitation with him, and the mail is authenticated for him. */
  readonly isKnownContact: boolean;
  /** The account said: trust this sender from now on. */
  readonly isTrustedSender: boolean;
}

/** Whether a rule may act on this mail without asking: authenticated, one sender, no deceit, not junk, for this origin. */
export function isBelieved(evidence: Evidence): boolean {
  const { authentication, isJunk } = evidence;
  const isGenuine = authentication.trusted && isOriginConfirmed(evidence) && isAcquainted(evidence);
  return isGenuine && !isJunk && !isDeceptive(evidence);
}

/**
 * Whether the sender is somebody to the account, where only his own server speaks for him: anybody can run one that signs.
 * Mail is not asked for this: it has passed the account's own mail server.
 */
export function isAcquainted({ authentication, isKnownContact, isTrustedSender }: Evidence): boolean {
  return authentication.by !== "message-signature" || isKnownContact || isTrustedSender;
}

/**
 * Whether sender and origin belong together: whoever is authenticated speaks for his own domain, and for another only
 * where the operator or the account has said so before (reference/security.md 4, rule 6).
 */
export function isOriginConfirmed({ authentication, isKnownOrigin }: Evidence): boolean {
  return authentication.linkAligned || isKnownOrigin;
}

/** The evidence that a policy's rules may ask for, in a fixed order. */
export function conditionsOf(evidence: Evidence): readonly EvidenceName[] {
  const holds: Readonly<Record<EvidenceName, boolean>> = {
    authenticated: evidence.authentication.trusted,
    "link-aligned": evidence.authentication.linkAligned,
    "not-junk": !evidence.isJunk,
    "no-signals": evidence.signals.length === 0 && !isDeceptive(evidence),
  };
  return evidenceNames.filter((name) => holds[name]);
}

/** Signs that the mail shows something else than it is. A Reply-To elsewhere may be honest: it is a signal, no deceit. */
const deceits: ReadonlySet<Signal> = new Set([
  "date-in-future",
  "link-shows-another-host",
  "name-shows-another-address",
  "several-senders",
]);

/** A host in another script alone is shown in both forms, and no deceit (reference/security.md 4, rule 8). */
function isDeceptive({ origin, link, sender, signals }: Evidence): boolean {
  const hasDeceptiveHost = [origin, link, sender].some(
    (host) => host?.marks.some((mark) => mark !== "punycode") === true,
  );
  return hasDeceptiveHost || signals.some((signal) => deceits.has(signal));
}
