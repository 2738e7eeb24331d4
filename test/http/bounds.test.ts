import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startFaultProxy } from "../world/fault-proxy.ts";
import type { Certificates } from "../world/tls.ts";
import {
  exceptionFor,
  listen,
  makeClient,
  makeTestCertificates,
  publicAddress,
  startOrigin,
} from "./world.ts";

let certificates: Certificates & AsyncDisposable;

beforeAll(async () => {
  certificates = await makeTestCertificates();
});

afterAll(async () => certificates[Symbol.asyncDispose]());

/** A server that speaks raw bytes, for answers that no HTTP server would give. */
async function startRaw(talk: (socket: Socket) => void): Promise<AsyncDisposable & { readonly url: string }> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", () => talk(socket));
  });
  const port = await listen(server, publicAddress);
  return {
    url: `http://ox.example.com:${port}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

/** Sends `first`, and then `more` again and again until the other side has gone. */
function drip(socket: Socket, first: string, more: string): void {
  socket.write(first);
  const timer = setInterval(() => socket.write(more), 20);
  socket.once("close", () => clearInterval(timer));
}

const head = "HTTP/1.1 200 OK\r\n";

const slow: readonly (readonly [string, (socket: Socket) => void, string])[] = [
  ["never answers", () => undefined, "headers-timeout"],
  ["drips header fields", (socket) => drip(socket, head, "a: b\r\n"), "headers-timeout"],
  [
    "drips interim answers",
    (socket) => drip(socket, "", "HTTP/1.1 103 Early Hints\r\n\r\n"),
    "headers-timeout",
  ],
  ["drips a body without end", (socket) => drip(socket, `${head}\r\n`, "x"), "timeout"],
  ["drips a long body", (socket) => drip(socket, `${head}content-length: 9999\r\n\r\n`, "x"), "timeout"],
  [
    "drips chunks",
    (socket) => drip(socket, `${head}transfer-encoding: chunked\r\n\r\n`, "1\r\nx\r\n"),
    "timeout",
  ],
  ["falls silent", (socket) => socket.write(`${head}content-length: 9\r\n\r\nhalf`), "timeout"],
];

async function silence(): Promise<never> {
  return Promise.withResolvers<never>().promise;
}

describe("a server that takes its time", () => {
  test.each(slow)("is left when it %s", async (_name, talk, reason) => {
    await using raw = await startRaw(talk);
    const limits = reason === "timeout" ? { httpTotalMs: 400 } : { httpHeadersMs: 200 };
    await using client = makeClient([exceptionFor(raw.url)], { limits });
    expect(await client.fail(raw.url)).toMatchObject({ reason, temporary: true });
  });

  test("is left when it does not finish the handshake", async () => {
    await using raw = await startRaw(() => undefined);
    const url = raw.url.replace("http:", "https:");
    await using client = makeClient([exceptionFor(url)], { limits: { httpConnectMs: 200 } });
    expect(await client.fail(url)).toMatchObject({ reason: "connect-timeout", temporary: true });
  });

  test("is left when its name is not found in time", async () => {
    await using client = makeClient([], { resolve: silence, limits: { httpDnsMs: 100 } });
    const failure = await client.fail("https://ox.example.com/");
    expect(failure).toMatchObject({ reason: "name-lookup-timeout", temporary: true });
  });

  test("is left when the caller gives up", async () => {
    await using raw = await startRaw(() => undefined);
    await using client = makeClient([exceptionFor(raw.url)]);
    const stop = new AbortController();
    const failing = client.fail(raw.url, { signal: stop.signal });
    stop.abort();
    expect(await failing).toMatchObject({ reason: "aborted", temporary: true });
    const late = await client.fail(raw.url, { signal: AbortSignal.timeout(100) });
    expect(late).toMatchObject({ reason: "timeout", temporary: true });
  });
});

describe("a server that says too much", () => {
  test("is cut off at the limit of the body", async () => {
    await using origin = await startOrigin(null, (request, response) => {
      const bytes = Number(request.url?.slice(1));
      response.writeHead(200, { "transfer-encoding": "chunked" }).end("x".repeat(bytes));
    });
    await using client = makeClient([exceptionFor(origin.url)], { limits: { httpBodyBytes: 1000 } });
    expect((await client.get(`${origin.url}/1000`)).text).toHaveLength(1000);
    const failure = await client.fail(`${origin.url}/1001`);
    expect(failure).toMatchObject({ reason: "answer-too-large", temporary: true });
  });

  test("is not heard out when it never ends", async () => {
    await using raw = await startRaw((socket) => {
      const more = (): void => {
        while (!socket.destroyed && socket.write("x".repeat(16_384)));
      };
      socket.write(`${head}\r\n`);
      socket.on("drain", more);
      more();
    });
    await using client = makeClient([exceptionFor(raw.url)]);
    expect((await client.fail(raw.url)).reason).toBe("answer-too-large");
  });

  test("is not even heard when it announces it", async () => {
    await using raw = await startRaw((socket) => socket.write(`${head}content-length: 99999999999\r\n\r\n`));
    await using client = makeClient([exceptionFor(raw.url)]);
    expect((await client.fail(raw.url)).reason).toBe("answer-too-large");
  });

  test("is refused with a header block without end", async () => {
    await using raw = await startRaw((socket) => socket.write(`${head}x: ${"y".repeat(100_000)}\r\n\r\n`));
    await using client = makeClient([exceptionFor(raw.url)]);
    expect(await client.fail(raw.url)).toMatchObject({ reason: "answer-too-large", temporary: true });
  });

  test.each(["gzip", "br", "deflate", "zstd", "x-unknown", "identity, gzip"])(
    "is refused with an answer compressed as %s",
    async (encoding) => {
      const bomb = gzipSync(Buffer.alloc(10_000_000));
      await using origin = await startOrigin(null, (_, response) =>
        response.writeHead(200, { "content-encoding": encoding }).end(bomb),
      );
      await using client = makeClient([exceptionFor(origin.url)]);
      expect(await client.fail(origin.url)).toMatchObject({ reason: "answer-compressed", temporary: true });
    },
  );
});

describe("a server that is broken", () => {
  test.each([
    ["expired", "certificate-expired"],
    ["selfSigned", "certificate-untrusted"],
  ] as const)("is not trusted with a certificate that is %s", async (fault, reason) => {
    const certificate = await certificates.certificate(["ox.example.com"], { [fault]: true });
    await using origin = await startOrigin(certificate, (_, response) => response.end("secret"));
    await using client = makeClient([exceptionFor(origin.url, { ca: certificates.ca })]);
    expect(await client.fail(origin.url)).toMatchObject({ reason, temporary: true });
  });

  test("is not trusted with the certificate of another, or of an unknown authority, whatever the environment says", async () => {
    const other = await certificates.certificate(["other.example.com"]);
    await using origin = await startOrigin(other, (_, response) => response.end("secret"));
    await using client = makeClient([exceptionFor(origin.url, { ca: certificates.ca })]);
    expect((await client.fail(origin.url)).reason).toBe("certificate-wrong-host");
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      await using stranger = makeClient([exceptionFor(origin.url)]);
      expect((await stranger.fail(origin.url)).reason).toBe("certificate-untrusted");
    } finally {
      delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    }
  });

  test("is not asked in plain text where TLS was meant", async () => {
    let requests = 0;
    await using origin = await startOrigin(null, (_, response) => {
      requests += 1;
      response.end();
    });
    const url = origin.url.replace("http:", "https:");
    await using client = makeClient([exceptionFor(url)]);
    expect(await client.fail(url)).toMatchObject({ reason: "tls-failed", temporary: true });
    expect(requests).toBe(0);
  });

  test("is reported as refusing where nothing listens", async () => {
    const origin = await startOrigin(null, () => undefined);
    await origin[Symbol.asyncDispose]();
    await using client = makeClient([exceptionFor(origin.url)]);
    const failure = await client.fail(origin.url);
    expect(failure).toMatchObject({ reason: "connection-refused", temporary: true });
    expect(`${failure.message} ${String(failure.cause)}`).not.toContain("127.");
    expect(client.events.at(-1)).toMatchObject({ reason: "connection-refused", code: "ECONNREFUSED" });
  });

  test.each([
    ["rst", 0],
    ["rst", 120],
    ["fin", 0],
    ["fin", 120],
  ] as const)("is reported as broken after a %s at byte %i of its answer", async (how, cutAt) => {
    await using origin = await startOrigin(null, (_, response) =>
      response.writeHead(200, { "content-length": 500 }).end("x".repeat(500)),
    );
    await using proxy = await startFaultProxy({
      to: { host: publicAddress, port: origin.port },
      host: publicAddress,
      plan: ({ direction }) => (direction === "down" ? { cutAt, how } : null),
    });
    const url = `http://ox.example.com:${proxy.port}`;
    await using client = makeClient([exceptionFor(url)]);
    expect(await client.fail(url)).toMatchObject({ reason: "connection-broken", temporary: true });
    expect(proxy.connections).toBe(1);
  });

  test("is reported as not making sense", async () => {
    await using raw = await startRaw((socket) => socket.end("220 mail.example.com ESMTP\r\n"));
    await using client = makeClient([exceptionFor(raw.url)]);
    expect(await client.fail(raw.url)).toMatchObject({ reason: "answer-malformed", temporary: true });
  });
});

