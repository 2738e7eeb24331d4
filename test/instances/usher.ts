import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import type { OutboundException } from "../../src/config/config.ts";
import type { HttpLimits } from "../../src/http/http-limits.ts";
import { createOrigins, type Origins } from "../../src/origins.ts";
import { mailReaders } from "../../src/protocols/mail-readers.ts";
import { judgeAnnounced } from "../../src/receiving/announced.ts";
import { createServing } from "../../src/serving.ts";
import { openSite, type Site } from "../../src/site.ts";
import { insertAccount } from "../../src/store/accounts.ts";
import { createToken, tokenScopes } from "../../src/store/api-tokens.ts";
import { newId } from "../../src/store/ids.ts";
import { temporaryDirectory } from "../store/temporary.ts";
import type { CozyOptions } from "../world/cozy-v1a/stack/stack.ts";
import { type Answer, call } from "../world/cozy-v1a/stack/outgoing.ts";
import { startTlsFront } from "../world/tls-front.ts";

/**
 * A whole Usher but for mail: store, queue, guarded client and server, behind a proxy that speaks TLS as Cozys want it. One account
 * has the host of the stage's Cozy of that name as its own.
 */
export interface Usher extends AsyncDisposable {
  readonly port: number;
  /** `https://host:port` of the account. */
  readonly origin: string;
  readonly accountId: string;
  readonly site: Site;
  readonly origins: Origins;
  /** Does everything at other Cozys that is planned and due, also what answers of the account led to. */
  work(): Promise<void>;
  /** The same for those that wait to be tried again. */
  workAgain(): Promise<void>;
  /** A request of anybody to the account's host; a body is sent as JSON, the bytes of a text as they are. */
  ask(method: string, path: string, more?: AskOptions): Promise<Answer>;
  /** The same by an application whose permissions are that scope. */
  app(scope: string): Promise<(method: string, path: string, body?: unknown) => Promise<Answer>>;
  /** The own links that were put into mails, oldest first; by the address of the recipient. */
  linkOf(address: string): Promise<string>;
  /** A link came by mail, which nobody vouches for, and waits for the account: the notification's id. */
  receive(link: string): Promise<string>;
  /** A call of the API with a token of the account. */
  api(method: string, path: string, body?: unknown): Promise<Answer>;
  readonly logged: readonly string[];
}

interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly form?: Readonly<Record<string, string>>;
}

const atOthers = ["tell-member", "follow", "check-subscription", "leave", "refuse"] as const;
const neighbours = ["alice", "bob", "carol"].map((name) => `${name}.cozy.example`);

/** Takes the place of an emulated Cozy on a stage: `stage.start(startUsher, "alice")`. */
export async function startUsher(options: CozyOptions, httpLimits: Partial<HttpLimits> = {}): Promise<Usher> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryDirectory());
  const logged: string[] = [];
  const site = stack.use(await siteIn(directory.path, logged));
  const { server: served } = site.config;
  if (served === null) throw new Error("The configuration has no server.");
  const current = () => ({
    ...site.config,
    server: { ...served, listen: { host: "127.0.0.1", port: 0 } },
    outbound: { userAgent: "Usher-Test/1", exceptions: exceptionsFor(options) },
  });
  const origins = stack.use(createOrigins(site, current, httpLimits));
  const server = stack.use(await createServing(site, current, async () => origins));
  const behind = Number(URL.parse(server.address)?.port);
  const front = stack.use(await startTlsFront({ tls: options.tls, port: options.port ?? 0, behind }));
  const name = options.hostname.split(".")[0] ?? "";
  const host = `${options.hostname}:${front.port}`;
  const accountId = await addAccount(site, { name, address: options.ownerMail, host });
  const origin = `https://${host}`;
  const opened = stack.move();
  const work = async (): Promise<void> => {
    await site.queue.drain(origins.workers, { kinds: atOthers }, AbortSignal.timeout(60_000));
  };
  const ask: Usher["ask"] = async (method, path, more = {}) =>
    call(options.resolve, method, `${origin}${path}`, written(more));
  return {
    port: front.port,
    origin,
    accountId,
    site,
    origins,
    logged,
    work,
    workAgain: async () => {
      await site.store.db.updateTable("job").set({ run_at: 0 }).where("state", "=", "ready").execute();
      await work();
    },
    ask,
    app: async (scope) => {
      const permissions = { appSlug: "drive", permissions: scope };
      const token = { name: newId("app-"), accountId, scopes: [], expiresAt: null, ...permissions };
      const secret = (await createToken(site.store.db, token))?.secret ?? "";
      const headers = { authorization: `Bearer ${secret}` };
      return async (method, path, body) => ask(method, path, { headers, body });
    },
    linkOf: async (address) => linkOf(site, address),
    receive: async (link) =>
      site.store.transaction(async (db) => {
        const read = mailReaders
          .map((reader) => reader.readLink?.(link) ?? null)
          .find((each) => each !== null);
        if (read === undefined) throw new Error(`No protocol has such links: ${link}`);
        const share = { ...read, sharer: { name: "Alice", address: "share@mail.example" }, title: null };
        const news = { accountId, share, key: newId("key-"), voucher: null };
        return judgeAnnounced(db, news, origins.parts);
      }),
    api: async (method, path, body) => {
      const scopes = tokenScopes.filter((scope) => !scope.startsWith("jobs:"));
      const made = await createToken(site.store.db, {
        name: newId("api-"),
        accountId,
        scopes,
        expiresAt: null,
      });
      const headers = { authorization: `Bearer ${made?.secret ?? ""}`, host: "usher.example.org" };
      return ask(method, `/api/v1${path}`, { headers, body });
    },
    [Symbol.asyncDispose]: async () => opened.disposeAsync(),
  };
}

