import type { AddressRules } from "../domain/address.ts";
import type { Rule } from "../domain/policy.ts";
import type { QuietHours } from "../domain/quiet-hours.ts";
import type { Secret } from "./secret.ts";

/** The whole configuration, complete and typed. Made by `config/load.ts` only. Durations are milliseconds. */
export interface Config {
  /** Absolute path of the file it was read from. */
  readonly file: string;
  readonly store: { readonly file: string };
  /** 32 bytes, base64: seals secrets at rest. */
  readonly key: Secret;
  readonly mailServers: Readonly<Record<string, MailServer>>;
  readonly mailbox: {
    readonly pollEveryMs: number;
    readonly lookBackMs: number;
    readonly answerFolder: string | null;
    readonly keywords: boolean;
  };
  /** Whose Authentication-Results are believed; exact, lower-case. */
  readonly trustedAuthservIds: readonly string[];
  /** Whether signatures are verified here where none of these servers has spoken; asks name servers for keys. */
  readonly dkim: { readonly verify: boolean };
  /** How an invited address is compared with an account's addresses. */
  readonly addresses: AddressRules;
  /** The site's rules; accounts have their own in the store. */
  readonly policy: readonly Rule[];
  readonly notifications: {
    /** How long one is held before it expires. */
    readonly holdMs: number;
    /** Whether the account gets a mail when one is held; a rule may say otherwise. */
    readonly notify: boolean;
  };
  /** Null: no HTTP is served. */
  readonly server: ServerConfig | null;
  readonly subscriptions: { readonly checkEveryMs: number; readonly pauseAfterErrorMs: number };
  readonly outbound: { readonly userAgent: string; readonly exceptions: readonly OutboundException[] };
  /** Null: no invitations can be sent. */
  readonly smtp: Smtp | null;
  readonly sharing: SharingConfig;
  readonly ocm: OcmConfig;
  readonly templates: {
    /** The site's own. */
    readonly directory: string | null;
    /** Looked into first: a brand of the site. */
    readonly brand: string | null;
  };
  readonly log: { readonly level: "debug" | "info" | "warn" | "error"; readonly format: "json" | "text" };
}

/** The site as a server of Open Cloud Mesh; served only where `server` is given. Hosts are `host[:port]`. */
export interface OcmConfig {
  readonly enabled: boolean;
  /** Two private keys as PEM, RSA and Ed25519, which the site signs with from its first start on; null: it makes its own. */
  readonly keys: Secret | null;
  /** What it calls itself at its discovery. */
  readonly provider: string;
  /** Only these may ask and be asked; null for all. */
  readonly allow: readonly string[] | null;
  readonly deny: readonly string[];
  /** Shares of people with whom the account exchanged no invitation are refused, not held. */
  readonly mustInvite: boolean;
  readonly inviteLifeMs: number;
  /** Offered to somebody invited who has to say where he is at home. */
  readonly servers: readonly { readonly name: string; readonly host: string }[];
}

/** The HTTP server, behind the administrator's reverse proxy. */
export interface ServerConfig {
  /** `https://host[:port]` under which people and programs reach it. */
  readonly publicUrl: string;
  readonly listen: { readonly host: string; readonly port: number } | { readonly socket: string };
  /** Addresses or ranges whose Forwarded and X-Forwarded-* fields count. */
  readonly trustedProxies: readonly string[];
}

/** How a TLS connection is made; `none` is for loopback and sockets the operator trusts. */
export type TlsMode = "implicit" | "starttls" | "none";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsMode;
  /** PEM of additional certificate authorities. */
  readonly ca: string | null;
}

export interface MailServer extends Endpoint {
  readonly masterUser: MasterUser | null;
}

/** Dovecot master user: logs in as any user. */
export interface MasterUser {
  readonly login: string;
  readonly password: Secret;
  /** `separator`: user*master; `authzid`: SASL PLAIN with an authorization identity (RFC 4616). */
  readonly method: "separator" | "authzid";
  readonly separator: string;
}

/** A host that may be reached although the outgoing guard would refuse it. Host, address and port must all match. */
export interface OutboundException {
  /** Exact host name or address literal, lower-case, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Range of addresses that the host may have, for example 127.0.0.0/8. */
  readonly cidr: string;
  readonly scheme: "https" | "http";
  /** Fixed address for a host that no name server knows. */
  readonly address: string | null;
  readonly ca: string | null;
}

export interface Smtp extends Endpoint {
  readonly login: string | null;
  readonly password: Secret | null;
  readonly from: { readonly name: string; readonly address: string };
  /** Envelope sender, which gets a secret of its own for each recipient; null: `from.address` as it is. */
  readonly bounces: string | null;
  /** Which reports are asked of the mail server (RFC 3461): `all` includes those of success. */
  readonly deliveryReports: "failures" | "all";
  /** Signs here (RFC 6376); null where the mail server does. */
  readonly dkim: DkimKey | null;
}

/** A key to sign with: PEM, RSA of 2048 bits or more, or Ed25519. */
export interface DkimKey {
  readonly domain: string;
  readonly selector: string;
  readonly key: Secret;
}

/** What holds for every sharing of the site. */
export interface SharingConfig {
  /** After the invitation, rising; one reminder each. */
  readonly remindAfterMs: readonly number[];
  /** When a sharing ends that says nothing about it itself. */
  readonly expireAfterMs: number | null;
  /** Minutes since midnight in that zone; `from` may be later than `to`. */
  readonly quietHours: QuietHours | null;
  /** Mails that go out; what is beyond waits. Minute and day count for each account. */
  readonly limits: {
    readonly perMinute: number;
    readonly perDay: number;
    /** From one account to one recipient. */
    readonly perRecipientPerDay: number;
    /** To one recipient domain, of all accounts. */
    readonly perDomainPerHour: number;
  };
}
