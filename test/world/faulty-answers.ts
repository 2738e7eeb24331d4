import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";

/** One answer of an emulated server. */
export interface Reply {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | Buffer;
  /** Without Content-Length, ended by the last chunk. */
  readonly isUnmeasured?: true;
}

interface BrokenOff {
  readonly kind: "cut";
  readonly afterBytes: number;
  /** The connection stays open. */
  readonly hangs?: true;
}

interface Endless {
  readonly kind: "endless";
  readonly status: number;
  /** Media type. */
  readonly type: string;
  readonly head: string;
  readonly piece: string;
}

export type Fault =
  | { readonly kind: "slow"; readonly ms: number }
  /** Nothing is done before this comes. */
  | { readonly kind: "held"; readonly until: Promise<unknown> }
  /** Headers at once, then a byte of the body now and then, for ever. */
  | { readonly kind: "drip"; readonly everyMs: number }
  | { readonly kind: "huge"; readonly bytes: number }
  /** The head, then the piece again and again, until the client has enough. */
  | Endless
  /** This many zero bytes under `Content-Encoding: gzip`. */
  | { readonly kind: "gzip-bomb"; readonly bytes: number }
  | { readonly kind: "status"; readonly status: number; readonly retryAfter: string | null }
  | { readonly kind: "nonsense" }
  /** The answer breaks off after so many bytes of its body, announced as whole. */
  | BrokenOff
  /** The connection ends before anything was done. */
  | { readonly kind: "hang-up" }
  /** Everything is done, and the answer is lost. */
  | { readonly kind: "lost-answer" };

/** Answers under a fault. `answer` does the work; faults that stand for a broken server never call it. */
export async function answerUnder(
  fault: Fault | null,
  response: ServerResponse,
  answer: () => Promise<Reply>,
): Promise<void> {
  if (fault === null) return send(response, await answer());
  if (fault.kind === "slow") {
    if (await stillThere(response, fault.ms)) send(response, await answer());
  } else if (fault.kind === "held") {
    const { socket } = response;
    await Promise.race([fault.until, once(response, "close")]);
    if (socket?.destroyed === false) send(response, await answer());
  } else if (fault.kind === "lost-answer") {
    await answer();
    response.socket?.destroy();
  } else if (fault.kind === "cut") {
    breakOff(response, await answer(), fault);
  } else {
    answerBadly(fault, response);
  }
}

function answerBadly(
  fault: Exclude<Fault, BrokenOff | { kind: "slow" | "held" | "lost-answer" }>,
  response: ServerResponse,
): void {
  switch (fault.kind) {
    case "drip":
      return drip(response, fault.everyMs);
    case "huge":
      return flood(response, fault.bytes);
    case "endless":
      return repeat(response, fault);
    case "gzip-bomb":
      response.writeHead(200, { "Content-Type": "text/javascript", "Content-Encoding": "gzip" });
      return void response.end(gzipSync(Buffer.alloc(fault.bytes)));
    case "status":
      response.writeHead(fault.status, fault.retryAfter === null ? {} : { "Retry-After": fault.retryAfter });
      return void response.end();
    case "nonsense":
      response.writeHead(200, { "Content-Type": "text/html; charset=UTF-8" });
      return void response.end('<html>}{"data":<b>#!&session=</b>\u0000');
    case "hang-up":
      return void response.socket?.destroy();
  }
}

function send(response: ServerResponse, reply: Reply): void {
  writeHead(response, reply);
  response.end(reply.body);
}

function writeHead(response: ServerResponse, { status, headers, body, isUnmeasured }: Reply): void {
  const flat = headers.flatMap(([name, value]) => [name, value]);
  const length = isUnmeasured === true ? [] : ["Content-Length", String(Buffer.byteLength(body))];
  response.writeHead(status, [...flat, ...length]);
}

function breakOff(response: ServerResponse, reply: Reply, { afterBytes, hangs }: BrokenOff): void {
  writeHead(response, reply);
  response.write(Buffer.from(reply.body).subarray(0, afterBytes), () => {
    if (hangs !== true) response.socket?.destroy();
  });
}

/** Whether the client waited that long. */
async function stillThere(response: ServerResponse, ms: number): Promise<boolean> {
  if (response.destroyed) return false;
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), ms);
    response.once("close", () => {
      clearTimeout(timer);
      resolve(false);
    });
  });
}

function drip(response: ServerResponse, everyMs: number): void {
  response.writeHead(200, { "Content-Type": "text/javascript; charset=UTF-8" });
  response.write("{");
  const timer = setInterval(() => response.write(" "), everyMs);
  response.once("close", () => clearInterval(timer));
}

function flood(response: ServerResponse, bytes: number): void {
  const chunk = "a".repeat(16 * 1024);
  function* pieces() {
    yield '{"data":"';
    for (let sent = 0; sent < bytes; sent += chunk.length) yield chunk;
    yield '"}';
  }
  response.writeHead(200, { "Content-Type": "text/javascript; charset=UTF-8" });
  stream(response, pieces());
}

function repeat(response: ServerResponse, { status, type, head, piece }: Endless): void {
  const chunk = piece.repeat(Math.ceil((16 * 1024) / piece.length));
  function* pieces() {
    yield head;
    for (;;) yield chunk;
  }
  response.writeHead(status, { "Content-Type": type });
  stream(response, pieces());
}

function stream(response: ServerResponse, pieces: Iterable<string>): void {
  const source = Readable.from(pieces);
  response.once("close", () => source.destroy());
  source.pipe(response);
}
