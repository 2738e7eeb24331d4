import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** One chunk on its way. `up` runs from the client to the server. */
export interface Chunk {
  readonly direction: "up" | "down";
  readonly bytes: Buffer;
  /** Bytes of this direction of this connection that came before the chunk. */
  readonly seen: number;
  /** Connections are counted from 1. */
  readonly connection: number;
}

/** How a connection ends: with a reset, or orderly. */
export type Ending = "rst" | "fin";

/** What happens to one chunk, in the order of the fields. */
export interface Fault {
  readonly delayMs?: number;
  /** This direction falls silent for good; the connection stays open. */
  readonly stall?: boolean;
  /** The chunk is lost. */
  readonly drop?: boolean;
  /** Bytes sent before the chunk. */
  readonly inject?: string | Buffer;
  /** Bytes sent instead of the chunk. */
  readonly replace?: string | Buffer;
  /** The connection ends after so many bytes of the chunk, as `how` says (`rst` unless given). */
  readonly cutAt?: number;
  readonly how?: Ending;
  /** This direction ends with FIN after the chunk; the other direction lives on. */
  readonly halfClose?: boolean;
}

/** Asked for each chunk; null lets it pass. */
export type FaultPlan = (chunk: Chunk) => Fault | null;

export interface FaultProxy extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Connections accepted so far, and those open now. */
  readonly connections: number;
  readonly openConnections: number;
  /** Takes effect with the next chunk, also of open connections. */
  setPlan(plan: FaultPlan | null): void;
  killAll(how: Ending): void;
}

export interface FaultProxyOptions {
  readonly to: { readonly host: string; readonly port: number };
  readonly plan?: FaultPlan;
  /** Loopback address to listen at; 127.0.0.1 unless given. */
  readonly host?: string;
  /** A fixed port, to come back where something was before; chosen by the system unless given. */
  readonly port?: number;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
}

/** A TCP proxy on loopback that breaks connections by plan (reference/security.md, section 11). */
export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  let plan: FaultPlan | null = options.plan ?? null;
  const planned: FaultPlan = (chunk) => plan?.(chunk) ?? null;
  let accepted = 0;
  const pairs = new Set<Pair>();
  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const connection = ++accepted;
    const server = createConnection({ ...options.to, allowHalfOpen: true, noDelay: true });
    const pair = { client, server };
    pairs.add(pair);
    for (const socket of [client, server]) {
      socket.on("error", () => end(pair, "rst"));
      socket.once("close", () => {
        if (client.destroyed && server.destroyed) pairs.delete(pair);
      });
    }
    void pump(pair, "up", connection, planned);
    void pump(pair, "down", connection, planned);
  });
  const host = options.host ?? "127.0.0.1";
  listener.listen(options.port ?? 0, host);
  await once(listener, "listening");
  const killAll = (how: Ending): void => {
    for (const pair of pairs) end(pair, how);
  };
  return {
    host,
    port: addressOf(listener.address()).port,
    get connections() {
      return accepted;
    },
    get openConnections() {
      return pairs.size;
    },
    setPlan: (next) => {
      plan = next;
    },
    killAll,
    [Symbol.asyncDispose]: async () => {
      const closed = once(listener, "close");
      listener.close();
      killAll("rst");
      await closed;
    },
  };
}

async function pump(
  pair: Pair,
  direction: "up" | "down",
  connection: number,
  plan: FaultPlan,
): Promise<void> {
  const [from, into] = direction === "up" ? [pair.client, pair.server] : [pair.server, pair.client];
  const chunks: AsyncIterable<Buffer> = from.iterator({ destroyOnReturn: false });
  let seen = 0;
  let flow: Flow = "open";
  try {
    for await (const bytes of chunks) {
      // A silenced direction is still read, so that the end of the connection is noticed.
      if (flow === "open") {
        const fault = plan({ direction, bytes, seen, connection });
        flow = await forward(pair, into, bytes, fault ?? {});
      }
      seen += bytes.length;
    }
    if (flow !== "stalled") into.end();
  } catch {
    end(pair, "rst");
  }
}

type Flow = "open" | "ended" | "stalled";

/** Sends one chunk as the fault says; gives what becomes of its direction. */
async function forward(pair: Pair, into: Socket, bytes: Buffer, fault: Fault): Promise<Flow> {
  if (fault.delayMs !== undefined) await wait(fault.delayMs);
  if (fault.stall === true) return "stalled";
  const sent = fault.drop === true ? Buffer.alloc(0) : Buffer.from(fault.replace ?? bytes);
  const all = Buffer.concat([Buffer.from(fault.inject ?? ""), sent]);
  await write(into, all.subarray(0, fault.cutAt));
  if (fault.cutAt !== undefined) end(pair, fault.how ?? "rst");
  if (fault.halfClose === true) into.end();
  return fault.cutAt !== undefined || fault.halfClose === true ? "ended" : "open";
}

/** Waits until the system has taken the bytes, so that an ending after them does not overtake them. */
async function write(into: Socket, bytes: Buffer): Promise<void> {
  if (bytes.length === 0) return;
  await new Promise<void>((resolve, reject) => {
    into.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

function end(pair: Pair, how: Ending): void {
  for (const socket of [pair.client, pair.server]) {
    if (how === "rst" && !socket.connecting) socket.resetAndDestroy();
    else if (how === "rst") socket.destroy();
    else socket.end(() => socket.destroy());
  }
}

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === "string")
    throw new Error("A TCP server has an address and a port.");
  return address;
}
