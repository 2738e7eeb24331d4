import type { IncomingMessage } from "node:http";
import { z } from "zod";
import type { Reply } from "../faulty-answers.ts";

/** One request as the emulated Cozy looks at it. */
export interface CozyRequest {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly cookies: ReadonlyMap<string, string>;
  /** What follows `Bearer `; empty where none was sent. */
  readonly bearer: string;
  /** The field Accept as it stands. */
  readonly accept: string;
  /** Media type, lower-case, without parameters. */
  readonly contentType: string;
  readonly body: Buffer;
  readonly isTooLarge: boolean;
}

/** Files of tests are small; a longer body is answered with 413. */
const largestBodyBytes = 1024 * 1024;

export async function readRequest(incoming: IncomingMessage): Promise<CozyRequest> {
  const { bytes, isTooLarge } = await readBody(incoming);
  const url = new URL(incoming.url ?? "/", "https://emulator.invalid");
  const { host = "", authorization = "", accept = "", cookie = "" } = incoming.headers;
  return {
    method: incoming.method ?? "",
    host,
    path: url.pathname,
    query: url.searchParams,
    cookies: readCookies(cookie),
    bearer: /^Bearer (\S+)$/.exec(authorization)?.[1] ?? "",
    accept,
    contentType: (incoming.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "",
    body: bytes,
    isTooLarge,
  };
}

async function readBody(incoming: IncomingMessage): Promise<{ bytes: Buffer; isTooLarge: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length <= largestBodyBytes) chunks.push(chunk);
  }
  return { bytes: Buffer.concat(chunks), isTooLarge: length > largestBodyBytes };
}

function readCookies(field: string): ReadonlyMap<string, string> {
  const pairs = field.split(";").map((pair) => pair.trim().split("="));
  return new Map(pairs.map(([name, ...value]) => [name ?? "", value.join("=")]));
}

/** Thrown where the server answers with an error of reference/cozy.md, section 9. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly source: Readonly<Record<string, string>> | undefined;

  constructor(status: number, detail: string, source?: Readonly<Record<string, string>>) {
    super(detail);
    this.status = status;
    this.source = source;
  }
}

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  410: "Gone",
  413: "Request Entity Too Large",
  422: "Unprocessable Entity",
  502: "Bad Gateway",
};

/** A JSON:API error: `errors[]` with the status as text (reference/cozy.md, section 9). */
export function problem({ status, message, source }: Refusal): Reply {
  const error = { status: `${status}`, title: titles[status] ?? "Error", detail: message };
  return jsonApi(status, { errors: [source === undefined ? error : { ...error, source }] });
}

export function jsonApi(status: number, value: unknown): Reply {
  return typed(status, "application/vnd.api+json", JSON.stringify(value));
}

export function json(status: number, value: unknown): Reply {
  return typed(status, "application/json", JSON.stringify(value));
}

export function page(status: number, inner: string): Reply {
  return typed(status, "text/html; charset=UTF-8", `<!DOCTYPE html><html><body>${inner}</body></html>`);
}

export function redirect(status: 302 | 303, location: string): Reply {
  return { status, headers: [["Location", location]], body: "" };
}

export const nothing: Reply = { status: 204, headers: [], body: "" };

function typed(status: number, type: string, body: string): Reply {
  return { status, headers: [["Content-Type", type]], body };
}

/** The JSON in a body after a schema; 400 where it is none or another. */
export function readJson<Schema extends z.ZodType>(body: Buffer | string, schema: Schema): z.output<Schema> {
  const value = parsed(body.toString());
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const at = read.error.issues[0]?.path.join(".") ?? "";
  throw new Refusal(400, `The body is not as expected${at === "" ? "" : ` at ${at}`}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, "The body is not JSON");
  }
}

/** `data.type` and `data.attributes` of a JSON:API document. */
export function document<Attributes extends z.ZodType>(type: string, attributes: Attributes) {
  return z.object({ data: z.object({ type: z.literal(type), attributes }) });
}

export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
