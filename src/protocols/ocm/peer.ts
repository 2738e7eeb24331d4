/** A capability under its newest name (reference/ocm.md 4.1); others are kept as they are, lower-case, without `/`. */
export type Capability =
  | "enforce-mfa"
  | "exchange-token"
  | "http-sig"
  | "invites"
  | "invite-wayf"
  | "notifications"
  | "protocol-object"
  | (string & {});

/** What may be done with a share; `read` always. */
export type OcmPermission = "read" | "write" | "share";

/** The body of a share request: one WebDAV address for all shares, or each protocol by itself (reference/ocm.md 4.3, 6.1). */
export type ShareForm = "webdav" | "multi";

/** Another server as its discovery describes it, in one form whatever its generation. All addresses are of `host`. */
export interface Peer {
  /** `host[:port]` as it was asked. */
  readonly host: string;
  /** `https://host[:port]`. */
  readonly origin: string;
  /** Absolute, without a slash at the end. */
  readonly endPoint: string;
  readonly apiVersion: string | null;
  readonly provider: string | null;
  readonly capabilities: ReadonlySet<Capability>;
  readonly criteria: ReadonlySet<string>;
  /** Names of resource types; those seen are `file`, `folder`, `calendar`, `contact`. */
  readonly resourceTypes: readonly string[];
  /** Path of the peer's WebDAV, with a slash at both ends; null where it names none. */
  readonly webdavPath: string | null;
  readonly inviteAcceptDialog: string | null;
  readonly tokenEndPoint: string | null;
  readonly jwksUri: string | null;
  /** For draft-cavage; null where it is missing or no PEM of an SPKI. */
  readonly publicKey: { readonly keyId: string; readonly pem: string } | null;
  /** The body that it most likely understands. */
  readonly form: ShareForm;
}
