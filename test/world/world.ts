import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { type Dovecot, type DovecotOptions, dovecotPassword, startDovecot } from "./dovecot.ts";
import { type OxOrigin, startOxOrigin } from "./ox/origin.ts";
import { type QueueTroubles, type Relay, startRelay } from "./relay.ts";
import { shareMail, type ShareMailOptions } from "./share-mail.ts";
import { usher, usherJson } from "./site.ts";
import { makeCertificates } from "./tls.ts";

/** Id that the receiving mail server writes into Authentication-Results. */
export const authservId = "mx.recipient.example";
const originHost = "cloud.origin.example";
const master = { login: "usher", password: "master-password-of-the-tests" };

export interface WorldOptions {
  /** A Postfix for outgoing mail (see relay.ts); without it the configuration has no `smtp`. */
  readonly postfix?: boolean | QueueTroubles;
  /** Users of the Dovecot that do not exist, or whose mailboxes are full. */
  readonly mailboxes?: Pick<DovecotOptions, "unknown" | "full">;
  /** Merged over the configuration file that is written. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** A mail server, an origin, and a configuration of Usher beside them, all on loopback and in one temporary directory. */
export interface World extends AsyncDisposable {
  readonly directory: string;
  readonly configFile: string;
  readonly dovecot: Dovecot;
  readonly postfix: Relay | null;
  readonly origin: OxOrigin;
  /** Writes the configuration anew, with other keys merged over it. */
  configure(change: Readonly<Record<string, unknown>>): Promise<void>;
  /** An account NAME@recipient.example whose mailbox is watched through the master user. */
  addAccount(name: string): Promise<void>;
  /** A named guest at the origin for the address, a folder that he sees, and the mail that tells him. */
  share(recipient: string, folder: ShareOptions): Shared;
  /** Delivers over LMTP into the INBOX of NAME@recipient.example. */
  deliver(name: string, mail: string): Promise<void>;
  /** Another site beside the same servers, with a store, a key and a configuration of its own; it ends with this world. */
  beside(config: Readonly<Record<string, unknown>>): Promise<World>;
}

export interface ShareOptions {
  readonly title: string;
  readonly files?: readonly string[];
  readonly password?: string;
  readonly mail?: Partial<ShareMailOptions>;
  /** The receiving server found dmarc=pass. */
  readonly isAuthenticated?: boolean;
}

export interface Shared {
  readonly token: string;
  readonly folder: string;
  readonly link: string;
  /** RFC 5322 text of the share mail. */
  readonly mail: string;
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "usher-world-"));
  stack.defer(async () => rm(directory, { recursive: true, force: true }));
  const certificates = await makeCertificates(join(directory, "tls"));
  const local = await certificates.certificate(["localhost", "127.0.0.1"]);
  const origin = stack.use(
    await startOxOrigin({ hostname: originHost, tls: await certificates.certificate([originHost]) }),
  );
  const dovecot = stack.use(await startDovecot({ tls: local, masterUser: master, ...options.mailboxes }));
  const postfix = await startMailServer(dovecot, options.postfix ?? false);
  if (postfix !== null) stack.use(postfix);
  const servers = { caFile: certificates.caFile, origin, dovecot, postfix };
  const world = await openWorld(directory, servers, options.config ?? {});
  const owned = stack.move();
  return { ...world, [Symbol.asyncDispose]: async () => owned.disposeAsync() };
}

interface Servers extends Pick<World, "origin" | "dovecot" | "postfix"> {
  readonly caFile: string;
}

/** A site in that directory; the servers belong to whoever started them. */
async function openWorld(
  directory: string,
  servers: Servers,
  config: Readonly<Record<string, unknown>>,
): Promise<World> {
  const { origin, dovecot, postfix } = servers;
  const configFile = join(directory, "usher.yaml");
  const base = configuration({ directory, ...servers });
  await writeSecrets(directory);
  const write = async (change: Readonly<Record<string, unknown>>): Promise<void> =>
    writeFile(configFile, stringify({ ...base, ...config, ...change }));
  await write({});
  let folders = 0;
  return {
    directory,
    configFile,
    dovecot,
    postfix,
    origin,
    configure: write,
    addAccount: async (name) => addAccount(configFile, name),
    share: (recipient, share) => newShare(origin, recipient, `${4000 + folders++}`, share),
    deliver: async (name, mail) => dovecot.deliver(addressOf(name), mail),
    beside: async (otherConfig) => openWorld(await mkdtemp(join(directory, "beside-")), servers, otherConfig),
    [Symbol.asyncDispose]: async () => {},
  };
}

async function startMailServer(dovecot: Dovecot, wanted: boolean | QueueTroubles): Promise<Relay | null> {
  if (wanted === false) return null;
  return startRelay(dovecot, ["recipient.example"], wanted === true ? {} : wanted);
}

function configuration(world: Servers & { readonly directory: string }): Record<string, unknown> {
  const { directory, caFile, origin, dovecot, postfix } = world;
  return {
    store: { file: join(directory, "state", "usher.db") },
    key: { file: join(directory, "usher.key") },
    mailServers: {
      local: {
        host: "127.0.0.1",
        port: dovecot.ports.imaps,
        ca: caFile,
        masterUser: { login: master.login, password: { file: join(directory, "master.pw") } },
      },
    },
    trustedAuthservIds: [authservId],
    outbound: {
      exceptions: [
        { host: originHost, port: origin.port, cidr: "127.0.0.0/8", address: "127.0.0.1", ca: caFile },
      ],
    },
    ...(postfix === null
      ? {}
      : {
          smtp: {
            host: postfix.host,
            port: postfix.port,
            tls: "none",
            from: { name: "Recipient Cloud", address: "usher@recipient.example" },
          },
        }),
  };
}

async function writeSecrets(directory: string): Promise<void> {
  await mkdir(join(directory, "state"));
  const secret = { mode: 0o600 };
  await writeFile(join(directory, "usher.key"), randomBytes(32).toString("base64"), secret);
  await writeFile(join(directory, "master.pw"), master.password, secret);
  await writeFile(join(directory, "user.pw"), dovecotPassword, secret);
}

/** The address of an account, and its login name at the mail server. */
export function addressOf(name: string): string {
  return `${name}@recipient.example`;
}

async function addAccount(configFile: string, name: string): Promise<void> {
  await usherJson(configFile, ["account", "add", name, "--address", addressOf(name)]);
  const hookUp = await usher(configFile, [
    "mailbox",
    "add",
    name,
    "--server",
    "local",
    "--login",
    addressOf(name),
    "--master",
  ]);
  if (hookUp.code !== 0) throw new Error(`mailbox add ended with ${hookUp.code}: ${hookUp.err}`);
}

function newShare(origin: OxOrigin, recipient: string, folder: string, share: ShareOptions): Shared {
  const guest = origin.addGuest({ mail: recipient, password: share.password ?? null });
  const files = (share.files ?? []).map((name, index) => ({
    id: `${folder}/${index}`,
    name,
    sizeBytes: 100,
  }));
  origin.addFolder({ id: folder, title: share.title, files, guests: [guest.token] });
  const link = origin.link(guest.token, folder);
  const mail = shareMail({
    link,
    sharer: { name: "Alice Sender", address: "alice@origin.example" },
    recipient,
    title: share.title,
    ...(share.isAuthenticated === true
      ? { authenticationResults: `${authservId}; dmarc=pass header.from=origin.example` }
      : {}),
    ...share.mail,
  });
  return { token: guest.token, folder, link, mail };
}
