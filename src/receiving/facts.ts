import { addressDomain } from "../domain/address.ts";
import { contactAddress } from "../domain/contact-address.ts";
import {
  conditionsOf,
  type Evidence,
  type HostView,
  isAcquainted,
  isBelieved,
  isOriginConfirmed,
} from "../domain/evidence.ts";
import type { PolicyFacts } from "../domain/policy.ts";
import type { Authentication, ShareNotification } from "../domain/share.ts";

/** What the rules are asked about, from one mail and what speaks for and against it. */
export function policyFacts(share: ShareNotification, evidence: Evidence, account: string): PolicyFacts {
  return {
    protocol: share.protocol,
    variant: share.variant,
    originHost: share.origin === null ? null : (URL.parse(share.origin)?.host ?? null),
    senderDomain: authenticatedDomain(evidence.authentication),
    account,
    contact: contactOf(evidence),
    module: share.module,
    recipientKind: share.recipientKind,
    evidence: conditionsOf(evidence),
    doubts: doubtsOf(evidence),
  };
}

/** The address of the sharer where the mail is authenticated for it; what a contact is known by. */
export function authenticatedSharer(share: ShareNotification, evidence: Evidence): string | null {
  return contactAddress(evidence.authentication, share.sharer.address);
}

/** Why nobody acts on a mail without asking, each in words; empty where it is believed. */
function doubtsOf(evidence: Evidence): readonly string[] {
  if (isBelieved(evidence)) return [];
  const { authentication, origin, link, sender, signals, isJunk } = evidence;
  const doubts = [
    isJunk ? "it lies in Junk" : null,
    authentication.trusted ? null : "its sender is not authenticated",
    isAcquainted(evidence)
      ? null
      : "its sender is nobody whom the account has exchanged an invitation with, or trusts",
    isOriginConfirmed(evidence) ? null : "its origin is neither of the sender's domain nor known",
    hostDoubt("origin", origin),
    hostDoubt("link", link),
    hostDoubt("sender", sender),
    signals.length === 0 ? null : `it shows signs of deceit (${signals.join(", ")})`,
  ].filter((doubt) => doubt !== null);
  return doubts.length === 0 ? ["its evidence does not suffice"] : doubts;
}

function hostDoubt(of: string, host: HostView | null): string | null {
  if (host === null) return null;
  const marks = host.marks.filter((mark) => mark !== "punycode");
  const words = { "mixed-script": "mixes scripts", "look-alike": "looks like a host that the account knows" };
  if (marks.length === 0) return null;
  const shown = host.ascii === host.unicode ? host.ascii : `${host.ascii} (${host.unicode})`;
  return `the host of the ${of}, ${shown}, ${marks.map((mark) => words[mark]).join(" and ")}`;
}

/** A forged contact is none. */
function contactOf(evidence: Evidence): PolicyFacts["contact"] {
  if (!evidence.authentication.trusted) return null;
  if (evidence.isTrustedSender) return "trusted";
  return evidence.isKnownContact ? "known" : null;
}

function authenticatedDomain(authentication: Authentication): string | null {
  return authentication.trusted && authentication.from !== null ? addressDomain(authentication.from) : null;
}
