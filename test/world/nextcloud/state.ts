import type { JsonWebKey } from "node:crypto";
import type { CavageKey } from "../ocm/cavage.ts";
import type { MessageKey } from "../ocm/message-signature.ts";
import type { Federation } from "../ocm/shares.ts";
import type { Resource } from "../ocm/tree.ts";

/** 34 is the master line; what is told of it was read in code, not observed. */
export type Generation = 32 | 34;

export interface NextcloudSettings {
  /** Name of the instance, as mails have it. */
  instanceName: string;
  /** The contacts app with invitations (`NCC`); only the master line has it. */
  contactsApp: boolean;
  /** How the contacts app posts invite-accepted. */
  inviteForm: "json" | "form";
  /** PHP makes an object of a list with gaps. Master line only. */
  capabilitiesAsObject: boolean;
  /** Shares that one host may post in 1200 s; null does not limit. Master line only. */
  sharesPer1200s: number | null;
  /** What goes out to servers that exchange tokens. Master line only. */
  tokens: "never" | "offered" | "must-exchange";
  /** Of access tokens: 300 to 86400. */
  tokenSeconds: number;
}

export interface PublicLink {
  readonly token: string;
  readonly by: string;
  readonly name: string;
  password: string | null;
  readonly isFileDrop: boolean;
  readonly resource: Resource;
}

export interface Invite {
  readonly token: string;
  readonly by: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
  accepted: Invitee | null;
}

/** Who accepted an invitation, as the other server told it. */
export interface Invitee {
  readonly provider: string;
  readonly userId: string;
  readonly email: string;
  readonly name: string;
}

export interface Contact {
  /** uid of whose contact it is. */
  readonly of: string;
  /** `userID@provider`. */
  readonly address: string;
  readonly email: string;
  readonly name: string;
}

/** What is known of a host's key. */
export type Signatory =
  | { readonly kind: "cavage"; readonly keyId: string; readonly publicKeyPem: string }
  | { readonly kind: "message"; readonly jwk: JsonWebKey };

export interface NextcloudState extends Federation {
  readonly generation: Generation;
  readonly settings: NextcloudSettings;
  /** 32 signs as draft-cavage has it, the master line after RFC 9421. */
  readonly key:
    | { readonly kind: "cavage"; readonly own: CavageKey }
    | { readonly kind: "message"; readonly own: MessageKey };
  /** By host: trusted on first use. */
  readonly signatories: Map<string, Signatory>;
  /** Why signatures were refused, in order. */
  readonly signatureTroubles: string[];
  links: PublicLink[];
  readonly invites: Invite[];
  readonly contacts: Contact[];
  /** When each host posted shares, milliseconds since the epoch. */
  readonly postedShares: Map<string, number[]>;
  /** Access tokens for shares that came in, by the id of the share; `expiresAt` in milliseconds since the epoch. */
  readonly tokensTaken: Map<number, { readonly token: string; readonly expiresAt: number }>;
  /** Ids of shares whose secret is being exchanged. */
  readonly exchanging: Set<string>;
  /** Exchanges wait for this. */
  exchangeGate: Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
