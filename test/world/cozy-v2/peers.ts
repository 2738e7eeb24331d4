import { once } from "node:events";
import { type IncomingMessage, request as plainRequest } from "node:http";
import { request } from "node:https";
import { type Credentials, Failure, type Fields, isObject, readJson, readText, textOf } from "./wire.ts";

/** Where a host of a test really listens, on 127.0.0.1. */
export interface Whereabouts {
  readonly port: number;
  /** PEM of the authority of its certificate; null speaks plain HTTP, as to a server behind a proxy that ended TLS. */
  readonly ca: string | null;
}

/** Throws for a host that a test did not name. */
export type Resolve = (host: string) => Whereabouts;

export interface PeerAnswer {
  readonly status: number;
  /** `undefined` where the body is no JSON. */
  readonly body: unknown;
}

export interface PeerCall {
  readonly method: string;
  /** An address, whose host is asked for at `resolve`; `https` where it names no scheme. */
  readonly url: string;
  readonly credentials: Credentials | null;
  readonly body?: Fields;
}

/** Time after which another server counts as not answering. */
const patienceMs = 60_000;

export async function callPeer(resolve: Resolve, call: PeerCall): Promise<PeerAnswer> {
  const url = new URL(withScheme(call.url));
  const { port, ca } = resolve(url.hostname);
  const body = call.body === undefined ? "" : JSON.stringify(call.body);
  const options = {
    method: call.method,
    host: "127.0.0.1",
    port,
    path: url.pathname + url.search,
    agent: false,
    headers: headersOf(call, url, body),
    signal: AbortSignal.timeout(patienceMs),
  };
  const asked = ca === null ? plainRequest(options) : request({ ...options, servername: url.hostname, ca });
  const answered = once(asked, "response");
  asked.end(body);
  const [answer]: IncomingMessage[] = await answered;
  if (answer === undefined) throw new Error("There is no answer.");
  return { status: answer.statusCode ?? 0, body: readJson(await readText(answer)) };
}

function headersOf(call: PeerCall, url: URL, body: string): Record<string, string> {
  const { credentials } = call;
  const pair = credentials === null ? "" : `${credentials.login}:${credentials.password}`;
  return {
    Host: url.host,
    Accept: "application/json",
    ...(pair === "" ? {} : { Authorization: `Basic ${Buffer.from(pair).toString("base64")}` }),
    ...(call.body === undefined
      ? {}
      : { "Content-Type": "application/json", "Content-Length": String(Buffer.byteLength(body)) }),
  };
}

export function withScheme(url: string): string {
  return url.includes("://") ? url : `https://${url}`;
}

/** An address below another that may end with a slash. */
export function below(url: string, path: string): string {
  return `${url.replace(/\/$/, "")}/${path}`;
}

/** Tells another Cozy something; throws what it answered in its error, or that it failed. */
export async function notify(resolve: Resolve, call: PeerCall): Promise<void> {
  const { status, body } = await callPeer(resolve, call);
  if (isObject(body) && body["error"] !== undefined) throw new Failure(status, textOf(body["error"]));
  if (status !== 200) throw new Failure(status, "The request has failed");
  if (body === undefined) throw new Failure(500, "The answer is no JSON");
}
