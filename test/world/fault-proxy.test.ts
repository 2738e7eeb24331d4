import { once } from "node:events";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Chunk, type Fault, type FaultPlan, startFaultProxy } from "./fault-proxy.ts";

const deadlineMs = 60_000;
let echo: Server;
let port = 0;

beforeAll(async () => {
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    socket.pipe(socket);
  }).listen(0, "127.0.0.1");
  await once(echo, "listening");
  const address = echo.address();
  if (address === null || typeof address === "string") throw new Error("The echo server has no port.");
  port = address.port;
});

afterAll(() => {
  echo.close();
});

async function through(plan: FaultPlan | undefined, talk: (client: Socket) => void): Promise<Seen> {
  await using proxy = await startFaultProxy({ to: { host: "127.0.0.1", port }, ...(plan && { plan }) });
  const client = createConnection({ port: proxy.port, host: proxy.host, allowHalfOpen: true });
  talk(client);
  return await watch(client);
}

interface Seen {
  readonly text: string;
  readonly ending: string;
}

async function watch(client: Socket): Promise<Seen> {
  let text = "";
  client.setTimeout(deadlineMs, () => client.destroy(new Error("deadline")));
  client.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  const ending = await new Promise<string>((resolve) => {
    client.once("end", () => resolve("fin"));
    client.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
  client.destroy();
  return { text, ending };
}

function down(fault: Fault): FaultPlan {
  return (chunk) => (chunk.direction === "down" ? fault : null);
}

function replaceFirst({ direction, seen }: Chunk): Fault | null {
  if (direction === "up") return null;
  return seen === 0 ? { inject: "<", replace: "HE" } : { drop: true };
}

function halfClose({ direction }: Chunk): Fault | null {
  return direction === "up" ? { halfClose: true } : null;
}

describe("the fault proxy", () => {
  test("passes everything on where no fault is planned", async () => {
    const seen = await through(undefined, (client) => client.end("hello"));
    expect(seen).toEqual({ text: "hello", ending: "fin" });
  });

  test.each([
    ["rst", "ECONNRESET"],
    ["fin", "fin"],
  ] as const)("cuts an answer at a byte with %s", async (how, ending) => {
    const seen = await through(down({ cutAt: 3, how }), (client) => client.write("hello"));
    expect(seen).toEqual({ text: "hel", ending });
  });

  test("loses, replaces and adds bytes", async () => {
    const seen = await through(replaceFirst, (client) => {
      client.write("hello");
      client.once("data", () => client.end("lost"));
    });
    expect(seen).toEqual({ text: "<HE", ending: "fin" });
  });

  test("ends one direction only", async () => {
    const seen = await through(halfClose, (client) => client.write("hello"));
    expect(seen).toEqual({ text: "hello", ending: "fin" });
  });

  test("keeps a silenced connection open until it is killed", async () => {
    const silenced = Promise.withResolvers<void>();
    await using proxy = await startFaultProxy({
      to: { host: "127.0.0.1", port },
      plan: ({ direction }) => {
        if (direction === "up") return null;
        silenced.resolve();
        return { stall: true };
      },
    });
    const client = createConnection({ port: proxy.port, host: proxy.host });
    const seen = watch(client);
    client.write("hello");
    await silenced.promise;
    expect([proxy.connections, proxy.openConnections]).toEqual([1, 1]);
    proxy.killAll("fin");
    expect(await seen).toEqual({ text: "", ending: "fin" });
    await expect.poll(() => proxy.openConnections).toBe(0);
  });

  test("resets the client where nothing listens behind it", async () => {
    await using proxy = await startFaultProxy({ to: { host: "127.0.0.1", port: 1 } });
    const client = createConnection({ port: proxy.port, host: proxy.host });
    expect((await watch(client)).ending).toBe("ECONNRESET");
  });
});
