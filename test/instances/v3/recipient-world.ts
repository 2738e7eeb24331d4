import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:https";
import { buildInstanceApp } from "../../../src/http/server/instance-app.ts";
import { createWrongSecrets } from "../../../src/http/server/wrong-secrets.ts";
import { createGuardedClient } from "../../../src/http/guarded-client.ts";
import { createPages } from "../../../src/http/pages/pages.ts";
import { Secret } from "../../../src/config/secret.ts";
import type { InstanceParts } from "../../../src/instances/parts.ts";
import { jsonApiRoute } from "../../../src/instances/json-api.ts";
import { oauthRoutes } from "../../../src/instances/oauth/routes.ts";
import {
  createV3Way,
  recipientActions,
  recipientRoutes,
  takeRequest,
} from "../../../src/instances/v3/recipient.ts";
import { requireOwner } from "../../../src/instances/v3/served-peer.ts";
import { createSqlQueue } from "../../../src/jobs/sql-queue.ts";
import { noWayOut } from "../../../src/no-way-out.ts";
import type { Call, Follower, FollowWay, Share } from "../../../src/protocols/protocol.ts";
import { createProtocols } from "../../../src/protocols/protocols.ts";
import { judgeAnnounced } from "../../../src/receiving/announced.ts";
import type { ReceivingParts } from "../../../src/receiving/parts.ts";
import { leaveThrough, recheck } from "../../../src/receiving/through-instance.ts";
import type { ShareNotification } from "../../../src/domain/share.ts";
import { insertAccount } from "../../../src/store/accounts.ts";
import { newId } from "../../../src/store/ids.ts";
import { createSealer } from "../../../src/store/sealing.ts";
import type { Store } from "../../../src/store/store.ts";
import { serverParts } from "../../http/server/world.ts";
import { temporaryStore } from "../../store/temporary.ts";
import { type CozyV3, startCozyV3 } from "../../world/cozy-v3/cozy.ts";
import { type Certificates, makeCertificates } from "../../world/tls.ts";
import { temporaryDirectory } from "../../store/temporary.ts";

const bobHost = "bob.share.example";
export const bobUrl = `https://${bobHost}`;
const bobAddress = "bob@mail.example";
const sharers = ["alice", "carol"] as const;

export interface RecipientWorld extends AsyncDisposable {
  /** Emulated Cozys of today's generation. */
  readonly alice: CozyV3;
  readonly carol: CozyV3;
  /** Usher's side: Bob, who has an account with an instance host. */
  readonly store: Store;
  readonly parts: InstanceParts;
  readonly way: FollowWay;
  readonly bob: Follower;
  /** What became a notification because a request came by HTTP, oldest first. */
  readonly announced: readonly ShareNotification[];
  /** A request from anywhere to Bob's host. */
  ask(method: string, path: string, more?: Asked): Promise<Reply>;
  /** Bob's host does not answer, until `comeUp`. */
  goDown(): void;
  comeUp(): void;
}

