export interface DovecotSettings {
  readonly directory: string;
  readonly ports: { readonly imap: number; readonly imaps: number; readonly lmtp: number };
  readonly user: string;
  readonly group: string;
  readonly hasMaster: boolean;
  readonly password: string;
  /** What parts the names of folders; `/` unless given. */
  readonly separator?: "/" | ".";
  /** Whether a file `acl` in the directory says who may do what (RFC 4314). */
  readonly hasAcl?: boolean;
  /** Whether a file `unknown` in the directory names users that do not exist. */
  readonly hasUnknown?: boolean;
  /** Whether a file `full` says which mailboxes have bounds. */
  readonly hasQuota?: boolean;
}

/** dovecot.conf of the test world, for Dovecot 2.3 (reference/feasibility.md 4.1). */
export function dovecotConfiguration(settings: DovecotSettings): string {
  const t = settings.directory;
  return `${base(settings)}
${settings.hasMaster ? masterPassdb(t) : ""}
# Users with a password of their own; the second block keeps them from the password of all.
passdb {
  driver = passwd-file
  args = ${t}/users
}
passdb {
  driver = passwd-file
  args = ${t}/users
  deny = yes
}
passdb {
  driver = static
  args = password=${settings.password}
}
${settings.hasUnknown === true ? unknownUsers(t) : ""}
${settings.hasQuota === true ? boundedUsers(t) : ""}
userdb {
  driver = static
  args = uid=${settings.user} gid=${settings.group} home=${t}/mail/%u allow_all_users=yes
}
namespace inbox {
  inbox = yes
  separator = ${settings.separator ?? "/"}
  # Exists only where a test makes it.
  mailbox Unsolicited {
    special_use = \\Junk
  }
}
${settings.hasAcl === true ? accessLists(t) : ""}
${services(settings)}`;
}

function base({ directory: t, user, group }: DovecotSettings): string {
  return `base_dir = ${t}/run
state_dir = ${t}/state
log_path = ${t}/dovecot.log
auth_verbose = yes
auth_failure_delay = 0 secs
# Stands in the Received fields of delivered mail: a host of the domain that authenticates senders.
hostname = mail.recipient.example
listen = 127.0.0.1
protocols = imap lmtp
default_internal_user = ${user}
default_internal_group = ${group}
default_login_user = ${user}
first_valid_uid = 1
first_valid_gid = 1
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:${t}/mail/%u/Maildir
mail_fsync = never
ssl = yes
ssl_cert = <${t}/tls/cert.pem
ssl_key = <${t}/tls/key.pem`;
}

function accessLists(t: string): string {
  return `mail_plugins = $mail_plugins acl
plugin {
  acl = vfile:${t}/acl
}`;
}

function unknownUsers(t: string): string {
  return `userdb {
  driver = passwd-file
  args = ${t}/unknown
  result_success = return-fail
}`;
}

function boundedUsers(t: string): string {
  return `userdb {
  driver = passwd-file
  args = ${t}/full
}
mail_plugins = $mail_plugins quota
plugin {
  quota = maildir:User quota
}`;
}

function masterPassdb(t: string): string {
  return `auth_master_user_separator = *
passdb {
  driver = passwd-file
  args = ${t}/master-users
  master = yes
}`;
}

/** The penalty listener is closed: refused logins of one test must not slow the next down. */
function services({ ports }: DovecotSettings): string {
  return `service anvil {
  chroot =
  client_limit = 12000
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
  client_limit = 12000
}
service auth {
  client_limit = 12000
}
service imap-login {
  chroot =
  service_count = 0
  client_limit = 4000
  inet_listener imap {
    port = ${ports.imap}
  }
  inet_listener imaps {
    port = ${ports.imaps}
    ssl = yes
  }
}
service imap {
  process_limit = 3000
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${ports.lmtp}
  }
}
protocol imap {
  mail_max_userip_connections = 5000
}
protocol lmtp {
  postmaster_address = postmaster@localhost
}
`;
}
