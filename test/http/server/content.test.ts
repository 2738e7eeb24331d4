import { request as httpRequest, type IncomingMessage } from "node:http";
import { once } from "node:events";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { OpenedFile, OpenReply, WantedFile } from "../../../src/protocols/protocol.ts";
import { addPerson, ask, json, openWorld, type Person, publicHost, type World } from "./world.ts";

const bytes = Buffer.from("0123456789");

/** What the origin does next, and what it was asked. */
interface Origin {
  next: (wanted: WantedFile, signal: AbortSignal) => OpenReply;
  readonly asked: WantedFile[];
  ended: number;
}

const origin: Origin = { next: () => file(), asked: [], ended: 0 };

function file(change: Partial<OpenedFile> = {}): OpenedFile {
  return {
    kind: "opened",
    name: "plans.txt",
    mediaType: "text/plain; charset=utf-8",
    sizeBytes: bytes.length,
    range: null,
    etag: '"v1"',
    body: chunks(bytes),
    [Symbol.asyncDispose]: async () => {
      origin.ended += 1;
    },
    ...change,
  };
}

async function* chunks(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield part;
}

function ranged({ range }: WantedFile): OpenedFile {
  if (range === null) return file();
  const last = Math.min(range.last ?? bytes.length - 1, bytes.length - 1);
  const part = bytes.subarray(range.first, last + 1);
  return file({ range: { first: range.first, last, ofBytes: bytes.length }, body: chunks(part) });
}

let world: World;
let alice: Person;
let path: string;
beforeAll(async () => {
  world = await openWorld({
    files: {
      open: async (_id, wanted, signal) => {
        origin.asked.push(wanted);
        return Promise.resolve(origin.next(wanted, signal));
      },
    },
  });
  alice = await addPerson(world, "alice");
  path = `/api/v1/subscriptions/${alice.subscription.id}/content?path=Plans%2Fplans.txt`;
});
afterAll(async () => world[Symbol.asyncDispose]());
beforeEach(() => {
  origin.asked.length = 0;
  origin.ended = 0;
  origin.next = ranged;
});

async function get(headers: Record<string, string> = {}, method = "GET") {
  return ask(world, method, path, { token: alice.token, headers });
}

describe("a file behind a subscription", () => {
  test("comes whole, as something to save, with nothing a browser could run", async () => {
    const reply = await get();
    expect([reply.status, reply.text]).toEqual([200, "0123456789"]);
    expect(reply.headers).toMatchObject({
      "content-type": "text/plain",
      "content-length": "10",
      "accept-ranges": "bytes",
      etag: '"v1"',
      "content-disposition": `attachment; filename="plans.txt"; filename*=UTF-8''plans.txt`,
      "content-security-policy": expect.stringContaining("sandbox"),
      "x-content-type-options": "nosniff",
    });
    expect(origin.asked).toEqual([{ path: "Plans/plans.txt", range: null }]);
    expect(origin.ended).toBe(1);
  });

  test("HEAD says the same without reading the file", async () => {
    const whole = await get();
    const head = await get({}, "HEAD");
    for (const name of ["content-length", "content-type", "etag", "content-disposition"]) {
      expect(head.headers[name]).toBe(whole.headers[name]);
    }
    expect([head.status, head.text, origin.ended]).toEqual([200, "", 2]);
  });

  test.each([
    ["bytes=2-4", 206, "234", "bytes 2-4/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=7-99", 206, "789", "bytes 7-9/10"],
    ["bytes=-3", 200, "0123456789", undefined],
    ["bytes=0-1,4-5", 200, "0123456789", undefined],
    ["bytes=4-2", 200, "0123456789", undefined],
    ["lines=1-2", 200, "0123456789", undefined],
  ])("Range %s is answered with %s", async (range, status, text, contentRange) => {
    const reply = await get({ range });
    expect([reply.status, reply.text, reply.headers["content-range"]]).toEqual([status, text, contentRange]);
    expect(reply.headers["content-length"]).toBe(String(text.length));
  });

  test("a part of another version is never given: the whole file comes instead", async () => {
    const range = "bytes=2-4";
    expect((await get({ range, "if-range": '"v1"' })).status).toBe(206);
    for (const known of ['"v0"', 'W/"v1"', "Sat, 21 Nov 2026 00:00:00 GMT"]) {
      const reply = await get({ range, "if-range": known });
      expect([reply.status, reply.text]).toEqual([200, "0123456789"]);
    }
    expect(origin.ended).toBe(origin.asked.length);
  });

  test("a name from elsewhere cannot leave its field, and a dangerous type becomes bytes", async () => {
    origin.next = () =>
      file({ name: 'a"\r\nX-Evil: 1\u202Egpj.€/../b', mediaType: "text/HTML", etag: "bad\r\n" });
    const reply = await get();
    expect(reply.headers["x-evil"]).toBeUndefined();
    expect(reply.headers["etag"]).toBeUndefined();
    expect(reply.headers["content-type"]).toBe("application/octet-stream");
    expect(reply.headers["content-disposition"]).toBe(
      `attachment; filename="a___X-Evil: 1_gpj.__.._b"; filename*=UTF-8''a%22__X-Evil%3A%201_gpj.%E2%82%AC_.._b`,
    );
  });

  test.each([
    [{ kind: "no-such-path", path: "a" }, 404, "no-such-path"],
    [{ kind: "is-a-folder", path: "a" }, 409, "is-a-folder"],
    [{ kind: "range-not-satisfiable", sizeBytes: 10 }, 416, "range-not-satisfiable"],
    [{ kind: "no", state: "REMOVED", because: "revoked", detail: "It is gone." }, 409, "revoked"],
    [{ kind: "try-later", because: "timeout", detail: "No answer.", retryAfterMs: 1500 }, 503, "timeout"],
  ] as const)("what the origin says instead is told: %j", async (said, status, reason) => {
    origin.next = () => said;
    const reply = await get();
    expect([reply.status, json(reply)["reason"]]).toEqual([status, reason]);
    if (status === 416) expect(reply.headers["content-range"]).toBe("bytes */10");
    if (status === 503) expect(reply.headers["retry-after"]).toBe("2");
  });
});

