import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { OutboundException } from "../../src/config/config.ts";
import { newSiteKeys } from "../../src/config/site-keys.ts";
import { createOrigins, type Origins } from "../../src/origins.ts";
import type { CurrentConfig } from "../../src/room.ts";
import { createServing } from "../../src/serving.ts";
import { openSite, type Site } from "../../src/site.ts";
import { createToken, tokenScopes } from "../../src/store/api-tokens.ts";
import { newId } from "../../src/store/ids.ts";
import { run, type Ran } from "../cli/in-process.ts";
import { temporaryDirectory } from "../store/temporary.ts";
import type { Answer } from "../world/ocm/caller.ts";
import type { Stage } from "../world/ocm/stage.ts";
import { freePorts } from "../world/ports.ts";
import { startTlsFront, type TlsFront } from "../world/tls-front.ts";

/** A whole Usher on a stage of Open Cloud Mesh: store, queue, guarded client and server behind a proxy; mails stay planned. */
export interface Usher extends AsyncDisposable {
  /** `host:port`: the host part of its OCM addresses. */
  readonly host: string;
  readonly origin: string;
  readonly site: Site;
  readonly origins: Origins;
  /** As its rooms are given it: with the way to the hosts of the stage. */
  readonly current: CurrentConfig;
  readonly front: TlsFront;
  /** Port of 127.0.0.1 behind the proxy. */
  readonly httpPort: number;
  readonly logged: readonly string[];
  /** One command of the site; fails the test unless it ends well. */
  usher(...args: readonly string[]): Promise<string>;
  /** The same where it may fail. */
  tryUsher(...args: readonly string[]): Promise<Ran>;
  /** What a command prints as JSON. */
  json<Value>(...args: readonly string[]): Promise<Value>;
  accountId(name: string): Promise<string>;
  /** Does everything of these kinds that is planned and due. */
  work(...kinds: readonly (keyof Origins["workers"])[]): Promise<void>;
  /** The same for what waits to be tried again. */
  workAgain(...kinds: readonly (keyof Origins["workers"])[]): Promise<void>;
  ask(method: string, path: string, more?: AskOptions): Promise<Answer>;
  /** A call of the API with a token of that account; without one the administrator's. */
  api(account: string | null, method: string, path: string, body?: unknown): Promise<Answer>;
}

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** A text as it stands; anything else as JSON. */
  readonly body?: unknown;
  readonly form?: Readonly<Record<string, string>>;
}

export interface UsherOptions {
  readonly hostname: string;
  /** Each has the address `name@mail.example`. */
  readonly accounts?: readonly string[];
  /** Of the configuration, `ocm`. */
  readonly ocm?: object;
  /** Whether mail could be sent; it never is. */
  readonly hasMail?: boolean;
}

