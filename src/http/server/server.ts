import { chmod, rm, stat } from "node:fs/promises";
import type { FastifyInstance } from "fastify";
import type { ServerConfig } from "../../config/config.ts";
import { limits } from "../../domain/limits.ts";
import { buildApp } from "./app.ts";
import type { ServerParts } from "./parts.ts";
import { countVisits } from "./visits.ts";

/** A server that listens; disposing of it lets running requests end within limits.serverCloseMs, and then visits. */
export interface Server extends AsyncDisposable {
  /** `http://host:port`, or the path of the socket. */
  readonly address: string;
}

/** The server cannot listen. */
class ListenError extends Error {
  override readonly name = "ListenError";
  readonly temporary = false;
}

/** Serves the API and the pages. Throws ListenError where it cannot listen. */
export async function createServer(parts: ServerParts): Promise<Server> {
  const visits = countVisits(parts.files);
  const app = await buildApp({ ...parts, files: visits.files });
  app.server.maxConnections = limits.serverConnections;
  const address = await listen(app, parts.settings().listen);
  return {
    address,
    [Symbol.asyncDispose]: async () => {
      await close(app);
      await visits.allEnded();
    },
  };
}

async function listen(app: FastifyInstance, where: ServerConfig["listen"]): Promise<string> {
  try {
    if (!("socket" in where)) return await app.listen(where);
    await removeSocket(where.socket);
    const address = await app.listen({ path: where.socket });
    await chmod(where.socket, 0o660);
    return address;
  } catch (error) {
    await app.close();
    throw listenError(where, error);
  }
}

/** What a killed process left; the instance lock says that nobody listens there. A file of another kind stays. */
async function removeSocket(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found?.isSocket() === true) await rm(path);
}

function listenError(where: ServerConfig["listen"], error: unknown): ListenError {
  const place = "socket" in where ? where.socket : `${where.host} port ${where.port}`;
  const code = error instanceof Error && "code" in error ? String(error.code) : "UNKNOWN";
  const wayOut = wayOuts[code] ?? "correct server.listen";
  return new ListenError(`The server cannot listen on ${place} (${code}): ${wayOut}.`, { cause: error });
}

const wayOuts: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there; end it or give another port under server.listen",
  EADDRNOTAVAIL: "this machine has no such address; correct server.listen.host",
  EACCES:
    "Usher's user may not listen there; give a port above 1023, or a socket in a directory that he may write",
  ENOENT: "the directory of the socket does not exist; make it for the user that Usher runs as",
};

async function close(app: FastifyInstance): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), limits.serverCloseMs);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
  }
}