describe("a stream that does not end well", () => {
  test.each([
    ["breaks off", () => file({ body: broken() })],
    ["breaks off at once", () => file({ body: broken(0) })],
    ["sends less than it announced", () => file({ body: chunks(bytes.subarray(1)) })],
    ["sends more than it announced", () => file({ body: chunks(bytes, bytes) })],
    ["sends a little more in the end", () => file({ body: chunks(bytes.subarray(0, 9), bytes) })],
  ])("an origin that %s: nobody takes what came for the whole file", async (_what, next) => {
    origin.next = next;
    const outcome = await get().then(
      ({ status, headers, text }) => [status, headers["etag"], text.includes("0123")],
      () => "cut",
    );
    expect(["cut", [502, undefined, false]]).toContainEqual(outcome);
    await expect.poll(() => origin.ended).toBe(1);
  });

  test("a client that goes away ends the visit at the origin", async () => {
    const signals: AbortSignal[] = [];
    origin.next = (_wanted, signal) => {
      signals.push(signal);
      return file({ sizeBytes: null, body: endless(signal) });
    };
    const response = await streamed();
    await once(response, "data");
    response.destroy();
    await expect.poll(() => [origin.ended, signals[0]?.aborted]).toEqual([1, true]);
  });

  test("a client that reads slowly slows the origin down instead of filling memory", async () => {
    let sentBytes = 0;
    const chunk = Buffer.alloc(64 * 1024);
    origin.next = (_wanted, signal) => file({ sizeBytes: null, body: counted(signal) });
    async function* counted(signal: AbortSignal): AsyncGenerator<Uint8Array> {
      while (!signal.aborted) {
        sentBytes += chunk.length;
        yield chunk;
        await new Promise(setImmediate);
      }
    }
    const response = await streamed();
    let before = -1;
    // Still once the buffers on the way are full.
    await expect
      .poll(() => [before, (before = sentBytes)], { interval: 200 })
      .toSatisfy(([last, now]: number[]) => last === now);
    expect(sentBytes).toBeLessThan(32 * 1024 * 1024);
    response.destroy();
    await expect.poll(() => origin.ended).toBe(1);
  });

  test("a stop cuts what is left of downloads and lets short requests end", async () => {
    await using own = await openWorld({
      files: {
        open: async (_id, _wanted, signal) =>
          Promise.resolve(file({ sizeBytes: null, body: endless(signal) })),
      },
    });
    const carla = await addPerson(own, "carla");
    const response = await streamed(own, carla);
    const gone = new Promise<void>((resolve) => response.on("close", resolve).on("error", () => {}));
    response.resume();
    await own.server[Symbol.asyncDispose]();
    await gone;
    expect(response.complete).toBe(false);
  });
});

async function* broken(chunksBefore = 3): AsyncGenerator<Uint8Array> {
  for (let count = 0; count < chunksBefore; count++) yield bytes.subarray(count, count + 1);
  throw new Error("cut");
}

async function* endless(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  while (!signal.aborted) {
    yield bytes;
    await new Promise(setImmediate);
  }
}

async function streamed({ port } = world, { token, subscription } = alice): Promise<IncomingMessage> {
  const sent = httpRequest({
    host: "127.0.0.1",
    port,
    path: `/api/v1/subscriptions/${subscription.id}/content?path=a`,
    agent: false,
    headers: { host: publicHost, authorization: `Bearer ${token}` },
  });
  sent.end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return response;
}
