import { createHash } from "node:crypto";
import { type IncomingMessage, request } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import { basic } from "../../world/ocm/wire.ts";
import { openSentWorld, type SentWorld, type Taken } from "./world.ts";

let world: SentWorld;
beforeAll(async () => {
  world = await openSentWorld([]);
});
afterAll(async () => world[Symbol.asyncDispose]());

const megabyte = 1024 * 1024;

/** Begins to read a file of this size behind a share of its own; nothing is taken from the answer yet. */
async function open(size: number): Promise<IncomingMessage> {
  const { secret } = await share(size);
  return read(secret);
}

async function share(size: number): Promise<Taken> {
  world.application.files.set("film.bin", { size });
  return world.taken({ title: "film.bin", webdav: `${world.application.url}film.bin` });
}

/** Without a proxy between, which would keep a connection that its client has left. */
async function read(secret: string): Promise<IncomingMessage> {
  const listen = world.usher.site.config.server?.listen;
  if (listen === undefined || !("port" in listen)) throw new Error("Usher listens nowhere.");
  const headers = { host: world.usher.host, authorization: basic(secret, "") };
  const to = { host: "127.0.0.1", port: listen.port, path: "/dav/ocm/", headers, agent: false as const };
  return new Promise((resolve, reject) => {
    const asked = request(to, resolve);
    asked.on("error", reject);
    asked.end();
  });
}

/** What the application makes of a file of this size. */
function expectedHash(size: number): string {
  return createHash("sha256")
    .update(Buffer.alloc(size, Buffer.alloc(64 * 1024, "usher ")))
    .digest("hex");
}

test("a file of ten megabytes comes through as it is", async () => {
  const size = 10 * megabyte + 1;
  const answer = await open(size);
  expect(answer.headers["content-length"]).toBe(String(size));
  const hash = createHash("sha256");
  for await (const chunk of answer) hash.update(chunk as Buffer);
  expect(hash.digest("hex")).toBe(expectedHash(size));
});

test("a file is fetched no faster than its reader takes it: nothing of it is kept", async () => {
  const size = 256 * megabyte;
  const before = world.application.sent();
  const answer = await open(size);
  // What lies on the way are buffers of connections; a relay that kept the file would go on to its end.
  let sent = -1;
  while (sent <= 0 || world.application.sent() - before > sent) {
    sent = world.application.sent() - before;
    await wait(500);
  }
  expect(sent).toBeLessThan(size / 2);
  answer.destroy();
});

test("a recipient who reads much at a time leaves something to others", async () => {
  const slow = await share(64 * megabyte);
  const answers: IncomingMessage[] = [];
  for (let at = 0; at < limits.ocmStreamsPerShare; at += 1) answers.push(await read(slow.secret));
  expect(answers.map(({ statusCode }) => statusCode)).toEqual(answers.map(() => 200));
  const refused = await read(slow.secret);
  expect([refused.statusCode, refused.headers["retry-after"]]).toEqual([503, "10"]);
  const other = await share(1000);
  expect((await world.dav("GET", "/dav/ocm/", other.secret)).body.length).toBe(1000);
  for (const answer of answers) answer.destroy();
  let again = await read(slow.secret);
  // Usher hears of the ends when the connections tell.
  while (again.statusCode === 503) {
    again.resume();
    await wait(50);
    again = await read(slow.secret);
  }
  expect(again.statusCode).toBe(200);
  again.destroy();
});

test("a file that breaks off is cut for the reader too, who can tell", async () => {
  const answer = await open(64 * megabyte);
  await world.application[Symbol.asyncDispose]();
  const readAll = async (): Promise<void> => {
    for await (const chunk of answer) void chunk;
  };
  await expect(readAll()).rejects.toThrow();
});
