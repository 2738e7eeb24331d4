import { once } from "node:events";
import { createServer } from "node:net";

/** Below the range that the system hands out by itself, so that no passing connection takes a port between probe and use. */
const firstPort = 20_000;
/** Test files that run beside each other draw from ranges of their own; so many there are. */
const ranges = 4;
const portsInRange = 3000;
const drawn = new Set<number>();

/** Free TCP ports of 127.0.0.1 for servers that cannot choose one themselves; none is given twice by one process. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const range = Number(process.env["VITEST_POOL_ID"] ?? 0) % ranges;
  const ports: number[] = [];
  while (ports.length < count) {
    const port = firstPort + range * portsInRange + Math.floor(Math.random() * portsInRange);
    if (drawn.has(port)) continue;
    drawn.add(port);
    if (await isFree(port)) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    const listening = once(server, "listening");
    server.listen(port, "127.0.0.1");
    await listening;
    return true;
  } catch {
    return false;
  } finally {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}
