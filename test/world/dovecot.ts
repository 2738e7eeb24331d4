import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chown, copyFile, mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { createTransport } from "nodemailer";
import { dovecotConfiguration } from "./dovecot-configuration.ts";
import { findProgram } from "./packages.ts";
import { freePorts } from "./ports.ts";

const run = promisify(execFile);

/** The unprivileged account that Dovecot runs under when the tests run as root. */
const nobody = { uid: 65_534, gid: 65_534, user: "nobody", group: "nogroup" };

/** Every user may log in with it, unless `setPassword` gave another. */
export const dovecotPassword = "secret";

export interface DovecotOptions {
  /** Users with a password of their own; every other name exists too, with `dovecotPassword`. */
  readonly users?: Readonly<Record<string, string>>;
  readonly tls: { readonly certFile: string; readonly keyFile: string };
  readonly masterUser?: { readonly login: string; readonly password: string };
  /** What parts the names of folders; `/` unless given. */
  readonly separator?: "/" | ".";
  /** Users that do not exist: mail to them is refused over LMTP. */
  readonly unknown?: readonly string[];
  /** Users whose mailboxes have no room for one more mail. */
  readonly full?: readonly string[];
  /** Lines `mailbox identifier rights` that take rights away; everybody has all rights unless given. */
  readonly acl?: readonly string[];
}

/** A real Dovecot 2.3 on a temporary directory and loopback ports (reference/feasibility.md 4.1). */
export interface Dovecot extends AsyncDisposable {
  readonly directory: string;
  readonly host: "127.0.0.1";
  readonly ports: { readonly imap: number; readonly imaps: number; readonly lmtp: number };
  /** Delivers a whole message to INBOX over LMTP. */
  deliver(user: string, raw: string | Buffer, options?: { readonly from?: string }): Promise<void>;
  /** Ends the server and keeps its directory and ports. */
  stop(): Promise<void>;
  start(): Promise<void>;
  setPassword(user: string, password: string): Promise<void>;
  setUidValidity(user: string, folder: string, uidValidity: number): Promise<void>;
  /** Deletes a folder with its mail and makes it anew, with another UIDVALIDITY. */
  recreateFolder(user: string, folder: string): Promise<void>;
  /** Makes all mail that is in INBOX now look received at that time. */
  setReceived(user: string, receivedAt: Date): Promise<void>;
  /** Flags of all messages of a folder, one text per message. */
  flags(user: string, folder: string): Promise<readonly string[]>;
  /** Runs doveadm against this server and returns what it prints. */
  doveadm(...args: readonly string[]): Promise<string>;
  /** What the server logged so far. */
  log(): Promise<string>;
}

/** Starts a Dovecot; installs it first where it is missing. */
export async function startDovecot(options: DovecotOptions): Promise<Dovecot> {
  const program = await findProgram("dovecot", ["dovecot-imapd", "dovecot-lmtpd"]);
  const directory = await mkdtemp(join(tmpdir(), "usher-dovecot-"));
  const [imap = 0, imaps = 0, lmtp = 0] = await freePorts(3);
  const ports = { imap, imaps, lmtp };
  await writeFiles(directory, options, ports);
  const server = new DovecotServer(directory, ports, program);
  await server.start();
  for (const [user, password] of Object.entries(options.users ?? {}))
    await server.setPassword(user, password);
  return server;
}

async function writeFiles(
  directory: string,
  options: DovecotOptions,
  ports: Dovecot["ports"],
): Promise<void> {
  const { user, group } = await identity();
  await mkdir(join(directory, "tls"));
  await mkdir(join(directory, "mail"));
  await copyFile(options.tls.certFile, join(directory, "tls/cert.pem"));
  await copyFile(options.tls.keyFile, join(directory, "tls/key.pem"));
  await writeFile(join(directory, "users"), "");
  const master = options.masterUser;
  if (master !== undefined) {
    await writeFile(join(directory, "master-users"), `${master.login}:{PLAIN}${master.password}\n`);
  }
  const settings = {
    directory,
    ports,
    user,
    group,
    hasMaster: master !== undefined,
    password: dovecotPassword,
    separator: options.separator ?? "/",
    hasAcl: options.acl !== undefined,
    hasUnknown: options.unknown !== undefined,
    hasQuota: options.full !== undefined,
  } as const;
  const unknown = (options.unknown ?? []).map((name) => `${name}:::::::\n`);
  await writeFile(join(directory, "unknown"), unknown.join(""));
  const full = (options.full ?? []).map(
    (name) => `${name}::${user}:${group}::${directory}/mail/${name}::userdb_quota_rule=*:bytes=1\n`,
  );
  await writeFile(join(directory, "full"), full.join(""));
  await writeFile(join(directory, "acl"), [...(options.acl ?? []), ""].join("\n"));
  await writeFile(join(directory, "dovecot.conf"), dovecotConfiguration(settings));
  if (process.getuid?.() !== 0) return;
  const owned = [
    "",
    "tls",
    "mail",
    "tls/cert.pem",
    "tls/key.pem",
    "users",
    "unknown",
    "full",
    "acl",
    "dovecot.conf",
  ];
  if (master !== undefined) owned.push("master-users");
  for (const name of owned) await chown(join(directory, name), nobody.uid, nobody.gid);
}

async function identity(): Promise<{ readonly user: string; readonly group: string }> {
  if (process.getuid?.() === 0) return nobody;
  return { user: userInfo().username, group: (await run("id", ["-gn"])).stdout.trim() };
}

