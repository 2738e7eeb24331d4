import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificates } from "../tls.ts";
import { type Answer, type Call, newCaller, type Resolve } from "./caller.ts";
import type { OcmServerOptions } from "./server.ts";

/** Where emulated servers find each other; whoever is started through it ends with it. */
export interface Stage extends AsyncDisposable {
  /** PEM of the authority that signed all certificates. */
  readonly ca: string;
  readonly tls: OcmServerOptions["tls"];
  /** All that may stand on it. */
  readonly hostnames: readonly string[];
  readonly resolve: Resolve;
  /** Makes a server known that is no emulator, for example a site under test: it listens at that port of 127.0.0.1. */
  add(hostname: string, port: number): void;
  /** A call from outside; throws where no answer comes. */
  readonly ask: (what: Call) => Promise<Answer>;
  /** Starts an emulator under a name of the stage. */
  start<Options extends object, Peer extends AsyncDisposable & { readonly port: number }>(
    starting: (options: Options & OcmServerOptions) => Promise<Peer>,
    hostname: string,
    options: Options,
  ): Promise<Peer>;
}

/** One certificate holds all the names; stages of the same names in one test file have the same. */
export async function openStage(hostnames: readonly string[]): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const { ca, tls } = await certificateFor(hostnames);
  const ports = new Map<string, number>();
  const resolve: Resolve = (hostname) => {
    const port = ports.get(hostname);
    return port === undefined ? null : { port, ca };
  };
  const ending = new AbortController();
  stack.defer(() => ending.abort());
  const { call } = newCaller({ resolve, userAgent: "test", signal: ending.signal });
  const owned = stack.move();
  return {
    ca,
    tls,
    hostnames,
    resolve,
    add: (hostname, port) => void ports.set(hostname, port),
    ask: async (what) => {
      const answer = await call(what);
      if (answer.kind === "unreachable") throw new Error(answer.reason);
      return answer;
    },
    start: async (starting, hostname, options) => {
      const peer = owned.use(await starting({ ...options, tls, hostname, resolve }));
      ports.set(hostname, peer.port);
      return peer;
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

interface Certified {
  readonly ca: string;
  readonly tls: OcmServerOptions["tls"];
}

const certified = new Map<string, Promise<Certified>>();

async function certificateFor(hostnames: readonly string[]): Promise<Certified> {
  const names = hostnames.join(" ");
  const known = certified.get(names) ?? makeCertificate(hostnames);
  certified.set(names, known);
  return known;
}

async function makeCertificate(hostnames: readonly string[]): Promise<Certified> {
  const directory = await mkdtemp(join(tmpdir(), "usher-ocm-"));
  try {
    const certificates = await makeCertificates(directory);
    return { ca: certificates.ca, tls: await certificates.certificate(hostnames) };
  } finally {
    await rm(directory, { recursive: true });
  }
}
