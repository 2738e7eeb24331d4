import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OutboundDownload, OutboundDownloadRequest } from "../../src/http/outbound.ts";
import type { Certificate, Certificates } from "../world/tls.ts";
import { exceptionFor, makeClient, makeTestCertificates, startOrigin, type TestClient } from "./world.ts";

let certificates: Certificates & AsyncDisposable;
let certificate: Certificate;

beforeAll(async () => {
  certificates = await makeTestCertificates();
  certificate = await certificates.certificate(["ox.example.com"]);
});

afterAll(async () => certificates[Symbol.asyncDispose]());

interface Stage extends AsyncDisposable {
  readonly url: string;
  readonly client: TestClient;
  /** What the server was asked, and the answers it is giving. */
  readonly asked: { readonly headers: NodeJS.Dict<string | string[]>; readonly response: ServerResponse }[];
  open(more?: Partial<OutboundDownloadRequest>): Promise<OutboundDownload>;
}

async function startStage(
  answer: (response: ServerResponse) => void,
  limits: Parameters<typeof makeClient>[1] = {},
): Promise<Stage> {
  const asked: Stage["asked"] = [];
  const origin = await startOrigin(certificate, (request, response) => {
    asked.push({ headers: request.headers, response });
    answer(response);
  });
  const client = makeClient([exceptionFor(origin.url, { ca: certificates.ca })], limits);
  return {
    url: origin.url,
    client,
    asked,
    open: async (more = {}) =>
      client.download({ url: `${origin.url}/file`, signal: new AbortController().signal, ...more }),
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]();
      await origin[Symbol.asyncDispose]();
    },
  };
}

async function sizeOf(download: OutboundDownload): Promise<number> {
  let bytes = 0;
  for await (const chunk of download.body) bytes += chunk.byteLength;
  return bytes;
}

async function reasonOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => "no error",
    (error: unknown) => (error instanceof Error && "reason" in error ? error.reason : error),
  );
}

describe("a download", () => {
  test("brings more than an ordinary answer may hold, with the range that was asked for", async () => {
    const bytes = 5_000_000;
    await using stage = await startStage((response) => {
      response.writeHead(206, { "content-range": `bytes 0-${bytes - 1}/9000000` }).end(Buffer.alloc(bytes));
    });
    await using download = await stage.open({ headers: { Range: "bytes=0-4999999" } });
    expect(download).toMatchObject({
      status: 206,
      headers: { "content-range": ["bytes 0-4999999/9000000"] },
    });
    expect(await sizeOf(download)).toBe(bytes);
    expect(stage.asked[0]?.headers).toMatchObject({
      range: "bytes=0-4999999",
      "accept-encoding": "identity",
    });
  });

  test("may take longer than an ordinary request, as long as something comes", async () => {
    await using stage = await startStage(
      (response) => {
        let left = 8;
        const timer = setInterval(() => {
          left -= 1;
          if (left > 0) response.write("x");
          else response.end("x", () => clearInterval(timer));
        }, 300);
      },
      { limits: { httpTotalMs: 2000, httpStreamSilenceMs: 60_000 } },
    );
    expect(await sizeOf(await stage.open())).toBe(8);
  });

  test("ends with a reason when the server falls silent or breaks off", async () => {
    await using silent = await startStage((response) => response.write("half"), {
      limits: { httpStreamSilenceMs: 150 },
    });
    expect(await reasonOf(sizeOf(await silent.open()))).toBe("stream-silent");
    await using cut = await startStage((response) => {
      response.writeHead(200, { "content-length": 100 }).write("half", () => response.destroy());
    });
    expect(await reasonOf(sizeOf(await cut.open()))).toBe("connection-broken");
  });

  test("is not begun where the answer is compressed, and not followed elsewhere", async () => {
    await using packed = await startStage((response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end("x"),
    );
    expect(await reasonOf(packed.open())).toBe("answer-compressed");
    await using moved = await startStage((response) =>
      response.writeHead(302, { location: "https://127.0.0.1/" }).end(),
    );
    await using download = await moved.open();
    expect(download.status).toBe(302);
  });

  test("passes the same judgement as every request", async () => {
    await using stage = await startStage((response) => response.end("x"));
    expect(await reasonOf(stage.open({ url: "https://10.0.0.1/file" }))).toBe("address-not-public");
    expect(await reasonOf(stage.open({ url: "http://ox.example.com/file" }))).toBe("url-scheme");
    expect(stage.asked).toHaveLength(0);
  });
});

describe("the reader of a download", () => {
  test("sets the pace: what he does not take stays at the server", async () => {
    let written = 0;
    await using stage = await startStage((response) => {
      const chunk = Buffer.alloc(64 * 1024);
      const more = (): void => {
        while (written < 1e9 && response.write(chunk)) written += chunk.length;
      };
      response.on("drain", more);
      more();
    });
    await using download = await stage.open();
    const chunks = download.body[Symbol.asyncIterator]();
    await chunks.next();
    // The buffers on the way fill up, then nothing more is written.
    let before = -1;
    while (written !== before) {
      before = written;
      for (let turns = 0; turns < 200; turns += 1) await turn();
    }
    expect(written).toBeLessThan(64e6);
  });

  test("may stop at any time: the connection ends and its place is free", async () => {
    await using stage = await startStage((response) => response.write("x"), {
      limits: { httpStreamsPerOrigin: 1 },
    });
    const first = await stage.open();
    await first[Symbol.asyncDispose]();
    // With one place per origin, this waits for ever unless the first one gave its place back.
    const second = await stage.open();
    const abandoned = stage.asked[0]?.response;
    if (abandoned?.closed === false) await once(abandoned, "close");
    for await (const _ of second.body) break;
    await using third = await stage.open();
    expect(third.status).toBe(200);
    expect(await reasonOf(sizeOf(first))).not.toBe("no error");
  });

  test("keeps ordinary requests from nothing, however long he takes", async () => {
    let body = "part";
    await using stage = await startStage(
      (response) => (body === "part" ? response.write("x") : response.end(body)),
      {
        limits: { httpPerOrigin: 1, httpTotal: 1, httpStreamsPerOrigin: 1, httpTotalMs: 2000 },
      },
    );
    await using slow = await stage.open();
    expect(slow.status).toBe(200);
    body = "well";
    expect((await stage.client.get(stage.url)).text).toBe("well");
    expect(await reasonOf(stage.open())).toBe("timeout");
  });

  test("may give up by his signal", async () => {
    await using stage = await startStage((response) => response.write("x"));
    const stop = new AbortController();
    const download = await stage.open({ signal: stop.signal });
    const reading = reasonOf(sizeOf(download));
    stop.abort();
    expect(await reading).toBe("aborted");
  });

  test("is told when the client is closed under him", async () => {
    await using stage = await startStage((response) => response.write("x"));
    const download = await stage.open();
    const reading = reasonOf(sizeOf(download));
    await stage.client[Symbol.asyncDispose]();
    expect(await reading).toBe("aborted");
  });
});
