import { join } from "node:path";
import { ask } from "../http/server/world.ts";
import { type Answer, call } from "../world/cozy-v1a/stack/outgoing.ts";
import { freePorts } from "../world/ports.ts";
import { startTlsFront, type TlsFront } from "../world/tls-front.ts";
import { makeCertificates } from "../world/tls.ts";
import { startWorld, type World } from "../world/world.ts";
import { openScene, type Scene, until } from "./scene.ts";

/** A site of its own, whose accounts have instance hosts behind its front. */
export interface CozySite extends Scene {
  readonly front: TlsFront;
  /** `https://NAME.cozy.example:PORT` of an account. */
  cozyOf(name: string): string;
  /** A request of anybody to that account's host; a body is sent as JSON, the bytes of a Buffer as they are. */
  ask(name: string, method: string, path: string, more?: CozyAsk): Promise<Answer>;
  /** An application of the account with these permissions. */
  app(name: string, permissions: string): Promise<CozyApp>;
  /** A call of the site's own API with a token of the account. */
  api(name: string, method: string, path: string, body?: unknown): Promise<Answer>;
}

export type CozyApp = (method: string, path: string, body?: unknown) => Promise<Answer>;

interface CozyAsk {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Two sites that mail each other through one Postfix and one Dovecot, and reach each other over TLS. */
export interface CozyScene extends AsyncDisposable {
  /** Where Alice shares. */
  readonly alice: CozySite;
  /** Where Bob and Carla are invited. */
  readonly bob: CozySite;
}

const people = { alice: ["alice"], bob: ["bob", "carla"] } as const;
type Place = keyof typeof people;

/** Both daemons run. */
export async function openCozyScene(): Promise<CozyScene> {
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await startWorld({ postfix: true }));
  const net = await openNet(world);
  const alice = stack.use(await openSite(world, net, "alice"));
  const bob = stack.use(await openSite(await world.beside({}), net, "bob"));
  const opened = stack.move();
  return { alice, bob, [Symbol.asyncDispose]: async () => opened.disposeAsync() };
}

/** How the hosts of all accounts are reached. */
interface Net {
  readonly ca: string;
  readonly caFile: string;
  readonly tls: { readonly cert: string; readonly key: string };
  readonly ports: Readonly<Record<Place, { readonly front: number; readonly daemon: number }>>;
}

async function openNet({ directory }: World): Promise<Net> {
  const made = await makeCertificates(join(directory, "tls-of-cozys"));
  const [a = 0, b = 0, c = 0, d = 0] = await freePorts(4);
  return {
    ca: made.ca,
    caFile: made.caFile,
    tls: await made.certificate(Object.values(people).flat().map(hostOf)),
    ports: { alice: { front: a, daemon: b }, bob: { front: c, daemon: d } },
  };
}

function hostOf(name: string): string {
  return `${name}.cozy.example`;
}

async function openSite(world: World, net: Net, place: Place): Promise<CozySite> {
  await using stack = new AsyncDisposableStack();
  const { front: port, daemon } = net.ports[place];
  await world.configure(configurationOf(net, place));
  const front = stack.use(await startTlsFront({ tls: net.tls, port, behind: daemon }));
  const scene = stack.use(await openScene({ world, accounts: people[place] }));
  const cozyOf = (name: string): string => `https://${hostOf(name)}:${port}`;
  for (const name of people[place]) {
    await scene.usherJson("account", "instance", name, new URL(cozyOf(name)).host);
  }
  await scene.start();
  const opened = stack.move();
  const askHost: CozySite["ask"] = async (name, method, path, more = {}) =>
    call(() => ({ port, ca: net.ca }), method, `${cozyOf(name)}${path}`, written(more));
  const tokens = new Map<string, Promise<string>>();
  return Object.assign(scene, {
    front,
    cozyOf,
    ask: askHost,
    app: async (name: string, permissions: string) => appOf(scene, askHost, name, permissions),
    api: async (name: string, method: string, path: string, body?: unknown) => {
      const known = tokens.get(name) ?? apiToken(scene, name);
      tokens.set(name, known);
      const headers = { host: publicHostOf(place) };
      const asked = { token: await known, headers, body };
      return ask({ port: daemon }, method, `/api/v1${path}`, asked);
    },
    [Symbol.asyncDispose]: async () => opened.disposeAsync(),
  });
}

function publicHostOf(place: Place): string {
  return `usher.${place}.example`;
}

function configurationOf({ caFile, ports }: Net, place: Place): Readonly<Record<string, unknown>> {
  const exceptions = (Object.keys(people) as Place[]).flatMap((at) =>
    people[at].map((name) => ({
      host: hostOf(name),
      port: ports[at].front,
      cidr: "127.0.0.0/8",
      address: "127.0.0.1",
      ca: caFile,
    })),
  );
  return {
    server: { publicUrl: `https://${publicHostOf(place)}`, listen: `127.0.0.1:${ports[place].daemon}` },
    outbound: { exceptions },
    mailbox: { pollEvery: "1s" },
    sharing: { limits: { perMinute: 1000, perRecipientPerDay: 1000 } },
  };
}

function written({ headers = {}, body }: CozyAsk) {
  if (body === undefined) return { headers };
  if (Buffer.isBuffer(body)) {
    return { headers: { "content-type": "application/octet-stream", ...headers }, body: body.toString() };
  }
  return { headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}

async function appOf(
  scene: Scene,
  askHost: CozySite["ask"],
  name: string,
  permissions: string,
): Promise<CozyApp> {
  const add = ["token", "add", `app-of-${name}`, "--account", name, "--app", "drive"];
  const { token } = await scene.usherJson<{ readonly token: string }>(...add, "--permissions", permissions);
  const headers = { authorization: `Bearer ${token}` };
  return async (method, path, body) => askHost(name, method, path, { headers, body });
}

async function apiToken(scene: Scene, name: string): Promise<string> {
  const scopes = ["notifications:read", "notifications:answer", "subscriptions:read", "subscriptions:write"];
  const add = ["token", "add", `api-of-${name}`, "--account", name, "--scope", ...scopes, "files:read"];
  return (await scene.usherJson<{ readonly token: string }>(...add)).token;
}

/** Nothing is planned that is due; what waits for its next try stays. */
export async function idle(site: CozySite): Promise<void> {
  const due = async () =>
    site.store.db
      .selectFrom("job")
      .select(["kind", "state", "last_error"])
      .where("lane", "!=", "site")
      .where((eb) => eb.or([eb("state", "=", "leased"), eb("run_at", "<=", Date.now())]))
      .where("state", "!=", "parked")
      .execute();
  await until(
    "no work is due",
    async () => (await due()).length === 0,
    async () => [await due(), site.daemon.text().slice(-2000)],
  );
}
