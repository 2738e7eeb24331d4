import type { IncomingMessage } from "node:http";
import type { Reply } from "../faulty-answers.ts";

/** One request as the emulated servers look at it. */
export interface OxRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly cookies: ReadonlyMap<string, string>;
  readonly host: string;
  readonly userAgent: string;
  /** Media type, lower-case, without parameters; empty where none was sent. */
  readonly contentType: string;
  /** The fields Range and If-None-Match; empty where none was sent. */
  readonly range: string;
  readonly ifNoneMatch: string;
  readonly body: string;
}

export type OxReply = Reply;

/** A body that no honest client sends; more is not read. */
const largestBodyBytes = 64 * 1024;

export async function readRequest(incoming: IncomingMessage): Promise<OxRequest> {
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
    cookies: readCookies(headers.cookie ?? ""),
    ...readFields(headers),
    body: Buffer.concat(chunks).toString("utf8"),
  };
}

function readFields(headers: IncomingMessage["headers"]) {
  const { host = "", range = "" } = headers;
  return {
    host,
    range,
    userAgent: headers["user-agent"] ?? "",
    contentType: (headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "",
    ifNoneMatch: headers["if-none-match"] ?? "",
  };
}

function readCookies(field: string): ReadonlyMap<string, string> {
  const pairs = field.split(";").map((pair) => pair.trim().split("="));
  return new Map(pairs.map(([name, ...value]) => [name ?? "", value.join("=")]));
}

/** A JSON object in a body, or null. */
export function readObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
    return value as Readonly<Record<string, unknown>>;
  } catch {
    return null;
  }
}

/** An answer of the API: HTTP 200 whatever it says. */
export function reply(value: unknown, cookies: readonly string[] = []): OxReply {
  return jsonReply(200, value, cookies);
}

/** The success envelope. */
export function success(data: unknown): OxReply {
  return reply({ data, timestamp: Date.now() });
}

export function jsonReply(status: number, value: unknown, cookies: readonly string[] = []): OxReply {
  const setCookies = cookies.map((cookie) => ["Set-Cookie", cookie] as const);
  return {
    status,
    headers: [
      ["Content-Type", "text/javascript; charset=UTF-8"],
      ["Cache-Control", "no-store"],
      ...setCookies,
    ],
    body: JSON.stringify(value),
  };
}

export function pageReply(status: number, text: string): OxReply {
  return {
    status,
    headers: [["Content-Type", "text/html; charset=UTF-8"]],
    body: `<!DOCTYPE html><html><body><p>${text}</p></body></html>`,
  };
}

export interface OxError {
  /** `PREFIX-` and four digits, reference/ox.md section 8. */
  readonly code: string;
  readonly error: string;
  readonly error_params: readonly string[];
}

export function oxError(code: string, error: string, params: readonly string[] = []): OxError {
  return { code, error, error_params: params };
}

/** The general failure envelope, inside HTTP 200 (reference/ox.md, section 5). */
export function failure(error: OxError): OxReply {
  return reply({
    ...error,
    categories: "ERROR",
    category: 8,
    error_id: `${Math.floor(Math.random() * 1e9)}-17`,
    error_desc: `${error.error} (emulated)`,
  });
}

/**
 * Codes of the emulators. The numbers of LGI, FLD, SES, SVL and of the later ACE errors are not confirmed
 * (reference/ox.md, sections 8 and 14): a client may rely on their prefix alone.
 */
export const oxErrors = {
  invalidCredentials: oxError("LGI-0006", "The user name or password is incorrect."),
  invalidGuestPassword: oxError("LGI-0025", "The guest password is incorrect."),
  folderNotVisible: oxError("FLD-0003", "The folder is not visible."),
  folderNotFound: oxError("FLD-0008", "The folder does not exist."),
  fileNotFound: oxError("IFO-0300", "The document does not exist."),
  listRefused: oxError("IFO-0400", "The list is not given."),
  unknownModule: oxError("SVL-0009", "The module is unknown."),
  unknownAction: oxError("SVL-0001", "The action is unknown."),
  invalidValue: oxError("SVL-0003", "A parameter or the body has an invalid value."),
} as const;

export function missingParameter(name: string): OxError {
  return oxError("SVL-0002", `The parameter ${name} is missing.`, [name]);
}

/** Session loss with its reason (reference/ox.md 4.3). */
export function sessionLost(reason: string): OxError {
  return oxError("SES-0203", "The session expired.", [reason]);
}
