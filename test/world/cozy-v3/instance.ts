import type { Answered, Call } from "./caller.ts";
import type { Documents, Revision } from "./documents.ts";
import type { Client, Member, Sharing } from "./model.ts";
import { Refusal } from "./wire.ts";

export interface Contact {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  /** `https://host`; empty where it is unknown. */
  readonly cozy: string;
  /** Ids of groups. */
  readonly groups: readonly string[];
  trustedForSharing: boolean;
}

/** Access to a preview page: codes by e-mail address (reference/cozy.md 3.4). */
export interface Preview {
  readonly sharingId: string;
  readonly codes: Map<string, string>;
  isExpired: boolean;
}

/** A token that this Cozy issued. */
export interface Issued {
  readonly kind: "access" | "refresh";
  readonly clientId: string;
  readonly scope: string;
  /** Milliseconds since the epoch; of an access token. */
  expiresAt: number;
}

/** What an app may do: verbs on documents. */
export interface AppPermission {
  readonly doctype: string;
  readonly verbs: readonly string[];
  /** Empty for all documents of the doctype. */
  readonly values: readonly string[];
}

export interface SentMail {
  readonly template:
    | "sharing_request"
    | "notifications_sharing"
    | "sharing_to_confirm"
    | "sharing_file_changed";
  readonly from: string;
  readonly recipient: string;
  readonly subject: string;
  /** The link in it. */
  readonly link: string;
  /** RFC 5322 text with CRLF line ends. */
  readonly text: string;
}

/** Settings of the context; a test may change them while the Cozy runs. */
export interface Settings {
  locale: "en" | "fr";
  /** MJML fails: mails have no HTML part. */
  mjmlFails: boolean;
  noreplyAddress: string;
  noreplyName: string;
  replyTo: string;
  /** Mail sharing_file_changed. */
  notifiesChangedFiles: boolean;
  /** `alice-drive.example` instead of `drive.alice.example`. */
  flatSubdomains: boolean;
  /** Form of a sharecode: 12 characters, or the older JWT. */
  shareCodes: "short" | "jwt";
  maxMembersPerSharing: number;
  /** After so long another Cozy counts as not answering. */
  patienceMs: number;
  /** `contexts.<name>.sharing` (reference/cozy.md 7.6). */
  autoAcceptTrusted: boolean;
  autoAcceptTrustedContacts: boolean;
  trustedDomains: readonly string[];
  /** Login pages of organizations by the domain of their e-mail addresses. */
  organizations: ReadonlyMap<string, string>;
  /** `https://host` of the Cozy that took this one's place. */
  movedTo: string;
}

export interface Instance {
  readonly owner: { readonly publicName: string; readonly email: string };
  /** Host, with the port where it is not 443. */
  readonly domain: string;
  /** `https://domain`. */
  readonly origin: string;
  readonly settings: Settings;
  readonly sharings: Map<string, Sharing>;
  readonly previews: Preview[];
  /** Sharecodes of plain sharings by link: no sharing of Cozys stands behind them. */
  readonly plainCodes: Set<string>;
  readonly codeKey: Buffer;
  readonly clients: Map<string, Client>;
  readonly tokens: Map<string, Issued>;
  readonly apps: Map<string, { readonly slug: string; readonly permissions: readonly AppPermission[] }>;
  readonly contacts: Map<string, Contact>;
  readonly groups: Map<string, string>;
  readonly documents: Documents;
  /** Uploads that were announced, by their key. */
  readonly uploads: Map<string, Upload>;
  readonly mails: SentMail[];
  /** Sharings whose answer is on its way: a double click sends one. */
  readonly answering: Set<string>;
  /** Browser sessions of the owner. */
  readonly logins: Set<string>;
  readonly csrfTokens: Set<string>;
  /** What failed in the background; the product would log it. */
  readonly failures: string[];
  call(what: Call): Promise<Answered>;
  send(mail: SentMail): void | Promise<void>;
  /** Work after an answer, as the jobs of the product. */
  background(what: string, work: () => Promise<void>): void;
  /** Waits in the background; rejects when the instance ends. */
  wait(ms: number): Promise<void>;
  refuse(what: string): void;
}

export interface Upload {
  readonly sharingId: string;
  readonly file: Revision;
}

export function sharingOf(instance: Instance, id: string): Sharing {
  const sharing = instance.sharings.get(id);
  if (sharing === undefined) throw new Refusal(404, "The sharing was not found");
  return sharing;
}

/** A sharing of which this Cozy is the owner. */
export function ownSharing(instance: Instance, id: string): Sharing {
  const sharing = sharingOf(instance, id);
  if (!sharing.owner) throw invalidSharing();
  return sharing;
}

/** The error of every step that a sharing's state does not allow (reference/cozy.md 7.5). */
export function invalidSharing(): Refusal {
  return new Refusal(400, "Sharing is not in the expected state");
}

export function memberNotFound(): Refusal {
  return new Refusal(404, "The member was not found");
}

export function alreadyAccepted(): Refusal {
  return new Refusal(409, "Sharing already accepted by this recipient");
}

/** Bitwarden organizations are confirmed by hand and never announced by a shortcut (reference/cozy.md 7.2). */
export function isBitwarden({ rules }: Sharing): boolean {
  return rules[0]?.doctype === "com.bitwarden.organizations";
}

/** The member that stands for this Cozy itself. */
export function selfIn(instance: Instance, sharing: Sharing): Member | null {
  if (sharing.owner) return sharing.members[0] ?? null;
  return sharing.members.find(({ instance: at }, index) => index > 0 && at === instance.origin) ?? null;
}
