import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { findProgram } from "./packages.ts";
import { freePorts } from "./ports.ts";

const run = promisify(execFile);

export interface PostfixOptions {
  /** LMTP port of the Dovecot on 127.0.0.1 that keeps the mailboxes; nothing is delivered anywhere else. */
  readonly lmtpPort: number;
  /** Domains it takes mail for; all others are refused with 554. */
  readonly domains: readonly string[];
  /** Addresses in those domains that do not exist: refused with 550. */
  readonly unknown?: readonly string[];
  /** Domains whose mail it keeps itself, in one Maildir for all: addresses beyond ASCII, which Dovecot's LMTP does not take. */
  readonly keptDomains?: readonly string[];
  /** Addresses that it forwards, and where to; what leads beyond its domains comes back from its queue with 5.1.2. */
  readonly forwards?: Readonly<Record<string, string>>;
  /** Addresses whose server does not answer: their mail stays in the queue, and soon its sender is warned. */
  readonly unanswered?: readonly string[];
  /** A certificate offers STARTTLS. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
}

/** A real Postfix on temporary directories and one loopback port. Needs root, as Postfix does. */
export interface Postfix extends AsyncDisposable {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** Ends the server and keeps its queue and port. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** What the server logged so far. */
  log(): Promise<string>;
  /** The mails of `keptDomains`, with Return-Path and Delivered-To on top. */
  kept(): Promise<readonly string[]>;
}

/** Starts a Postfix; installs it first where it is missing. */
export async function startPostfix(options: PostfixOptions): Promise<Postfix> {
  await findProgram("postfix", ["postfix"]);
  if (process.getuid?.() !== 0) {
    throw new Error("Postfix starts as root only. Type: sudo npm test (or sudo npm run demo).");
  }
  const directory = await mkdtemp(join(tmpdir(), "usher-postfix-"));
  const [port = 0] = await freePorts(1);
  await writeFiles(directory, port, options);
  const server = new PostfixServer(directory, port);
  await server.start();
  return server;
}

/** Of the queue; `postfix check` would make them too, in two seconds. */
const queueDirectories = "active bounce corrupt defer deferred flush hold incoming private saved trace".split(
  " ",
);

async function writeFiles(directory: string, port: number, options: PostfixOptions): Promise<void> {
  const [uid, gid] = [await numberOf("id", "-u", "postfix"), await numberOf("id", "-g", "postfix")];
  // Postfix's own processes, which are not root, pass through it.
  await chmod(directory, 0o755);
  for (const name of ["conf", "queue", "queue/pid", "data"]) await mkdir(join(directory, name));
  await chown(join(directory, "data"), uid, gid);
  for (const name of queueDirectories) await ownedDirectory(join(directory, "queue", name), 0o700, uid, 0);
  const postdrop = Number((await run("getent", ["group", "postdrop"])).stdout.split(":")[2]);
  await ownedDirectory(join(directory, "queue/public"), 0o710, uid, postdrop);
  await ownedDirectory(join(directory, "queue/maildrop"), 0o730, uid, postdrop);
  await ownedDirectory(join(directory, "mail"), 0o700, nobody, nobody);
  const kept = (options.keptDomains ?? []).map((domain) => `${domain} virtual:\n`);
  // Nobody listens on port 9 of loopback.
  const unanswered = (options.unanswered ?? []).map((address) => `${address} lmtp:inet:127.0.0.1:9\n`);
  await writeFile(join(directory, "conf/transport"), [...kept, ...unanswered].join(""));
  const forwards = Object.entries(options.forwards ?? {}).map(([from, to]) => `${from} ${to}\n`);
  await writeFile(join(directory, "conf/forwards"), forwards.join(""));
  const unknown = (options.unknown ?? []).map((address) => `${address} 550 5.1.1 no such user here\n`);
  await writeFile(join(directory, "conf/recipients"), unknown.join(""));
  await writeFile(join(directory, "conf/main.cf"), mainConfiguration(directory, options));
  await writeFile(join(directory, "conf/master.cf"), masterConfiguration(port));
}

/** Who owns the mail that Postfix keeps itself. */
const nobody = 65_534;

async function numberOf(program: string, ...args: readonly string[]): Promise<number> {
  return Number((await run(program, args)).stdout);
}

async function ownedDirectory(path: string, mode: number, uid: number, gid: number): Promise<void> {
  await mkdir(path);
  await chmod(path, mode);
  await chown(path, uid, gid);
}

function mainConfiguration(directory: string, options: PostfixOptions): string {
  const { lmtpPort, domains, keptDomains = [], tls } = options;
  const settings = {
    compatibility_level: "3.6",
    queue_directory: `${directory}/queue`,
    data_directory: `${directory}/data`,
    maillog_file: `${directory}/mail.log`,
    maillog_file_prefixes: directory,
    myhostname: "mail.example.org",
    mydestination: "",
    relayhost: "",
    alias_maps: "",
    alias_database: "",
    mynetworks: "127.0.0.0/8",
    inet_interfaces: "127.0.0.1",
    inet_protocols: "ipv4",
    virtual_mailbox_domains: [...domains, ...keptDomains].join(" "),
    virtual_mailbox_base: `${directory}/mail`,
    // A Maildir, for the slash.
    virtual_mailbox_maps: "static:all/",
    virtual_uid_maps: `static:${nobody}`,
    virtual_gid_maps: `static:${nobody}`,
    virtual_transport: `lmtp:inet:127.0.0.1:${lmtpPort}`,
    transport_maps: `texthash:${directory}/conf/transport`,
    virtual_alias_maps: `texthash:${directory}/conf/forwards`,
    smtputf8_enable: "yes",
    // Nothing leaves the machine: every other way of delivery is an error.
    local_transport: "error:5.1.2 no local delivery",
    relay_transport: "error:5.1.2 no relaying",
    default_transport: "error:5.1.2 no delivery to other servers",
    smtpd_relay_restrictions: "reject_unauth_destination",
    smtpd_recipient_restrictions: `check_recipient_access texthash:${directory}/conf/recipients`,
    smtp_dns_support_level: "disabled",
    smtpd_peername_lookup: "no",
    // A mailbox server that was away is asked again at once.
    queue_run_delay: "5s",
    minimal_backoff_time: "5s",
    maximal_backoff_time: "5s",
    ...(options.unanswered === undefined ? {} : { delay_warning_time: "1s" }),
    ...(tls === undefined
      ? {}
      : {
          smtpd_tls_security_level: "may",
          smtpd_tls_cert_file: tls.certFile,
          smtpd_tls_key_file: tls.keyFile,
          // The delivered mail says how it came.
          smtpd_tls_received_header: "yes",
        }),
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join("");
}

/** The services of Debian's master.cf that are needed, none of them in a chroot. */
function masterConfiguration(port: number): string {
  const services = [
    `127.0.0.1:${port} inet n - n - - smtpd`,
    "pickup unix n - n 60 1 pickup",
    "cleanup unix n - n - 0 cleanup",
    "qmgr unix n - n 300 1 qmgr",
    "tlsmgr unix - - n 1000? 1 tlsmgr",
    "rewrite unix - - n - - trivial-rewrite",
    "bounce unix - - n - 0 bounce",
    "defer unix - - n - 0 bounce",
    "trace unix - - n - 0 bounce",
    "verify unix - - n - 1 verify",
    "flush unix n - n 1000? 0 flush",
    "proxymap unix - - n - - proxymap",
    "showq unix n - n - - showq",
    "error unix - - n - - error",
    "retry unix - - n - - error",
    "lmtp unix - - n - - lmtp",
    "virtual unix - n n - - virtual",
    "anvil unix - - n - 1 anvil",
    "scache unix - - n - 1 scache",
    "postlog unix-dgram n - n - 1 postlogd",
  ];
  return `${services.join("\n")}\n`;
}

/**
 * Runs a program until standard input ends: when it is closed, or when the process that holds it dies, however.
 * The parent-death signal does not serve here: the kernel forgets it as soon as master changes its user.
 */
const untilInputEnds = `
"$@" < /dev/null &
server=$!
cat > /dev/null
kill "$server"
wait "$server"
`;

class PostfixServer implements Postfix {
  readonly host = "127.0.0.1";
  readonly port: number;
  readonly #directory: string;
  #child: ChildProcess | null = null;

  constructor(directory: string, port: number) {
    this.#directory = directory;
    this.port = port;
  }

  async start(): Promise<void> {
    if (this.#child !== null) return;
    const master = ["/usr/lib/postfix/sbin/master", "-s", "-c", join(this.#directory, "conf")];
    // In a group of its own, so that Ctrl-C at a terminal does not end the shell before it ends the master.
    const child = spawn("sh", ["-c", untilInputEnds, "sh", ...master], {
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    let complaint = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk) => (complaint += String(chunk)));
    this.#child = child;
    for (let tries = 0; tries < 2400; tries += 1) {
      if (child.exitCode !== null) throw new Error(`Postfix ended with code ${child.exitCode}: ${complaint}`);
      if (await greets(this.port)) return;
      await sleep(25);
    }
    await this.stop();
    throw new Error(`Postfix did not greet within a minute: ${complaint}${await this.log()}`);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.stdin?.end();
    await ended;
  }

  async log(): Promise<string> {
    return readFile(join(this.#directory, "mail.log"), "utf8").catch(() => "");
  }

  async kept(): Promise<readonly string[]> {
    const folder = join(this.#directory, "mail/all/new");
    const names = await readdir(folder).catch(() => []);
    return Promise.all(names.map(async (name) => readFile(join(folder, name), "utf8")));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

async function greets(port: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  try {
    const [greeting]: unknown[] = await once(socket, "data", { signal: AbortSignal.timeout(2000) });
    return String(greeting).startsWith("220");
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
