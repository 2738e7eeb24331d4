import type { HostMark, Signal } from "../evidence.ts";
import type { ModuleName } from "../share.ts";

/** Words for what several mails and pages say; the rest stands in their templates. */
export interface Phrases {
  readonly quoted: (title: string) => string;
  /** What is shared where it has no title, as the object of a sentence. */
  readonly unnamed: Readonly<Record<ModuleName | "invitation" | "other", string>>;
  /** Title of what somebody wants to share who has not said what. */
  readonly anyFiles: string;
  /** Speaks for believing a mail. */
  readonly checked: (domain: string) => string;
  /** The same of a share that a server brought by itself. */
  readonly signed: (host: string) => string;
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
  | "needs-own-host"
  | "product-not-followed"
  | "invitation-over"
  | "not-trusted-there"
  | "junk"
  | "other";
