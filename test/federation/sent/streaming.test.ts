import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { basic } from "../../world/ocm/wire.ts";
import { openSentWorld, type SentWorld } from "./world.ts";

let world: SentWorld;
beforeAll(async () => {
  world = await openSentWorld([]);
});
afterAll(async () => world[Symbol.asyncDispose]());

const megabyte = 1024 * 1024;

/** Begins to read a file of this size behind a share; nothing is taken from the answer yet. */
async function open(size: number): Promise<IncomingMessage> {
  world.application.files.set("film.bin", { size });
  const { secret } = await world.taken({ title: "film.bin", webdav: `${world.application.url}film.bin` });
  const [servername = "", port = ""] = world.usher.host.split(":");
  return new Promise((resolve, reject) => {
    const headers = { host: world.usher.host, authorization: basic(secret, "") };
    const to = { host: "127.0.0.1", port, servername, ca: world.stage.ca, agent: false as const };
    const asked = request({ ...to, path: "/dav/ocm/", headers }, resolve);
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
  while (world.application.sent() - before > sent) {
    sent = world.application.sent() - before;
    await wait(500);
  }
  expect(sent).toBeLessThan(size / 2);
  answer.destroy();
});

test("a file that breaks off is cut for the reader too, who can tell", async () => {
  const answer = await open(64 * megabyte);
  await world.application[Symbol.asyncDispose]();
  const read = async (): Promise<void> => {
    for await (const chunk of answer) void chunk;
  };
  await expect(read()).rejects.toThrow();
});
