import type { Generated } from "kysely";

// Tables of accounts' instance hosts, where the Cozy routes live. Units and suffixes as in store/schema.ts.

export type CozyGeneration = "v2" | "v1a" | "v1b" | "v3";

/** A sharing as a Cozy keeps it: the owner's, or the copy of somebody invited. */
export interface CozySharingTable {
  id: string;
  account_id: string;
  generation: CozyGeneration;
  /** Whether the account shares; else it was invited. */
  is_owner: number;
  /** The document's id in paths: 32 hexadecimal digits. */
  document_id: string;
  /**
   * SHA-256, hex, of the id that both sides know: `sharing_id` (v1a), `shareID` (v2), else the document's id. In v2, whoever was
   * invited has it of the sharer's origin and that id.
   */
  share_key: string;
  /** That id: in v1a a secret. */
  share_id_sealed: string;
  /** As the application named it: one-shot, master-slave, master-master, one-way, two-way; v2: once, continuous; v3: rules. */
  sharing_type: string;
  description: string | null;
  app_slug: string | null;
  preview_path: string | null;
  /** Permissions (v1) or rules (v2, v3), as they stand in the document. */
  rules_json: string;
  /** What only one generation has, for example `open_sharing` and `drive`. */
  attributes_json: string;
  /** Somebody has accepted, and it was not ended. */
  is_active: number;
  revoked_at: number | null;
  /** The notification that it came from, where the account was invited. */
  notification_id: string | null;
  /** Its mails and recipients, where the account shares. */
  sharing_id: string | null;
  /** Grows with each change; shown as CouchDB's `_rev`. */
  revision: number;
  created_at: number;
  updated_at: number;
}

/** One Cozy in a sharing: for the owner each recipient, for somebody invited the sharer (place 0), in v3 also the others. */
export interface CozyMemberTable {
  id: string;
  cozy_sharing_id: string;
  /** Order in the sharing; in v3 the index of the member. */
  place: number;
  contact_id: string | null;
  /** His mails and what became of them, where he is invited. */
  recipient_id: string | null;
  name: string | null;
  public_name: string | null;
  address: string | null;
  /** `https://host[:port]` of his Cozy; null while it is not known. */
  instance_url: string | null;
  /** The generation's own word (reference/cozy.md 8.1). */
  status: string;
  is_read_only: number;
  /** SHA-256, hex, of the secret that his answer has to carry: preToken, sharecode, state. */
  secret_hash: string | null;
  /** The same secret, for links that are made again. */
  secret_sealed: string | null;
  /** The OAuth client that this account is at his Cozy, JSON. */
  client_sealed: string | null;
  /** What opens his Cozy for this account: the token of v2, else access and refresh token, JSON. */
  token_sealed: string | null;
  /** His OAuth client here. */
  inbound_client_id: string | null;
  /** v2: the continuous replication to him. */
  replication_id: string | null;
  /** Why the last call to his Cozy failed. */
  error: string | null;
  updated_at: number;
  /** v3: indexes of the sharing's groups that he is in, JSON. */
  groups_json: Generated<string>;
  /** Whether he is a member through groups alone. */
  is_only_in_groups: Generated<number>;
}

/** An OAuth client (RFC 6749) that another Cozy registered at an instance host. */
export interface CozyClientTable {
  /** The client_id. */
  id: string;
  account_id: string;
  cozy_sharing_id: string | null;
  secret_hash: string;
  registration_hash: string;
  name: string;
  kind: string;
  uri: string;
  software_id: string;
  redirect_uris_json: string;
  created_at: number;
  /** Of whom registered it, until a sharing uses it; null from then on. */
  network: string | null;
}

/** What an instance host issued: access and refresh tokens, codes, and the tokens of v2, whose login is the share id. */
export interface CozyTokenTable {
  /** SHA-256, hex. */
  secret_hash: string;
  account_id: string;
  client_id: string | null;
  cozy_sharing_id: string | null;
  kind: "access" | "refresh" | "code" | "v2";
  /** OAuth scope; for v2 the rules as JSON. */
  scope: string;
  created_at: number;
  expires_at: number | null;
  /** A code works once. */
  used_at: number | null;
}

/** A document that is shared, or was received through a sharing. */
export interface CozyDocumentTable {
  account_id: string;
  doctype: string;
  document_id: string;
  /** CouchDB's `_rev`. */
  revision: string;
  /** The revisions before it, the newest first, joined by spaces; at most limits.cozyAncestors. */
  ancestors: Generated<string>;
  body_json: string;
  /** Of a file. */
  content: Buffer | null;
  is_deleted: number;
  /** The sharing that brought it; null for the account's own. */
  received_through: Generated<string | null>;
  updated_at: number;
}
