import { once } from "node:events";
import { createServer } from "node:net";

/** Below the range that the system hands out by itself, so that no passing connection takes a port between probe and use. */
const firstPort = 20_000;
const lastPort = 32_000;

/** Free TCP ports of 127.0.0.1 for servers that cannot choose one themselves; all differ. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = firstPort + Math.floor(Math.random() * (lastPort - firstPort));
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
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