describe("many requests at once", () => {
  test("wait for a place, by origin and in all", async () => {
    let now = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    await using origin = await startOrigin(null, (_, response) => {
      most = Math.max(most, ++now);
      waiting.push(() => {
        now -= 1;
        response.end();
      });
      if (waiting.length >= 2) for (const finish of waiting.splice(0)) setImmediate(finish);
    });
    const exceptions = ["a", "b", "c"].map((name) => exceptionFor(origin.url.replace("ox", name)));
    await using client = makeClient(exceptions, { limits: { httpPerOrigin: 1, httpTotal: 2 } });
    const urls = ["a", "a", "b", "b", "c", "c"].map((name) => origin.url.replace("ox", name));
    const answers = await Promise.all(urls.map(async (url) => client.get(url)));
    expect(answers.map(({ status }) => status)).toEqual(urls.map(() => 200));
    expect(most).toBe(2);
  });

  test("are not held up by one dead origin beyond their places", async () => {
    await using dead = await startRaw(() => undefined);
    await using origin = await startOrigin(null, (_, response) => response.end("hello"));
    await using client = makeClient([exceptionFor(dead.url), exceptionFor(origin.url)], {
      limits: { httpPerOrigin: 2, httpTotal: 3, httpTotalMs: 500 },
    });
    const failing = Array.from({ length: 5 }, async () => client.fail(dead.url));
    expect((await client.get(origin.url)).text).toBe("hello");
    const reasons = (await Promise.all(failing)).map(({ reason }) => reason);
    expect(reasons).toEqual(reasons.map(() => "timeout"));
  });
});
