import type { Locale } from "../locale.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";
import { es } from "./es.ts";
import { fr } from "./fr.ts";
import type { FailureName, Phrases } from "./wanted.ts";

const phrases: Readonly<Record<Locale, Phrases>> = { en, de, fr, es };

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
  "no-instance-host": "needs-own-host",
  "protocol-cannot-be-followed": "product-not-followed",
  "invitation-over": "invitation-over",
  "not-trusted-there": "not-trusted-there",
  "provider-not-known": "not-trusted-there",
  junk: "junk",
};
