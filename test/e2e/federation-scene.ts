import { join } from "node:path";
import { writeFile } from "node:fs/promises";
import { tokenScopes } from "../../src/store/api-tokens.ts";
import { ask } from "../http/server/world.ts";
import type { Answer as ApiAnswer } from "../world/cozy-v1a/stack/outgoing.ts";
import type { Answer } from "../world/ocm/caller.ts";
import { openStage, type Stage } from "../world/ocm/stage.ts";
import { freePorts } from "../world/ports.ts";
import { startTlsFront, type TlsFront } from "../world/tls-front.ts";
import { startWorld, type World } from "../world/world.ts";
import { openScene, type Scene } from "./scene.ts";

/** A site of Open Cloud Mesh behind its front, with a daemon that runs. */
export interface FederationSite extends Scene {
  readonly front: TlsFront;
  /** `host:port` of its OCM addresses. */
  readonly host: string;
  /** `https://` and `host`. */
  readonly url: string;
  addressOf(name: string): string;
  /** A request of anybody; a body is sent as JSON. */
  ask(method: string, path: string, body?: unknown): Promise<Answer>;
  /** A call of the site's own API with a token of the account. */
  api(
    name: string,
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<ApiAnswer>;
}

/** An emulated server, of Open Cloud Mesh or of what is shared over it. */
type Peer = AsyncDisposable & { readonly port: number };
type Peers = Readonly<Record<string, Peer>>;
type Starter = (stage: Stage, hostname: string) => Promise<Peer>;
type Starters<Started extends Peers> = {
  readonly [Hostname in keyof Started]: (stage: Stage, hostname: string) => Promise<Started[Hostname]>;
};

export interface FederationScene<Started extends Peers> extends AsyncDisposable {
  readonly stage: Stage;
  readonly peers: Started;
  /** Where Bob and Carla are. */
  readonly bob: FederationSite;
  /** Where Alice is, beside the same mail server. */
  readonly alice: FederationSite;
}

const sites = { bob: ["bob", "carla"], alice: ["alice"] } as const;
type Place = keyof typeof sites;

/** Emulated servers by their names, and two sites that reach them and each other over TLS; all run. */
export async function openFederation<Started extends Peers>(
  starters: Starters<Started>,
  config: Readonly<Record<string, unknown>> = {},
): Promise<FederationScene<Started>> {
  await using stack = new AsyncDisposableStack();
  const hostnames = Object.keys(starters);
  const stage = stack.use(await openStage([...hostnames, ...places.map(hostnameOf)]));
  const started: [string, Peer][] = [];
  for (const [hostname, start] of Object.entries<Starter>(starters))
    started.push([hostname, await start(stage, hostname)]);
  const world = stack.use(await startWorld({ postfix: true }));
  const caFile = join(world.directory, "federation-ca.pem");
  await writeFile(caFile, stage.ca);
  const ports = await freePorts(4);
  const net: Net = {
    stage,
    caFile,
    config,
    reachable: [
      ...started.map(([host, { port }]) => ({ host, port })),
      ...places.map((place, at) => ({ host: hostnameOf(place), port: ports[2 * at] ?? 0 })),
    ],
  };
  const open = async (place: Place, at: World, first: number): Promise<FederationSite> =>
    stack.use(await openSite(at, net, { place, front: ports[first] ?? 0, daemon: ports[first + 1] ?? 0 }));
  const bob = await open("bob", world, 0);
  const alice = await open("alice", await world.beside({}), 2);
  const opened = stack.move();
  return {
    stage,
    // Those that were started, under their own names.
    peers: Object.fromEntries(started) as unknown as Started,
    bob,
    alice,
    [Symbol.asyncDispose]: async () => opened.disposeAsync(),
  };
}

const places: readonly Place[] = ["bob", "alice"];

function hostnameOf(place: Place): string {
  return `usher.${place}.example`;
}

interface Net {
  readonly stage: Stage;
  readonly caFile: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly reachable: readonly { readonly host: string; readonly port: number }[];
}

interface SitePlace {
  readonly place: Place;
  readonly front: number;
  readonly daemon: number;
}

async function openSite(
  world: World,
  net: Net,
  { place, front: port, daemon }: SitePlace,
): Promise<FederationSite> {
  await using stack = new AsyncDisposableStack();
  const { stage } = net;
  const hostname = hostnameOf(place);
  const host = `${hostname}:${port}`;
  const url = `https://${host}`;
  stage.add(hostname, port);
  await world.configure(configurationOf(net, url, daemon));
  const front = stack.use(await startTlsFront({ tls: stage.tls, port, behind: daemon }));
  const scene = stack.use(await openScene({ world, accounts: sites[place] }));
  await scene.start();
  const opened = stack.move();
  const tokens = new Map<string, Promise<string>>();
  return Object.assign(scene, {
    front,
    host,
    url,
    addressOf: (name: string) => `${name}@${host}`,
    ask: async (method: string, path: string, body?: unknown) =>
      stage.ask({
        method,
        url: url + path,
        ...(body === undefined
          ? {}
          : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
      }),
    api: async (...[name, method, path, body, headers]: Parameters<FederationSite["api"]>) => {
      const known = tokens.get(name) ?? apiToken(scene, name);
      tokens.set(name, known);
      const asked = { token: await known, headers: { host, ...headers }, body };
      return ask({ port: daemon }, method, `/api/v1${path}`, asked);
    },
    [Symbol.asyncDispose]: async () => opened.disposeAsync(),
  });
}

function configurationOf(net: Net, url: string, daemon: number): Readonly<Record<string, unknown>> {
  const exceptions = net.reachable.map((each) => ({
    ...each,
    cidr: "127.0.0.0/8",
    address: "127.0.0.1",
    ca: net.caFile,
  }));
  return {
    server: { publicUrl: url, listen: `127.0.0.1:${daemon}` },
    outbound: { exceptions },
    mailbox: { pollEvery: "1s" },
    sharing: { limits: { perMinute: 1000, perRecipientPerDay: 1000 } },
    ...net.config,
  };
}

async function apiToken(scene: Scene, name: string): Promise<string> {
  const scopes = tokenScopes.filter((scope) => !scope.startsWith("jobs:"));
  const add = ["token", "add", `api-of-${name}`, "--account", name, "--scope", ...scopes];
  return (await scene.usherJson<{ readonly token: string }>(...add)).token;
}
