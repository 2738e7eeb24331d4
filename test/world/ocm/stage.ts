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

/** One certificate holds all the names. */
export async function openStage(hostnames: readonly string[]): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "usher-ocm-"));
  stack.defer(async () => rm(directory, { recursive: true }));
  const certificates = await makeCertificates(directory);
  const { ca } = certificates;
  const tls = await certificates.certificate(hostnames);
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
