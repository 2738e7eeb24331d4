import type { IncomingMessage } from "node:http";
import { escaped } from "./html.ts";
import type { Reply } from "../../faulty-answers.ts";

/** One request as an emulated cozy-stack looks at it. */
export interface CozyRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly host: string;
  readonly cookies: ReadonlyMap<string, string>;
  /** Media type, lower-case, without parameters; empty where none was sent. */
  readonly contentType: string;
  /** The field Accept as sent: the stack compares it whole. */
  readonly accept: string;
  /** Bearer token, null where none was sent. */
  readonly bearer: string | null;
  readonly body: string;
}

/** A body that no honest client sends; more is not read. */
const largestBodyBytes = 1024 * 1024;

export async function readRequest(incoming: IncomingMessage): Promise<CozyRequest> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > largestBodyBytes) break;
    chunks.push(chunk);
  }
  const url = new URL(incoming.url ?? "/", "https://emulator.invalid");
  const { headers } = incoming;
  return {
    method: incoming.method ?? "",
    path: url.pathname,
    query: url.searchParams,
    ...readFields(headers),
    body: Buffer.concat(chunks).toString("utf8"),
  };
}

function readFields(headers: IncomingMessage["headers"]) {
  const { host = "", accept = "", authorization = "", cookie = "" } = headers;
  return {
    host,
    accept,
    cookies: readCookies(cookie),
    contentType: (headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "",
    bearer: /^Bearer (.+)$/i.exec(authorization)?.[1] ?? null,
  };
}

function readCookies(field: string): ReadonlyMap<string, string> {
  const pairs = field.split(";").map((pair) => pair.trim().split("="));
  return new Map(pairs.map(([name, ...value]) => [name ?? "", value.join("=")]));
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A JSON object in a text, or null. */
export function readObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** A text below a name, "" where there is none. */
export function textAt(value: JsonObject | null, name: string): string {
  const found = value?.[name];
  return typeof found === "string" ? found : "";
}

export function json(status: number, value: unknown, type = "application/json"): Reply {
  return { status, headers: [["Content-Type", type]], body: JSON.stringify(value) };
}

export function jsonApi(status: number, value: JsonObject): Reply {
  return json(status, value, "application/vnd.api+json");
}

/** A request that is refused with this answer; `message` goes to the journal and holds no secret. */
export class Refused extends Error {
  readonly reply: Reply;

  constructor(reply: Reply, message: string) {
    super(message);
    this.reply = reply;
  }
}

/** The error form of v1 (reference/cozy.md, section 9). */
function apiError(status: number, title: string, detail: string, parameter?: string): Refused {
  const source = parameter === undefined ? {} : { parameter };
  const answer = jsonApi(status, { errors: [{ status: String(status), title, detail, source }] });
  return new Refused(answer, `${status} ${detail}`);
}

export function notFound(detail: string): Refused {
  return apiError(404, "Not Found", detail);
}

export function badRequest(detail: string): Refused {
  return apiError(400, "Bad request", detail);
}

export function forbidden(detail: string): Refused {
  return apiError(403, "Forbidden", detail);
}

export function invalidParameter(parameter: string, detail: string): Refused {
  return apiError(422, "Invalid Parameter", detail, parameter);
}

export function internalError(detail: string): Refused {
  return apiError(500, "Internal Server Error", detail);
}

/** What the stack has no mapping for. */
export function unqualified(detail: string): Refused {
  return apiError(500, "Unqualified error", detail);
}

/** An `echo.HTTPError`: plain text. */
export function plainError(status: number, text: string): Refused {
  const answer: Reply = { status, headers: [["Content-Type", "text/plain; charset=UTF-8"]], body: text };
  return new Refused(answer, `${status} ${text}`);
}

export function jsonError(status: number, value: JsonObject, message: string): Refused {
  return new Refused(json(status, value), `${status} ${message}`);
}

export function errorPage(status: number, text: string): Refused {
  return new Refused(page(status, `<p>${escaped(text)}</p>`), `${status} ${text}`);
}

type Headers = Reply["headers"];

export function page(status: number, html: string, headers: Headers = []): Reply {
  return {
    status,
    headers: [["Content-Type", "text/html; charset=UTF-8"], ...headers],
    body: `<!DOCTYPE html><html><body>${html}</body></html>`,
  };
}

export function redirect(status: 302 | 303, location: string, headers: Headers = []): Reply {
  return { status, headers: [["Location", location], ...headers], body: "" };
}

export function empty(status: number): Reply {
  return { status, headers: [], body: "" };
}

/** Fields of a posted form; a body of another kind has none. */
export function readForm(request: CozyRequest): URLSearchParams {
  const isForm = request.contentType === "application/x-www-form-urlencoded";
  return new URLSearchParams(isForm ? request.body : "");
}

/** A query in the form of Go's `url.Values`: names in alphabetical order, spaces as `+`. */
export function sortedQuery(values: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(values);
  query.sort();
  return String(query);
}
