import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Origins } from "../../src/origins.ts";
import { createOrigins } from "../../src/origins.ts";
import { createServing } from "../../src/serving.ts";
import { openSite, type Site } from "../../src/site.ts";
import { run, type Ran } from "../cli/in-process.ts";

const aliceHost = "cozy.example.net";
export const bobHost = "bob.example.net";

/** A site as the daemon wires it, without its queue: what is planned stays planned. Alice and Bob have hosts of their own. */
export interface InstanceWorld extends AsyncDisposable {
  readonly site: Site;
  readonly origins: Origins;
  /** What was logged, one text. */
  logged(): string;
  /** One command of the same site. */
  usher(...args: readonly string[]): Promise<Ran>;
  /** A token of an application: its secret. */
  token(permissions: string, options?: { readonly account?: string; readonly app?: string }): Promise<string>;
  ask(method: string, path: string, options?: Asking): Promise<Reply>;
  /** Jobs that are planned, in their order. */
  jobs(kind: string): Promise<readonly { readonly subject: string; readonly payload: unknown }[]>;
}

export interface Asking {
  readonly token?: string;
  /** Alice's where it is left out. */
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a text or bytes as they stand. */
  readonly body?: unknown;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  readonly text: string;
  /** Of a JSON answer; `at` gives what lies there, for example `data.attributes.owner`. */
  readonly json: unknown;
  at(path: string): unknown;
  /** The text that lies there. */
  textAt(path: string): string;
}

export async function openInstanceWorld(): Promise<InstanceWorld> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "usher-instances-"));
  stack.defer(async () => rm(directory, { recursive: true, force: true }));
  const configFile = join(directory, "usher.yaml");
  await writeFile(join(directory, "key"), randomBytes(32).toString("base64"), { mode: 0o600 });
  await writeFile(configFile, configuration(directory));
  const lines: string[] = [];
  const writeLog = (line: string) => void lines.push(line);
  const opened = await openSite({ configFile, env: {}, owner: "daemon", writeLog });
  if (!opened.ok) throw new Error(JSON.stringify(opened.problems));
  const site = stack.use(opened.site);
  const current = () => site.config;
  const origins = stack.use(createOrigins(site, current));
  stack.use(await createServing(site, current, async () => Promise.resolve(origins)));
  const usher = async (...args: readonly string[]) => run(configFile, args);
  for (const [name, host] of [
    ["alice", aliceHost],
    ["bob", bobHost],
  ] as const) {
    await must(usher("account", "add", name, "--address", `${name}@example.net`, "--instance", host));
  }
  let tokens = 0;
  const all = stack.move();
  return {
    site,
    origins,
    logged: () => lines.join("\n"),
    usher,
    async token(permissions, { account = "alice", app = "cal" } = {}) {
      tokens += 1;
      const of = ["--account", account, "--app", app, "--permissions", permissions, "--json"];
      const made: { token: string } = JSON.parse(
        (await must(usher("token", "add", `t${tokens}`, ...of))).out,
      );
      return made.token;
    },
    ask: async (method, path, options) => ask(join(directory, "socket"), method, path, options),
    async jobs(kind) {
      const query = site.store.db
        .selectFrom("job")
        .select(["subject", "payload_json"])
        .where("kind", "=", kind);
      const rows = await query.orderBy("id").execute();
      return rows.map((row) => ({ subject: row.subject, payload: JSON.parse(row.payload_json) as unknown }));
    },
    [Symbol.asyncDispose]: async () => all.disposeAsync(),
  };
}

function configuration(directory: string): string {
  return `store: {file: ${join(directory, "usher.db")}}
key: {file: key}
log: {level: debug, format: json}
server: {publicUrl: "https://usher.example.net", listen: "unix:${join(directory, "socket")}"}
smtp: {host: localhost, port: 2525, tls: none, from: {name: Example, address: usher@example.net}}
`;
}

async function must(ran: Promise<Ran>): Promise<Ran> {
  const { code, err } = await ran;
  if (code !== 0) throw new Error(err);
  return ran;
}

async function ask(
  socketPath: string,
  method: string,
  path: string,
  { token, host = aliceHost, headers, body }: Asking = {},
): Promise<Reply> {
  const isRaw = typeof body === "string" || Buffer.isBuffer(body);
  const payload = body === undefined ? null : isRaw ? Buffer.from(body) : Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const sent = httpRequest({
      socketPath,
      method,
      path,
      agent: false,
      headers: {
        host,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(payload === null
          ? {}
          : { "content-type": "application/json", "content-length": payload.byteLength }),
        ...headers,
      },
    });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("error", reject);
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        resolve(replyOf(response.statusCode ?? 0, response.headers, Buffer.concat(chunks)));
      });
    });
    sent.end(payload ?? undefined);
  });
}

function replyOf(status: number, headers: Reply["headers"], bytes: Buffer): Reply {
  const text = bytes.toString("utf8");
  const parsed = (): unknown => JSON.parse(text);
  return {
    status,
    headers,
    bytes,
    text,
    get json() {
      return parsed();
    },
    textAt: (path) => String(path.split(".").reduce(memberOf, parsed())),
    at: (path) => path.split(".").reduce(memberOf, parsed()),
  };
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;
}
