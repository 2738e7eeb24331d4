import type { Generated } from "kysely";

// Tables of Open Cloud Mesh. Units and suffixes as in store/schema.ts; `host` is `host[:port]`, lower-case A-label, of a peer.

/** Which of the two ways of signing messages (reference/ocm.md 4.8): draft-cavage, or RFC 9421. */
export type SignatureScheme = "cavage" | "rfc9421";

/** The site's own keys, one for each scheme; never changed once made: peers trust the first that they see. */
export interface SiteKeyTable {
  scheme: SignatureScheme;
  /** `https://host/ocm#…` as it was when the key was made. */
  key_id: string;
  /** PKCS #8 PEM. */
  private_sealed: string;
  /** SPKI PEM. */
  public_key: string;
  created_at: number;
}

/** What another server said of itself at its discovery, kept for limits.ocmDiscoveryMs. */
export interface OcmPeerTable {
  host: string;
  /** As it was served; null while it never answered. */
  discovery_json: string | null;
  discovered_at: number | null;
  /** When asking it last failed; null where the last look did not. */
  failed_at: number | null;
  /** Kebab-case. */
  failure: string | null;
  /** It answered, and not as a server of Open Cloud Mesh, or may not be asked at all. */
  is_failure_final: Generated<number>;
  /** Since when, and when last, requests in its name did not verify; null since one did. */
  refused_since: number | null;
  refused_at: number | null;
  /** Kebab-case reason of the last, and a sentence. */
  refusal: string | null;
  refusal_detail: string | null;
}

/** Keys that peers have signed with: the first is trusted, and another under the same name is a conflict. */
export interface OcmPeerKeyTable {
  host: string;
  scheme: SignatureScheme;
  key_id: string;
  /** SPKI PEM, or a JWK as JSON. */
  public_key: string;
  first_seen_at: number;
  last_used_at: number;
  /** When another key came in its place, and which; null while none did. */
  conflict_at: number | null;
  conflict_key_id: string | null;
  conflict_key: string | null;
}

/** Signatures that were taken, until they could not be replayed any more. */
export interface OcmSeenSignatureTable {
  /** SHA-256, hex. */
  signature_hash: string;
  host: string;
  seen_until: number;
}

/** Somebody at another server whom the account exchanged an invitation with. */
export interface OcmContactTable {
  id: string;
  account_id: string;
  host: string;
  /** As his server calls him, raw: what `shareWith` needs (reference/ocm.md 3.1). */
  user_id: string;
  name: string | null;
  /** Mail address, as he or his server says. */
  address: string | null;
  came_by: "invite-sent" | "invite-accepted";
  created_at: number;
}

/** An invitation that the account gave. */
export interface OcmInviteTable {
  id: string;
  account_id: string;
  /** The mail that brought it, where one did. */
  sharing_id: string | null;
  recipient_id: string | null;
  /** SHA-256, hex. */
  token_hash: string;
  token_sealed: string;
  /** `open` may be past `expires_at`. */
  state: "open" | "accepted" | "withdrawn";
  contact_id: string | null;
  /** Host that accepted it. */
  accepted_by_host: string | null;
  created_at: number;
  expires_at: number;
  accepted_at: number | null;
}

/** A share that a peer posted to one of the accounts, or that Usher made of a public link (`form` link). */
export interface OcmReceivedShareTable {
  id: string;
  account_id: string;
  host: string;
  /** The peer's id of it. */
  provider_id: string;
  /** SHA-256, hex, of the shared secret. */
  secret_hash: string;
  secret_sealed: string;
  /** The access token that the secret was exchanged for, while it lasts. */
  token_sealed: string | null;
  token_expires_at: number | null;
  /** The secret was, or may have been, exchanged: with Nextcloud it opens nothing by itself any more (reference/ocm.md 4.7). */
  is_exchanged: number;
  /** Until when somebody exchanges the secret, and nobody else may; null where nobody does. */
  exchanging_until: Generated<number | null>;
  form: "webdav" | "multi" | "link";
  /** Relative or absolute, as it came; null for the peer's one WebDAV address. */
  webdav_uri: string | null;
  share_with: string;
  owner: string;
  sender: string;
  owner_name: string | null;
  sender_name: string | null;
  name: string;
  resource_type: string;
  /** JSON array of OcmPermission. */
  permissions_json: string;
  /** JSON array of texts. */
  requirements_json: string;
  state: "pending" | "accepted" | "declined" | "left" | "unshared";
  is_signed: number;
  notification_id: string | null;
  expires_at: number | null;
  created_at: number;
  updated_at: number;
}

/** A public link is being turned into a share (reference/ocm.md 5.2): what its server posts meanwhile was consented to. */
export interface OcmExpectedShareTable {
  account_id: string;
  host: string;
  notification_id: string;
  expected_until: number;
}

/** A share that the account gave to one person at another server. Its content is relayed from `resource_url_sealed`. */
export interface OcmSentShareTable {
  id: string;
  account_id: string;
  sharing_id: string;
  recipient_id: string | null;
  host: string;
  /** OCM address of the recipient. */
  share_with: string;
  provider_id: string;
  secret_hash: string;
  secret_sealed: string;
  /** WebDAV address that the application named; with `resource_login` by Basic, else the secret as Bearer. */
  resource_url_sealed: string;
  resource_login: string | null;
  resource_secret_sealed: string;
  name: string;
  resource_type: "file" | "folder";
  /** JSON array of OcmPermission. */
  permissions_json: string;
  /** The secret opens the token endpoint alone (`must-exchange-token`, reference/ocm.md 4.3). */
  must_exchange: number;
  /** The body that the peer took; null before. */
  form: "webdav" | "multi" | null;
  /**
   * `created`: not known to be taken by the peer; `sent`: taken; `declined`, `unshared` (taken back, or its time was over) and
   * `failed` (the peer does not take it) are ends. The secret opens what is sent or accepted, and nothing else.
   */
  state: "created" | "sent" | "accepted" | "declined" | "unshared" | "failed";
  /** Kebab-case: why it failed, or why the last attempt to bring it did. */
  reason: string | null;
  /** The peer's words about that, of one line. */
  detail: string | null;
  /** When it was last posted to the peer. */
  posted_at: number | null;
  expires_at: number | null;
  created_at: number;
  updated_at: number;
}

/** Opens a sent share for its peer for a while (reference/ocm.md 4.7). */
export interface OcmAccessTokenTable {
  /** SHA-256, hex. */
  token_hash: string;
  sent_share_id: string;
  created_at: number;
  expires_at: number;
}
