import type { IncomingMessage } from "node:http";
import type { Reply } from "../faulty-answers.ts";

/** A JSON object. */
export type Fields = Readonly<Record<string, unknown>>;

export interface Credentials {
  readonly login: string;
  readonly password: string;
}

/** One request as proxy and data-system look at it. */
export interface CozyRequest {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly host: string;
  readonly credentials: Credentials | null;
  /** What a body parser for JSON makes of the body: an empty object where it is another type, or no JSON object. */
  readonly body: Fields;
}

/** More than any shared document of a test. */
const largestBodyBytes = 1024 * 1024;

export async function readRequest(incoming: IncomingMessage): Promise<CozyRequest> {
  const text = await readText(incoming);
  const url = new URL(incoming.url ?? "/", "https://emulator.invalid");
  const { headers } = incoming;
  const isJson = (headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() === "application/json";
  return {
    method: incoming.method ?? "",
    path: url.pathname,
    query: url.searchParams,
    host: headers.host ?? "",
    credentials: readCredentials(headers.authorization),
    body: (isJson ? readObject(text) : null) ?? {},
  };
}

/** The text of a message; what is beyond a bound is not read. */
export async function readText(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > largestBodyBytes) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function readCredentials(field: string | undefined): Credentials | null {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/.exec(field ?? "")?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? null : { login: text.slice(0, colon), password: text.slice(colon + 1) };
}

export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readObject(text: string): Fields | null {
  const value = readJson(text);
  return isObject(value) ? value : null;
}

export function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A text or number as text; anything else is none. */
export function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** What a failed work said. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : textOf(cause);
}

/** The rule of both servers (reference/cozy.md 4.1): booleans and numbers are never empty. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

export function hasEmptyField(value: Fields, fields: readonly string[]): boolean {
  return fields.some((field) => isEmpty(value[field]));
}

/** Whether it is no list, or an element lacks one of the fields. */
export function hasIncorrectStructure(list: unknown, fields: readonly string[]): boolean {
  if (!Array.isArray(list)) return true;
  return list.some((each) => !isObject(each) || hasEmptyField(each, fields));
}

/** What ends a request with `{ "error": message }` (reference/cozy.md, section 9). */
export class Failure extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function jsonReply(status: number, value: unknown): Reply {
  return {
    status,
    headers: [["Content-Type", "application/json; charset=utf-8"]],
    body: JSON.stringify(value),
  };
}

/** The answer of a server whose work threw. */
export function failureReply(cause: unknown): Reply {
  if (cause instanceof Failure) return jsonReply(cause.status, { error: cause.message });
  return jsonReply(500, { error: messageOf(cause) });
}
