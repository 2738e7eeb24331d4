import type { HostMark, Signal } from "../evidence.ts";
import type { Locale } from "../locale.ts";
import type { ModuleName } from "../share.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";
import { fr } from "./fr.ts";

/** Words for what several mails and pages say; the rest stands in their templates. */
export interface Phrases {
  readonly quoted: (title: string) => string;
  /** What is shared where it has no title, as the object of a sentence. */
  readonly unnamed: Readonly<Record<ModuleName | "other", string>>;
  /** Speaks for believing a mail. */
  readonly checked: (domain: string) => string;
  readonly trustedSender: string;
  readonly knownContact: string;
  /** Speak against it. */
  readonly unchecked: string;
  readonly linkElsewhere: (host: string) => string;
  readonly marks: Readonly<Record<HostMark, (host: HostForms) => string>>;
  readonly signals: Readonly<Record<Signal, string>>;
  readonly junk: string;
  /** Why a share is not followed, and the way out. */
  readonly failures: Readonly<Record<FailureName, string>>;
}

/** A host as it is written for people, and as it is asked. */
export interface HostForms {
  readonly shown: string;
  readonly asked: string;
}

/** Reasons that are one for the person who reads of them. */
export type FailureName =
  | "password-needed"
  | "password-rejected"
  | "gone"
  | "broken-link"
  | "not-let-in"
  | "for-nobody"
  | "for-another-address"
  | "single-file"
  | "kind-not-followed"
  | "needs-own-server"
  | "product-not-followed"
  | "junk"
  | "other";

const phrases: Readonly<Record<Locale, Phrases>> = { en, de, fr };

export function phrasesIn(locale: Locale): Phrases {
  return phrases[locale];
}

/** Which sentence tells of a reason that a protocol or the policy gave. */
export function failureOf(reason: string | null): FailureName {
  return reason === null ? "other" : (failures[reason] ?? "other");
}

const failures: Readonly<Record<string, FailureName>> = {
  "guest-password-needed": "password-needed",
  "guest-password-rejected": "password-rejected",
  "share-revoked": "gone",
  "folder-not-visible": "gone",
  "home-cannot-resolve": "gone",
  "request-not-accepted": "broken-link",
  "not-a-share-redirect": "broken-link",
  "redirect-elsewhere": "broken-link",
  "no-session": "broken-link",
  "other-folder-answered": "broken-link",
  "link-malformed": "broken-link",
  "no-folder": "broken-link",
  "login-type-unknown": "not-let-in",
  "login-refused": "not-let-in",
  "client-refused": "not-let-in",
  "anonymous-guest": "for-nobody",
  "anonymous-link": "for-nobody",
  "wrong-account": "for-another-address",
  "single-file": "single-file",
  "module-unknown": "kind-not-followed",
  "module-unsupported": "kind-not-followed",
  "module-not-available": "kind-not-followed",
  "home-does-not-support": "kind-not-followed",
  "calendar-needs-home": "needs-own-server",
  "protocol-cannot-be-followed": "product-not-followed",
  junk: "junk",
};
