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
  /** Reads like a host the account knows, and is not that host. */
  | "look-alike";

/** Cheap signs of deceit (reference/security.md 4, rule 7); they hold, they never accept. */
export type Signal =
  | "reply-to-elsewhere"
  | "date-in-future"
  | "link-shows-another-host"
  | "name-shows-another-address"
  | "several-senders";

/** Everything that speaks for or against believing one mail, as it is kept in the decision record. */
export interface Evidence {
  readonly authentication: Authentication;
  readonly origin: HostView | null;
  readonly link: HostView | null;
  readonly sender: HostView | null;
  readonly signals: readonly Signal[];
  /** The mail lay in a Junk folder, or carries $Junk or $Phishing: it is never acted on. */
  readonly isJunk: boolean;
  /** The sender is one of the account's contacts. */
  readonly isKnownContact: boolean;
  /** The account said: trust this sender from now on. */
  readonly isTrustedSender: boolean;
}

/** Whether a rule may act on this mail without asking: authenticated, one sender, no deceit, not junk. */
export function isBelieved(evidence: Evidence): boolean {
  const hosts = [evidence.origin, evidence.link, evidence.sender];
  const isDeceptive = hosts.some((host) => host?.marks.some((mark) => mark !== "punycode") === true);
  return evidence.authentication.trusted && !evidence.isJunk && !isDeceptive;
}