interface Asked {
  readonly body?: unknown;
  readonly bytes?: Buffer;
  readonly bearer?: string;
  readonly type?: string;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Certificates for one test file. */
export async function openCertificates(): Promise<Certificates & AsyncDisposable> {
  const directory = await temporaryDirectory();
  const certificates = await makeCertificates(directory.path);
  return { ...certificates, [Symbol.asyncDispose]: async () => directory[Symbol.asyncDispose]() };
}

/** Alice and Carol have Cozys; Bob has an account here, whose host they reach over TLS. */
export async function openRecipientWorld(certificates: Certificates): Promise<RecipientWorld> {
  await using stack = new AsyncDisposableStack();
  const tls = await certificates.certificate([bobHost, ...sharers.map(hostOf)]);
  const ports = new Map<string, number>();
  const resolve = (host: string) => {
    const port = ports.get(host);
    return port === undefined ? null : { port, ca: certificates.ca };
  };
  const start = async (name: (typeof sharers)[number]): Promise<CozyV3> => {
    const owner = { publicName: name, email: `${name}@mail.example` };
    const cozy = stack.use(await startCozyV3({ tls, hostname: hostOf(name), owner, resolve }));
    ports.set(hostOf(name), cozy.port);
    return cozy;
  };
  const [alice, carol] = [await start("alice"), await start("carol")];
  const store = stack.use(await temporaryStore());
  await addBob(store);
  const http = stack.use(
    createGuardedClient({
      settings: () => ({
        userAgent: "Usher-Test/1",
        exceptions: [alice, carol].map(({ origin }) => {
          const { hostname: host, port } = new URL(origin);
          const where = { cidr: "127.0.0.0/8", scheme: "https", address: "127.0.0.1" } as const;
          return { host, port: Number(port), ...where, ca: certificates.ca };
        }),
      }),
      log: () => undefined,
    }),
  );
  const announced: ShareNotification[] = [];
  const parts = instanceParts(store, http, announced);
  const served = await serve(parts, tls);
  stack.defer(served.close);
  ports.set(bobHost, served.port);
  const opened = stack.move();
  return {
    alice,
    carol,
    store,
    parts,
    way: createV3Way(parts),
    bob: {
      accountId: "a-bob",
      instanceUrl: bobUrl,
      addresses: [bobAddress],
      modules: ["files"],
      homes: [],
      locale: "en",
    },
    announced,
    ask: served.ask,
    goDown: () => void ports.delete(bobHost),
    comeUp: () => void ports.set(bobHost, served.port),
    [Symbol.asyncDispose]: async () => opened.disposeAsync(),
  };
}

function hostOf(name: string): string {
  return `${name}.cozy.example`;
}

async function addBob(store: Store): Promise<void> {
  await store.transaction(async (db) =>
    insertAccount(db, {
      id: "a-bob",
      name: "bob",
      locale: "en",
      modules: ["files"],
      addresses: [bobAddress],
      instanceHost: bobHost,
      createdAt: 1,
    }),
  );
}

function instanceParts(
  store: Store,
  http: InstanceParts["http"],
  announced: ShareNotification[],
): InstanceParts {
  const sealer = createSealer(new Secret(randomBytes(32).toString("base64")));
  const queue = createSqlQueue({ store, owner: "test/1" });
  const receiving: ReceivingParts = {
    store,
    sealer,
    queue,
    protocols: createProtocols({ http: noWayOut }),
    settings: () => ({
      policy: [],
      notify: false,
      holdMs: 3600_000,
      verifyDkim: false,
      trustedAuthservIds: [],
      checkEveryMs: 3600_000,
      pauseAfterErrorMs: 3600_000,
    }),
    onStateChanged: async () => {},
    tell: () => {},
    newId,
    random: () => 0.5,
  };
  return {
    store,
    sealer,
    queue,
    http,
    newId,
    sender: () => null,
    pages: async () => Promise.resolve(createPages(() => "Usher")),
    announce: async (db, { instance: { accountId }, share, key }) => {
      announced.push(share);
      return judgeAnnounced(db, { accountId, share, key, voucher: null }, receiving);
    },
    mailMember: async () => Promise.resolve(false),
    withdrawMails: async () => {},
    answer: async () => Promise.resolve("No test answers by HTTP."),
    recheck: async (db, id) => recheck(db, id, receiving),
    leave: async (db, notificationId, by) => leaveThrough(db, { notificationId, by }, receiving),
    tell: () => {},
  };
}

/** Bob's host behind TLS, as a reverse proxy would have it. */
async function serve(parts: InstanceParts, tls: { readonly cert: string; readonly key: string }) {
  const app = await buildInstanceApp(
    serverParts(parts.store, parts.sealer, { logged: [] }),
    [...oauthRoutes(parts), ...recipientRoutes(parts), ...sharedRoutes(parts)],
    createWrongSecrets(() => performance.now()),
  );
  const server = createServer(tls, (request, response) => app.routing(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("Bob's host has no TCP port.");
  return {
    port: address.port,
    ask: async (method: string, path: string, asked: Asked = {}): Promise<Reply> => {
      const { body, bytes, bearer, type = "application/vnd.api+json" } = asked;
      const sent = bytes ?? (body === undefined ? undefined : JSON.stringify(body));
      const reply = await app.inject({
        method: method as "GET",
        url: path,
        headers: {
          host: bobHost,
          ...(sent === undefined ? {} : { "content-type": type }),
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        },
        ...(sent === undefined ? {} : { payload: sent }),
      });
      const isJson = String(reply.headers["content-type"]).includes("json");
      return { status: reply.statusCode, body: isJson ? reply.json() : reply.body, headers: reply.headers };
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await app.close();
    },
  };
}

/** The two paths that shared-routes.ts and the sharings API have for all generations. */
function sharedRoutes(parts: InstanceParts) {
  const path = "/sharings/:id";
  return [
    jsonApiRoute({ method: "PUT", path, operation: null }, async (request) => takeRequest(parts, request)),
    jsonApiRoute({ method: "DELETE", path, operation: null }, async (request) => {
      await parts.store.transaction(async (db) => {
        const { sharing } = await requireOwner(db, request, Date.now());
        await recipientActions(parts).endedBySharer(db, sharing);
      });
      return { status: 204 };
    }),
  ];
}

/** A share as a mail or a request announced it. */
export function shareOf(origin: string, link: string, variant = "discovery"): Share {
  return {
    notificationId: "n1",
    title: null,
    sharerName: "Alice",
    origin,
    variant,
    link,
    password: null,
    targets: [],
  };
}

/** What a way is asked with, and the calls it recorded. */
export function asking(signal: AbortSignal = AbortSignal.timeout(60_000)) {
  const calls: Call[] = [];
  return { calls, ask: { signal, record: (call: Call) => void calls.push(call) } };
}

export interface Album {
  readonly id: string;
  readonly directory: string;
  readonly contact: string;
  /** Of the mail. */
  readonly link: string;
  readonly share: Share;
}

type ShareSpec = Parameters<CozyV3["owner"]["share"]>[0];

/** A directory "Holiday" shared with somebody whose Cozy is not known: he gets a mail. */
export async function shareAlbum(
  cozy: CozyV3,
  { email = bobAddress, ...more }: Partial<ShareSpec> & { readonly email?: string } = {},
): Promise<Album> {
  const directory = cozy.owner.addDirectory("Holiday");
  const contact = cozy.owner.addContact({ name: "Bob B.", email });
  const id = await cozy.owner.share({
    description: "Holiday",
    rules: [{ title: "Holiday", values: [directory] }],
    recipients: [contact],
    ...more,
  });
  await cozy.settled();
  const link = cozy.mails().findLast(({ recipient }) => recipient === email)?.link ?? "";
  return { id, directory, contact, link, share: shareOf(cozy.origin, link) };
}
