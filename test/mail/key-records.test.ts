import { createSocket } from "node:dgram";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createResolveTxt } from "../../src/mail/key-records.ts";

/** A name server on loopback: TXT of two strings for `known`, NXDOMAIN for `unknown`, silence for the rest. */
const socket = createSocket("udp4");
const types: number[] = [];
let resolve: ReturnType<typeof createResolveTxt>;

beforeAll(async () => {
  socket.on("message", (query, from) => {
    const end = query.indexOf(0, 12) + 5;
    types.push(query.readUInt16BE(end - 4));
    const answer = answerTo(query, end, query.subarray(13, 13 + (query[12] ?? 0)).toString());
    if (answer !== null) socket.send(answer, from.port, from.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  resolve = createResolveTxt([`127.0.0.1:${socket.address().port}`]);
});
afterAll(() => socket.close());

function answerTo(query: Buffer, end: number, name: string): Buffer | null {
  if (name === "silent") return null;
  const head = Buffer.from(query.subarray(0, end));
  head.writeUInt16BE(name === "known" ? 0x8180 : 0x8183, 2);
  head.writeUInt16BE(name === "known" ? 1 : 0, 6);
  head.writeUInt16BE(0, 10);
  if (name !== "known") return head;
  const texts = Buffer.from("\u0005v=DKI\u0007M1; p=A", "latin1");
  const record = Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 0, 0, texts.length]);
  return Buffer.concat([head, record, texts]);
}

describe("key records", () => {
  test("are asked for as TXT and nothing else, and given in their pieces", async () => {
    const signal = AbortSignal.timeout(60_000);
    expect(await resolve("known.example", signal)).toEqual([["v=DKI", "M1; p=A"]]);
    expect(new Set(types)).toEqual(new Set([16]));
  });

  test("that are not there reject with the name server's answer", async () => {
    await expect(resolve("unknown.example", AbortSignal.timeout(60_000))).rejects.toMatchObject({
      code: "ENOTFOUND",
    });
  });

  test("are given up with the signal", async () => {
    await expect(resolve("silent.example", AbortSignal.timeout(50))).rejects.toMatchObject({
      code: "ECANCELLED",
    });
    await expect(resolve("known.example", AbortSignal.abort())).rejects.toThrow();
  });
});
