import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OutboundError } from "../../src/http/outbound.ts";
import { exceptionFor, listen, makeClient, publicAddress } from "./world.ts";

interface Step {
  readonly bytes: string;
  readonly waitMs: number;
}

const fragments = [
  "HTTP/1.1 200 OK\r\n",
  "HTTP/1.0 200\r\n",
  "HTTP/1.1 103 Early Hints\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
  "HTTP/1.1 204 No Content\r\n",
  "content-length: 5\r\n",
  "content-length: -1\r\n",
  "transfer-encoding: chunked\r\n",
  "connection: keep-alive\r\n",
  "set-cookie: a=b\r\n",
  "\r\n",
  "5\r\nhello\r\n",
  "0\r\n\r\n",
  "hello",
  "\0\u00ff",
];

const answer = fc.array(
  fc.record({ bytes: fc.constantFrom(...fragments), waitMs: fc.constantFrom(0, 0, 0, 1, 5) }),
  { maxLength: 8 },
);
const ending = fc.constantFrom("fin", "rst", "stay");

async function play(socket: Socket, steps: readonly Step[], end: string): Promise<void> {
  for (const { bytes, waitMs } of steps) {
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    socket.write(bytes, "latin1");
  }
  if (end === "fin") socket.end();
  if (end === "rst") socket.resetAndDestroy();
}

describe("whatever a server sends, and whenever it or the caller stops", () => {
  test("there is an answer or a named failure, and nothing stays open", async () => {
    let script: { readonly steps: readonly Step[]; readonly end: string } = { steps: [], end: "fin" };
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => void play(socket, script.steps, script.end));
    });
    const url = `http://ox.example.com:${await listen(server, publicAddress)}/`;
    await using client = makeClient([exceptionFor(url)], { limits: { httpTotalMs: 40 } });
    const property = fc.asyncProperty(answer, ending, fc.option(fc.nat(15)), async (steps, end, stopMs) => {
      script = { steps, end };
      const signal = stopMs === null ? new AbortController().signal : AbortSignal.timeout(stopMs);
      const outcome = await client.get(url, { signal }).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(OutboundError);
      else expect(outcome).toMatchObject({ status: expect.any(Number), text: expect.any(String) });
    });
    await fc.assert(property, { numRuns: 150 });
    const closed = once(server, "close");
    server.close();
    // Closes by itself only when no connection is left.
    await closed;
  });
});
