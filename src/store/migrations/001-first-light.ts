/** The first tables; store/schema.ts says what the columns mean. One statement per entry. */
export const firstLight: readonly string[] = [
  `create table account (
    id text primary key,
    name text not null unique,
    locale text not null,
    modules_json text not null check (json_valid(modules_json)),
    created_at integer not null
  ) strict`,

  `create table account_address (
    address_key text primary key,
    account_id text not null references account (id) on delete cascade,
    address text not null,
    is_primary integer not null check (is_primary in (0, 1))
  ) strict`,
  "create index account_address_account on account_address (account_id)",

  `create table account_home (
    account_id text not null references account (id) on delete cascade,
    kind text not null check (kind in ('ox')),
    base_url text not null,
    login text not null,
    password_sealed text not null,
    primary key (account_id, kind)
  ) strict`,

  `create table mailbox (
    id text primary key,
    account_id text not null references account (id) on delete cascade,
    server text not null,
    login text not null,
    auth text not null check (auth in ('password', 'master')),
    password_sealed text,
    folders_json text not null check (json_valid(folders_json)),
    look_back_from integer,
    state text not null check (state in ('active', 'backoff', 'auth-failed', 'disabled')),
    state_reason text,
    auth_failures integer not null,
    first_auth_failure_at integer,
    progress_at integer,
    created_at integer not null
  ) strict`,
  "create index mailbox_account on mailbox (account_id)",

  `create table mailbox_cursor (
    mailbox_id text not null references mailbox (id) on delete cascade,
    folder text not null,
    uid_validity integer not null,
    last_uid integer not null,
    primary key (mailbox_id, folder)
  ) strict`,

  `create table notification (
    id text primary key,
    account_id text not null references account (id) on delete cascade,
    protocol text not null,
    variant text not null,
    origin text not null,
    share_key text not null,
    share_hint text not null,
    link_sealed text not null,
    password_sealed text,
    recipient_kind text not null,
    module text,
    title text,
    sharer_name text not null,
    sharer_address text not null,
    state text not null check (state in
      ('held', 'accepted', 'followed', 'failed', 'needs-password', 'ignored', 'refused')),
    reason text,
    detail text,
    created_at integer not null,
    updated_at integer not null,
    unique (account_id, protocol, origin, share_key)
  ) strict`,

  `create table notification_target (
    notification_id text not null references notification (id) on delete cascade,
    target_key text not null,
    module text,
    folder text,
    item text,
    title text,
    primary key (notification_id, target_key)
  ) strict`,

  `create table message (
    id text primary key,
    account_id text not null references account (id) on delete cascade,
    mailbox_id text not null references mailbox (id) on delete cascade,
    folder text not null,
    uid_validity integer not null,
    uid integer not null,
    message_key text not null,
    state text not null check (state in ('found', 'read', 'gone', 'unreadable')),
    verdict text,
    notification_id text references notification (id) on delete set null,
    found_at integer not null,
    unique (mailbox_id, folder, uid_validity, uid)
  ) strict`,
  "create index message_key on message (account_id, message_key)",
  "create index message_notification on message (notification_id) where notification_id is not null",

  `create table subscription (
    id text primary key,
    account_id text not null references account (id) on delete cascade,
    notification_id text not null references notification (id) on delete cascade,
    protocol text not null,
    origin text not null,
    share_key text not null,
    via text not null check (via in ('usher', 'home')),
    state text not null check (state in
      ('SUBSCRIBED', 'UNSUBSCRIBED', 'CREDENTIALS_REFRESH', 'INACCESSIBLE', 'REMOVED')),
    reason text,
    detail text,
    title text,
    guest text,
    home_account text,
    home_folder text,
    checked_at integer,
    next_check_at integer,
    failing_since integer,
    created_at integer not null,
    ended_at integer
  ) strict`,
  `create unique index subscription_open on subscription (account_id, protocol, origin, share_key)
    where ended_at is null`,
  "create index subscription_account on subscription (account_id)",
  "create index subscription_notification on subscription (notification_id)",
  "create index subscription_due on subscription (next_check_at) where ended_at is null",

  `create table subscription_folder (
    subscription_id text not null references subscription (id) on delete cascade,
    module text not null,
    folder text not null,
    title text not null,
    entries integer not null,
    primary key (subscription_id, module, folder)
  ) strict`,

  `create table sharing (
    id text primary key,
    account_id text not null references account (id) on delete cascade,
    title text not null,
    link_sealed text not null,
    message text,
    created_at integer not null
  ) strict`,
  "create index sharing_account on sharing (account_id)",

  `create table recipient (
    id text primary key,
    sharing_id text not null references sharing (id) on delete cascade,
    address_key text not null,
    address text not null,
    name text,
    locale text not null,
    state text not null check (state in
      ('pending', 'accepted', 'refused', 'error', 'unregistered', 'mail-not-sent', 'revoked')),
    reason text,
    created_at integer not null,
    updated_at integer not null,
    unique (sharing_id, address_key)
  ) strict`,

  `create table invitation (
    id text primary key,
    recipient_id text not null references recipient (id) on delete cascade,
    template text not null,
    message_id text not null unique,
    raw_sealed text,
    state text not null check (state in ('planned', 'attempting', 'sent', 'failed', 'unknown')),
    attempts integer not null,
    unknown_attempts integer not null,
    reply text,
    created_at integer not null,
    sent_at integer
  ) strict`,
  "create index invitation_recipient on invitation (recipient_id)",

  // What a record is about may be removed; the record goes with the account.
  `create table record (
    id integer primary key autoincrement,
    at integer not null,
    account_id text references account (id) on delete cascade,
    notification_id text,
    subscription_id text,
    sharing_id text,
    recipient_id text,
    kind text not null,
    detail_json text not null check (json_valid(detail_json))
  ) strict`,
  "create index record_account on record (account_id) where account_id is not null",
  "create index record_notification on record (notification_id) where notification_id is not null",
  "create index record_subscription on record (subscription_id) where subscription_id is not null",
  "create index record_sharing on record (sharing_id) where sharing_id is not null",
  "create index record_recipient on record (recipient_id) where recipient_id is not null",

  // Done jobs are deleted; without autoincrement a new job could get the id and fence of a dead one.
  `create table job (
    id integer primary key autoincrement,
    kind text not null,
    subject text not null,
    payload_json text not null check (json_valid(payload_json)),
    unique_key text unique,
    lane text not null,
    state text not null check (state in ('ready', 'leased', 'parked')),
    run_at integer not null,
    again_at integer,
    attempts integer not null,
    deaths integer not null,
    lease_owner text,
    lease_until integer,
    fence integer not null,
    last_error text,
    created_at integer not null,
    check ((state = 'leased') = (lease_owner is not null and lease_until is not null))
  ) strict`,
  "create index job_due on job (state, run_at)",
];
