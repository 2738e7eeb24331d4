/** Contacts, tokens, answer secrets, notices; store/schema.ts says what the columns mean. One statement per entry. */
export const judgement: readonly string[] = [
  "alter table account add column policy_json text check (policy_json is null or json_valid(policy_json))",
  "alter table notification add column expires_at integer",
  "create index notification_expiry on notification (expires_at) where state = 'held'",
  "alter table message add column mark text",

  `create table contact (
    account_id text not null references account (id) on delete cascade,
    address_key text not null,
    address text not null,
    name text,
    trusted_at integer,
    created_at integer not null,
    primary key (account_id, address_key)
  ) strict`,

  `create table api_token (
    id text primary key,
    name text not null,
    secret_hash text not null unique,
    account_id text references account (id) on delete cascade,
    scopes_json text not null check (json_valid(scopes_json)),
    created_at integer not null,
    expires_at integer,
    last_used_at integer
  ) strict`,
  "create index api_token_account on api_token (account_id) where account_id is not null",

  `create table answer_secret (
    secret_hash text primary key,
    notification_id text not null references notification (id) on delete cascade,
    address_key text not null,
    created_at integer not null,
    expires_at integer not null,
    used_at integer
  ) strict`,
  "create index answer_secret_notification on answer_secret (notification_id)",

  `create table notice (
    id text primary key,
    account_id text not null references account (id) on delete cascade,
    notification_id text not null references notification (id) on delete cascade,
    kind text not null check (kind in ('held', 'answered', 'failed', 'summary')),
    cause text not null,
    detail text,
    message_id text not null unique,
    raw_sealed text,
    state text not null check (state in ('planned', 'attempting', 'sent', 'failed', 'unknown', 'withheld')),
    attempts integer not null,
    unknown_attempts integer not null,
    reply text,
    created_at integer not null,
    sent_at integer,
    unique (notification_id, kind, cause)
  ) strict`,
  "create index notice_account on notice (account_id, created_at)",
];