/** Dovecot refuses to be its own root; the server ends with the process that started it. */
function privilegeArgs(): string[] {
  if (process.getuid?.() !== 0) return ["--pdeathsig", "TERM"];
  return [
    "--reuid",
    String(nobody.uid),
    "--regid",
    String(nobody.gid),
    "--clear-groups",
    "--pdeathsig",
    "TERM",
  ];
}

class DovecotServer implements Dovecot {
  readonly host = "127.0.0.1";
  readonly directory: string;
  readonly ports: Dovecot["ports"];
  readonly #program: string;
  #child: ChildProcess | null = null;
  #passwordsChanged = 0;

  constructor(directory: string, ports: Dovecot["ports"], program: string) {
    this.directory = directory;
    this.ports = ports;
    this.#program = program;
  }

  async start(): Promise<void> {
    if (this.#child !== null) return;
    const args = [...privilegeArgs(), this.#program, "-F", "-c", this.#path("dovecot.conf")];
    const child = spawn("setpriv", args, { stdio: ["ignore", "ignore", "pipe"], detached: true });
    let complaint = "";
    child.stderr.on("data", (chunk) => (complaint += String(chunk)));
    this.#child = child;
    for (let tries = 0; tries < 2400; tries += 1) {
      if (child.exitCode !== null) throw new Error(`Dovecot ended with code ${child.exitCode}: ${complaint}`);
      if ((await greets(this.ports.imap)) && (await greets(this.ports.lmtp))) return;
      await sleep(25);
    }
    await this.stop();
    throw new Error(`Dovecot did not greet within a minute: ${complaint}${await this.log()}`);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#child = null;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
    endGroup(child);
  }

  async deliver(user: string, raw: string | Buffer, options: { readonly from?: string } = {}): Promise<void> {
    const transport = createTransport({
      host: this.host,
      port: this.ports.lmtp,
      lmtp: true,
      ignoreTLS: true,
    });
    try {
      await transport.sendMail({ envelope: { from: options.from ?? "carla@example.net", to: [user] }, raw });
    } finally {
      transport.close();
    }
  }

  async setPassword(user: string, password: string): Promise<void> {
    const file = this.#path("users");
    const lines = (await readFile(file, "utf8")).split("\n").filter((line) => !line.startsWith(`${user}:`));
    await writeFile(
      file,
      [...lines.filter((line) => line !== ""), `${user}:{PLAIN}${password}`, ""].join("\n"),
    );
    // Dovecot looks at the file at most once in a second, and only reads it again when its time differs.
    this.#passwordsChanged = Math.max(Date.now() / 1000, this.#passwordsChanged + 1);
    await utimes(file, this.#passwordsChanged, this.#passwordsChanged);
    for (let tries = 0; tries < 600; tries += 1) {
      const accepted = await this.doveadm("auth", "test", user, password).then(yes, no);
      if (accepted) return;
      await sleep(100);
    }
    throw new Error(`Dovecot did not take the new password of ${user} within a minute.`);
  }

  async setUidValidity(user: string, folder: string, uidValidity: number): Promise<void> {
    await this.doveadm("mailbox", "update", "-u", user, "--uid-validity", String(uidValidity), folder);
  }

  async recreateFolder(user: string, folder: string): Promise<void> {
    if (folder.toUpperCase() !== "INBOX") {
      await this.doveadm("mailbox", "delete", "-u", user, folder);
      await this.doveadm("mailbox", "create", "-u", user, folder);
      return;
    }
    const before = await this.doveadm("-f", "tab", "mailbox", "status", "-u", user, "uidvalidity", folder);
    const maildir = this.#path(join("mail", user, "Maildir"));
    for (const name of await readdir(maildir)) {
      if (/^(cur|new|tmp|dovecot)/.test(name)) await rm(join(maildir, name), { recursive: true });
    }
    await this.setUidValidity(user, folder, Number(before.trim().split("\t").at(-1)) + 1);
  }

  async setReceived(user: string, receivedAt: Date): Promise<void> {
    const maildir = this.#path(join("mail", user, "Maildir"));
    for (const part of ["cur", "new"]) {
      for (const name of await readdir(join(maildir, part))) {
        await utimes(join(maildir, part, name), receivedAt, receivedAt);
      }
    }
    // The indexes remember the time of delivery.
    for (const name of await readdir(maildir)) {
      if (name.startsWith("dovecot.index")) await rm(join(maildir, name));
    }
  }

  async flags(user: string, folder: string): Promise<readonly string[]> {
    const text = await this.doveadm("-f", "tab", "fetch", "-u", user, "uid flags", "mailbox", folder, "all");
    return text
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split("\t")[1] ?? "");
  }

  async doveadm(...args: readonly string[]): Promise<string> {
    const command = [...privilegeArgs(), "doveadm", "-c", this.#path("dovecot.conf"), ...args];
    return (await run("setpriv", command, { maxBuffer: 64 * 1024 * 1024 })).stdout;
  }

  async log(): Promise<string> {
    return readFile(this.#path("dovecot.log"), "utf8").catch(() => "");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  #path(name: string): string {
    return join(this.directory, name);
  }
}

/** Login processes with open TLS connections outlive the master by some seconds. */
function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // All are gone.
  }
}

const yes = (): boolean => true;
const no = (): boolean => false;

/** Whether a server sends its first bytes on this port. */
async function greets(port: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  try {
    await once(socket, "data", { signal: AbortSignal.timeout(1000) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
