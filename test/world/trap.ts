import { once } from "node:events";
import { createServer, type Socket } from "node:net";

/** A server that nobody may speak to: it counts who does, and answers with a secret. */
export interface Trap extends AsyncDisposable {
  readonly port: number;
  readonly connections: number;
  readonly bytes: number;
}

export async function startTrap(host: string, port = 0): Promise<Trap> {
  let connections = 0;
  let bytes = 0;
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    connections += 1;
    open.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => open.delete(socket));
    socket.on("data", (chunk) => {
      bytes += chunk.length;
    });
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret");
  });
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The trap has no port.");
  return {
    port: address.port,
    get connections() {
      return connections;
    },
    get bytes() {
      return bytes;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
