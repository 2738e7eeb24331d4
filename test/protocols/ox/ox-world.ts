import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OutboundException } from "../../../src/config/config.ts";
import { createGuardedClient } from "../../../src/http/guarded-client.ts";
import type { OutboundClient } from "../../../src/http/outbound.ts";
import { createOxAtHome } from "../../../src/protocols/ox/at-home.ts";
import { createOxAtOrigin } from "../../../src/protocols/ox/at-origin.ts";
import type { Call, Follower, FollowWay, Share, ShareTarget } from "../../../src/protocols/protocol.ts";
import { type OxHome, startOxHome } from "../../world/ox/home.ts";
import { type OxOrigin, startOxOrigin } from "../../world/ox/origin.ts";
import type { Guest } from "../../world/ox/shares.ts";
import { type Certificates, makeCertificates } from "../../world/tls.ts";

const originName = "share.cloud-a.example";
const homeName = "ox.home.example";

export const bob: Follower = {
  addresses: ["bob@example.org", "bob+work@example.org"],
  modules: ["files", "calendar"],
  accountId: "a1",
  instanceUrl: null,
  homes: [],
  locale: "en",
};

/** Throw-away certificates for one test file. */
export async function openCertificates(): Promise<Certificates & AsyncDisposable> {
  const directory = await mkdtemp(join(tmpdir(), "usher-ox-"));
  const certificates = await makeCertificates(directory);
  return {
    ...certificates,
    [Symbol.asyncDispose]: async () => rm(directory, { recursive: true, force: true }),
  };
}

export interface OriginWorld extends AsyncDisposable {
  readonly origin: OxOrigin;
  readonly http: OutboundClient;
  readonly way: FollowWay;
  /** The guest with bob's address. */
  readonly guest: Guest;
  /** Folder 39 of that guest. */
  readonly share: Share;
}

/** An originating server with one folder that is shared to bob, and Usher's way to it. */
export async function openOrigin(certificates: Certificates): Promise<OriginWorld> {
  const tls = await certificates.certificate([originName]);
  const origin = await startOxOrigin({ tls, hostname: originName });
  const http = createGuardedClient({
    settings: () => ({
      userAgent: "Usher-Test/1",
      exceptions: [exceptionFor(originName, origin.port, certificates.ca)],
    }),
    log: () => undefined,
  });
  const guest = addBob(origin);
  return {
    origin,
    http,
    way: createOxAtOrigin({ http }),
    guest,
    share: shareOf(origin, guest.token, "39"),
    [Symbol.asyncDispose]: async () => {
      await http[Symbol.asyncDispose]();
      await origin[Symbol.asyncDispose]();
    },
  };
}

export interface HomeWorld extends AsyncDisposable {
  readonly origin: OxOrigin;
  readonly home: OxHome;
  readonly way: FollowWay;
  readonly guest: Guest;
  readonly share: Share;
  /** The way with another password for the home server. */
  readonly withPassword: (password: string) => FollowWay;
}

/** An originating server, bob's own OX server, and Usher's way through the latter. */
export async function openHome(certificates: Certificates): Promise<HomeWorld> {
  const origin = await startOxOrigin({
    tls: await certificates.certificate([originName]),
    hostname: originName,
  });
  const home = await startOxHome({
    tls: await certificates.certificate([homeName]),
    hostname: homeName,
    ca: certificates.ca,
    installation: origin,
  });
  const http = createGuardedClient({
    settings: () => ({
      userAgent: "Usher-Test/1",
      exceptions: [exceptionFor(homeName, home.port, certificates.ca)],
    }),
    log: () => undefined,
  });
  home.addUser({ name: "bob", password: "Home-Door-7", mail: "bob@example.org" });
  const guest = addBob(origin);
  const withPassword = (password: string) =>
    createOxAtHome({ http, home: { baseUrl: home.base, login: "bob", password: () => password } });
  return {
    origin,
    home,
    way: withPassword("Home-Door-7"),
    guest,
    share: shareOf(origin, guest.token, "39"),
    withPassword,
    [Symbol.asyncDispose]: async () => {
      await http[Symbol.asyncDispose]();
      await home[Symbol.asyncDispose]();
      await origin[Symbol.asyncDispose]();
    },
  };
}

function exceptionFor(host: string, port: number, ca: string): OutboundException {
  return { host, port, cidr: "127.0.0.0/8", scheme: "https", address: "127.0.0.1", ca };
}

function addBob(origin: OxOrigin): Guest {
  const guest = origin.addGuest({ contextId: 7, userId: 31, mail: "bob@example.org" });
  origin.addFolder({
    id: "39",
    title: "Project Phoenix",
    files: [{ id: "9087", name: "plan.odt", sizeBytes: 4711 }],
    guests: [guest.token],
  });
  return guest;
}

/** The share of one folder, as its mail announces it. */
export function shareOf(origin: OxOrigin, token: string, folder: string): Share {
  return {
    notificationId: "n1",
    title: null,
    sharerName: "Alice",
    origin: origin.origin,
    variant: "share-created",
    link: origin.link(token, folder),
    password: null,
    targets: [filesFolder(folder)],
  };
}

export function filesFolder(folder: string): ShareTarget {
  return { module: "files", folder, item: null };
}

/** What a way is asked with, and the calls it recorded. */
export function asking(signal: AbortSignal = AbortSignal.timeout(60_000)) {
  const calls: Call[] = [];
  return { calls, ask: { signal, record: (call: Call) => void calls.push(call) } };
}