/** Starts it under a name of the stage, and lets it reach the hosts of the stage that stand there when it asks. */
export async function startUsher(stage: Stage, options: UsherOptions): Promise<Usher> {
  await using stack = new AsyncDisposableStack();
  const { hostname, accounts = ["dora"] } = options;
  const directory = stack.use(await temporaryDirectory());
  const [port = 0, behind = 0] = await freePorts(2);
  const host = `${hostname}:${port}`;
  const configFile = await writeConfiguration(directory.path, { ...options, host, behind });
  const logged: string[] = [];
  const opened = await openSite({
    configFile,
    env: {},
    owner: "daemon",
    // What a worker threw is a mistake that a test should show.
    queueEvents: (log) => ({
      onOutcome: ({ job, because, error }) => log.debug("job", { kind: job.kind, because, error }),
    }),
    writeLog: (line) => void logged.push(line),
  });
  if (!opened.ok) throw new Error(JSON.stringify(opened.problems));
  const site = stack.use(opened.site);
  const current = () => ({
    ...site.config,
    outbound: { userAgent: "Usher-Test/1", exceptions: exceptionsFor(stage) },
  });
  const origins = stack.use(createOrigins(site, current));
  stack.use(await createServing(site, current, async () => Promise.resolve(origins)));
  const front = stack.use(await startTlsFront({ tls: stage.tls, port, behind }));
  stage.add(hostname, port);
  const tryUsher: Usher["tryUsher"] = async (...args) => run(configFile, args);
  const usher: Usher["usher"] = async (...args) => {
    const { code, out, err } = await tryUsher(...args);
    if (code !== 0) throw new Error(`usher ${args.join(" ")} ended with ${code}: ${err}`);
    return out;
  };
  for (const name of accounts) await usher("account", "add", name, "--address", `${name}@mail.example`);
  const all = stack.move();
  const work: Usher["work"] = async (...kinds) => {
    await site.queue.drain(origins.workers, { kinds }, AbortSignal.timeout(60_000));
  };
  const ask: Usher["ask"] = async (method, path, more = {}) =>
    stage.ask({ method, url: `https://${host}${path}`, ...written(more) });
  return {
    host,
    origin: `https://${host}`,
    site,
    origins,
    current,
    front,
    httpPort: behind,
    logged,
    tryUsher,
    usher,
    json: async <Value>(...args: readonly string[]) => {
      const value: Value = JSON.parse(await usher(...args, "--json"));
      return value;
    },
    accountId: async (name) => {
      const query = site.store.db.selectFrom("account").select("id").where("name", "=", name);
      return (await query.executeTakeFirstOrThrow()).id;
    },
    work,
    workAgain: async (...kinds) => {
      await site.store.db.updateTable("job").set({ run_at: 0 }).where("state", "=", "ready").execute();
      await work(...kinds);
    },
    ask,
    api: async (account, method, path, body) => {
      const token = await createToken(site.store.db, {
        name: newId("api-"),
        accountId: account === null ? null : await accountIdIn(site, account),
        scopes: tokenScopes.filter((scope) => account === null || !scope.startsWith("jobs:")),
        expiresAt: null,
      });
      const headers = { authorization: `Bearer ${token?.secret ?? ""}` };
      return ask(method, `/api/v1${path}`, { headers, body });
    },
    [Symbol.asyncDispose]: async () => all.disposeAsync(),
  };
}

async function accountIdIn({ store }: Site, name: string): Promise<string> {
  const query = store.db.selectFrom("account").select("id").where("name", "=", name);
  return (await query.executeTakeFirstOrThrow()).id;
}

function written({ headers, body, form }: AskOptions) {
  if (form !== undefined) {
    const type = { "content-type": "application/x-www-form-urlencoded" };
    return { headers: { ...type, ...headers }, body: new URLSearchParams(form).toString() };
  }
  if (body === undefined) return { headers: { ...headers } };
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { headers: { "content-type": "application/json", ...headers }, body: text };
}

/** Of all sites that one test file starts: making them takes longer than all else. */
let keysOfTheFile: Promise<string> | null = null;

async function writeConfiguration(
  directory: string,
  {
    host,
    behind,
    ocm = {},
    hasMail = true,
  }: UsherOptions & { readonly host: string; readonly behind: number },
): Promise<string> {
  const configFile = join(directory, "usher.yaml");
  await writeFile(join(directory, "key"), randomBytes(32).toString("base64"), { mode: 0o600 });
  keysOfTheFile ??= newSiteKeys();
  await writeFile(join(directory, "usher-ocm.pem"), await keysOfTheFile, { mode: 0o600 });
  // Nobody listens for mail: it is planned, and not sent.
  const from = { name: "Usher", address: "share@example.org" };
  const document = {
    store: { file: join(directory, "usher.db") },
    key: { file: "key" },
    server: { publicUrl: `https://${host}`, listen: `127.0.0.1:${behind}` },
    ...(hasMail ? { smtp: { host: "127.0.0.1", port: 9, tls: "none", from } } : {}),
    log: { level: "debug", format: "json" },
    ocm: { keys: { file: "usher-ocm.pem" }, ...ocm },
  };
  await writeFile(configFile, JSON.stringify(document));
  return configFile;
}

/** The guard lets through to the hosts of the stage on loopback, and to nobody else. */
function exceptionsFor(stage: Stage): readonly OutboundException[] {
  return stage.hostnames.flatMap((host) => {
    const reached = stage.resolve(host);
    if (reached === null) return [];
    const where = { cidr: "127.0.0.0/8", scheme: "https", address: "127.0.0.1" } as const;
    return [{ host, port: reached.port, ...where, ca: reached.ca }];
  });
}
