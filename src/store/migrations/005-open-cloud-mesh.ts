/** Open Cloud Mesh: own keys, peers and their keys, invitations, contacts, shares of both directions; store/ocm-tables.ts says more. */
export const openCloudMesh: readonly string[] = [
  `create table site_key (
    scheme text primary key check (scheme in ('cavage', 'rfc9421')),
    key_id text not null,
    private_sealed text not null,
    public_key text not null,
    created_at integer not null
  ) strict`,

  `create table ocm_peer (
    host text primary key,
    discovery_json text check (discovery_json is null or json_valid(discovery_json)),
    discovered_at integer,
    failed_at integer,
    failure text,
    refused_since integer,
    refused_at integer,
    refusal text,
    refusal_detail text
  ) strict`,
  `create table ocm_peer_key (
    host text not null,
    scheme text not null check (scheme in ('cavage', 'rfc9421')),
    key_id text not null,
    public_key text not null,
    first_seen_at integer not null,
    last_used_at integer not null,
    conflict_at integer,
    conflict_key_id text,
    conflict_key text,
    primary key (host, scheme, key_id)
  ) strict`,
  `create table ocm_seen_signature (
    signature_hash text primary key,
    host text not null,
    seen_until integer not null
  ) strict`,
  "create index ocm_seen_signature_until on ocm_seen_signature (seen_until)",
  "create index ocm_seen_signature_host on ocm_seen_signature (host)",

  `create table ocm_contact (
    id text primary key,
    account_id text not null references account (id) on delete cascade,
    host text not null,
    user_id text not null,
    name text,
    address text,
    came_by text not null check (came_by in ('invite-sent', 'invite-accepted')),
    created_at integer not null,
    unique (account_id, host, user_id)
  ) strict`,

  `create table ocm_invite (
    id text primary key,
    account_id text not null references account (id) on delete cascade,
    sharing_id text references sharing (id) on delete set null,
    recipient_id text references recipient (id) on delete set null,
    token_hash text not null unique,
    token_sealed text not null,
    state text not null check (state in ('open', 'accepted', 'withdrawn')),
    contact_id text references ocm_contact (id) on delete set null,
    accepted_by_host text,
    created_at integer not null,
    expires_at integer not null,
    accepted_at integer
  ) strict`,
  "create index ocm_invite_account on ocm_invite (account_id)",
  "create index ocm_invite_recipient on ocm_invite (recipient_id) where recipient_id is not null",

  `create table ocm_received_share (
    id text primary key,
    account_id text not null references account (id) on delete cascade,
    host text not null,
    provider_id text not null,
    secret_hash text not null,
    secret_sealed text not null,
    token_sealed text,
    token_expires_at integer,
    is_exchanged integer not null check (is_exchanged in (0, 1)),
    form text not null check (form in ('webdav', 'multi', 'link')),
    webdav_uri text,
    share_with text not null,
    owner text not null,
    sender text not null,
    owner_name text,
    sender_name text,
    name text not null,
    resource_type text not null,
    permissions_json text not null check (json_valid(permissions_json)),
    requirements_json text not null check (json_valid(requirements_json)),
    state text not null check (state in ('pending', 'accepted', 'declined', 'left', 'unshared')),
    is_signed integer not null check (is_signed in (0, 1)),
    notification_id text references notification (id) on delete set null,
    expires_at integer,
    created_at integer not null,
    updated_at integer not null,
    unique (account_id, host, provider_id)
  ) strict`,
  "create index ocm_received_share_peer on ocm_received_share (host, provider_id, secret_hash)",
  "create index ocm_received_share_notification on ocm_received_share (notification_id) where notification_id is not null",
  `create table ocm_expected_share (
    account_id text not null references account (id) on delete cascade,
    host text not null,
    notification_id text not null references notification (id) on delete cascade,
    expected_until integer not null,
    primary key (account_id, host, notification_id)
  ) strict`,

  `create table ocm_sent_share (
    id text primary key,
    account_id text not null references account (id) on delete cascade,
    sharing_id text not null references sharing (id) on delete cascade,
    recipient_id text references recipient (id) on delete set null,
    host text not null,
    share_with text not null,
    provider_id text not null unique,
    secret_hash text not null unique,
    secret_sealed text not null,
    resource_url_sealed text not null,
    resource_login text,
    resource_secret_sealed text not null,
    name text not null,
    resource_type text not null check (resource_type in ('file', 'folder')),
    permissions_json text not null check (json_valid(permissions_json)),
    must_exchange integer not null check (must_exchange in (0, 1)),
    form text check (form is null or form in ('webdav', 'multi')),
    state text not null check (state in ('created', 'sent', 'accepted', 'declined', 'unshared', 'failed')),
    reason text,
    detail text,
    posted_at integer,
    expires_at integer,
    created_at integer not null,
    updated_at integer not null
  ) strict`,
  "create index ocm_sent_share_peer on ocm_sent_share (host, provider_id, secret_hash)",
  "create index ocm_sent_share_sharing on ocm_sent_share (sharing_id)",
  "create index ocm_sent_share_account on ocm_sent_share (account_id)",
  "create index ocm_sent_share_recipient on ocm_sent_share (recipient_id) where recipient_id is not null",
  `create table ocm_access_token (
    token_hash text primary key,
    sent_share_id text not null references ocm_sent_share (id) on delete cascade,
    created_at integer not null,
    expires_at integer not null
  ) strict`,
  "create index ocm_access_token_share on ocm_access_token (sent_share_id)",

  `create table account_home_new (
    account_id text not null references account (id) on delete cascade,
    kind text not null check (kind in ('ox', 'nextcloud', 'owncloud', 'opencloud')),
    base_url text not null,
    login text not null,
    password_sealed text not null,
    primary key (account_id, kind)
  ) strict`,
  "insert into account_home_new select account_id, kind, base_url, login, password_sealed from account_home",
  "drop table account_home",
  "alter table account_home_new rename to account_home",
];
