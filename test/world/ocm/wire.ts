import type { IncomingMessage } from "node:http";
import type { Reply } from "../faulty-answers.ts";
import { type JsonObject, readObject } from "./json.ts";

/** One request as emulated servers of Open Cloud Mesh look at it. */
export interface OcmRequest {
  readonly method: string;
  readonly host: string;
  /** Path and query as they came. */
  readonly target: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case; several of one name are joined with a comma. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  readonly isTooLarge: boolean;
}

/** Files of tests are small; a longer body is answered with 413. */
const largestBodyBytes = 1024 * 1024;

export async function readRequest(incoming: IncomingMessage): Promise<OcmRequest> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length <= largestBodyBytes) chunks.push(chunk);
  }
  const target = incoming.url ?? "/";
  const url = new URL(target, "https://emulator.invalid");
  const fields = Object.entries(incoming.headers).map(
    ([name, value]) => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")] as const,
  );
  return {
    method: incoming.method ?? "",
    host: incoming.headers.host ?? "",
    target,
    path: url.pathname,
    query: url.searchParams,
    headers: new Map(fields),
    body: Buffer.concat(chunks),
    isTooLarge: length > largestBodyBytes,
  };
}

/** Media type of the body, lower-case, without parameters. */
export function typeOf({ headers }: OcmRequest): string {
  return (headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

/** The fields of a JSON or form body; null where it is neither. */
export function fieldsIn(request: OcmRequest): JsonObject | null {
  const text = request.body.toString("utf8");
  if (typeOf(request) === "application/x-www-form-urlencoded") {
    return Object.fromEntries(new URLSearchParams(text));
  }
  return typeOf(request) === "application/json" ? readObject(text) : null;
}

export type Authorization =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly user: string; readonly password: string }
  | { readonly kind: "bearer"; readonly token: string };

export function authorizationOf({ headers }: OcmRequest): Authorization {
  const [, scheme = "", value = ""] = /^(\S+) (\S+)$/.exec(headers.get("authorization") ?? "") ?? [];
  if (scheme.toLowerCase() === "bearer") return { kind: "bearer", token: value };
  if (scheme.toLowerCase() !== "basic") return { kind: "none" };
  const pair = Buffer.from(value, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  if (colon === -1) return { kind: "none" };
  return { kind: "basic", user: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

export function json(status: number, value: unknown, headers: Reply["headers"] = []): Reply {
  const type = ["Content-Type", "application/json; charset=utf-8"] as const;
  return { status, headers: [type, ...headers], body: JSON.stringify(value) };
}

export function page(status: number, inner: string): Reply {
  return {
    status,
    headers: [["Content-Type", "text/html; charset=UTF-8"]],
    body: `<!DOCTYPE html><html><body>${inner}</body></html>`,
  };
}

export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
