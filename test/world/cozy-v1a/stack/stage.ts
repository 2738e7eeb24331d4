import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificates } from "../../tls.ts";
import type { CozyOptions } from "./stack.ts";

interface Running extends AsyncDisposable {
  readonly port: number;
}

export interface Stage extends AsyncDisposable {
  /** Starts a Cozy of somebody, and lets the others know where it listens. */
  start<Cozy extends Running>(
    start: (options: CozyOptions) => Promise<Cozy>,
    name: "alice" | "bob" | "carol",
    options?: Partial<CozyOptions>,
  ): Promise<Cozy>;
}

/** One certificate for three Cozys, in a temporary directory that goes with the stage. */
export async function openStage(): Promise<Stage> {
  const directory = await mkdtemp(join(tmpdir(), "usher-cozy-"));
  const certificates = await makeCertificates(directory);
  const tls = await certificates.certificate(["alice", "bob", "carol"].map(hostOf));
  const ports = new Map<string, number>();
  return {
    start: async (start, name, options = {}) => {
      const cozy = await start({
        tls,
        hostname: hostOf(name),
        publicName: name.replace(/^./, (letter) => letter.toUpperCase()),
        ownerMail: `${name}@mail.example`,
        resolve: (host) => {
          const port = ports.get(host);
          return port === undefined ? null : { port, ca: certificates.ca };
        },
        ...options,
      });
      ports.set(hostOf(name), cozy.port);
      return cozy;
    },
    [Symbol.asyncDispose]: async () => rm(directory, { recursive: true }),
  };
}

function hostOf(name: string): string {
  return `${name}.cozy.example`;
}
