/** The fate of invitations, who wants none, notices to sharers; store/schema.ts says what the columns mean. */
export const fateOfMail: readonly string[] = [
  "alter table sharing add column expires_at integer",
  "alter table sharing add column revoked_at integer",
  "create index sharing_expiry on sharing (expires_at) where expires_at is not null and revoked_at is null",

  "alter table invitation add column in_reply_to text",
  "alter table invitation add column fate text check (fate in ('delivered', 'delayed', 'bounced'))",
  "alter table invitation add column fate_status text",
  "alter table invitation add column fate_at integer",
  "create unique index invitation_purpose on invitation (recipient_id, template)",
  "create index invitation_sent on invitation (sent_at) where sent_at is not null",
  "create index recipient_address on recipient (address_key)",

  `create table suppression (
    address_key text primary key,
    score real not null check (score >= 0),
    status text,
    first_at integer not null,
    last_at integer not null
  ) strict`,

  `create table mute (
    account_id text not null references account (id) on delete cascade,
    address_key text not null,
    created_at integer not null,
    primary key (account_id, address_key)
  ) strict`,

  `create table sharer_notice (
    id text primary key,
    account_id text not null references account (id) on delete cascade,
    sharing_id text not null references sharing (id) on delete cascade,
    message_id text not null unique,
    raw_sealed text,
    state text not null check (state in ('planned', 'attempting', 'sent', 'failed', 'unknown')),
    attempts integer not null,
    unknown_attempts integer not null,
    reply text,
    created_at integer not null,
    sent_at integer
  ) strict`,
  "create index sharer_notice_sharing on sharer_notice (sharing_id)",
  "alter table recipient add column told_by text references sharer_notice (id) on delete set null",
  "create index recipient_told_by on recipient (told_by) where told_by is not null",
];
