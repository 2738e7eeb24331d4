import type { AddressRules } from "../domain/address.ts";
import type { Rule } from "../domain/policy.ts";
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
  readonly templates: { readonly directory: string | null };
  readonly log: { readonly level: "debug" | "info" | "warn" | "error"; readonly format: "json" | "text" };
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
}