function written({ headers, body, form }: AskOptions): {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
} {
  if (form !== undefined) {
    const type = { "content-type": "application/x-www-form-urlencoded" };
    return { headers: { ...type, ...headers }, body: new URLSearchParams(form).toString() };
  }
  if (body === undefined) return { headers: { ...headers } };
  if (Buffer.isBuffer(body)) {
    return {
      headers: { "content-type": "application/octet-stream", ...headers },
      body: body.toString("utf8"),
    };
  }
  return { headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}

async function siteIn(directory: string, logged: string[]): Promise<Site> {
  const configFile = join(directory, "usher.yaml");
  await writeFile(join(directory, "key"), randomBytes(32).toString("base64"), { mode: 0o600 });
  const document = {
    store: { file: join(directory, "usher.db") },
    key: { file: "key" },
    server: { publicUrl: "https://usher.example.org", listen: "127.0.0.1:8460" },
    // Nobody listens there: mails are planned, and not sent.
    smtp: { host: "127.0.0.1", port: 9, tls: "none", from: { name: "Usher", address: "share@example.org" } },
    log: { level: "debug", format: "json" },
  };
  await writeFile(configFile, JSON.stringify(document));
  const opened = await openSite({
    configFile,
    env: {},
    owner: "daemon",
    // What a worker threw is a mistake that a test should show.
    queueEvents: (log) => ({
      onOutcome: ({ job, because, error }) => log.debug("job", { kind: job.kind, because, error }),
    }),
    writeLog: (line) => logged.push(line),
  });
  if (!opened.ok) throw new Error(JSON.stringify(opened.problems));
  return opened.site;
}

/** The guard lets through to the neighbours on loopback, and to nobody else. */
function exceptionsFor({ resolve }: CozyOptions): readonly OutboundException[] {
  return neighbours.flatMap((host) => {
    const reached = resolve(host);
    if (reached === null) return [];
    const where = { cidr: "127.0.0.0/8", scheme: "https", address: "127.0.0.1" } as const;
    return [{ host, port: reached.port, ...where, ca: reached.ca }];
  });
}

async function addAccount(
  { store }: Site,
  { name, address, host }: { readonly name: string; readonly address: string; readonly host: string },
): Promise<string> {
  const id = newId("a");
  const account = { id, name, locale: "en", modules: [], addresses: [address], createdAt: Date.now() };
  await insertAccount(store.db, account);
  await store.db.updateTable("account").set({ instance_host: host }).where("id", "=", id).execute();
  return id;
}

async function linkOf({ store, sealer }: Site, address: string): Promise<string> {
  const row = await store.db
    .selectFrom("recipient")
    .select(["id", "link_sealed"])
    .where("address", "=", address)
    .orderBy(sql`rowid`, "desc")
    .executeTakeFirstOrThrow();
  if (row.link_sealed === null) throw new Error(`${address} has no link.`);
  return sealer.open(row.link_sealed, { table: "recipient", row: row.id, column: "link_sealed" });
}
