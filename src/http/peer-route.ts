import type { Readable } from "node:stream";
import type { z } from "zod";

/**
 * The port for routes of foreign protocols: those of accounts' own hosts (`Host` is the instance that was asked) and those of
 * the site (`Host` is null). `http/server/peer-app.ts` mounts them.
 */
export interface PeerRoute<Host = Instance> {
  /** HEAD is served with GET. */
  readonly method: PeerMethod;
  /** With `:name` for a piece, and `*` for the rest at the end. */
  readonly path: string;
  /** For the OpenAPI document; null for pages. Nothing is checked by it. */
  readonly operation: PeerOperation | null;
  /** Largest body; limits.serverBodyBytes where it is left out. */
  readonly bodyBytes?: number;
  /** The body is bytes, whatever its type says: files of any type, and bodies whose signature is verified. */
  readonly takesBytes?: true;
  /** Looks at a request before its body is read (`body` is null): an answer ends it there. */
  admit?(request: PeerRequest<Host>): Promise<PeerReply | null>;
  answer(request: PeerRequest<Host>): Promise<PeerReply>;
}

/** Routes of the site, at `server.publicUrl`. */
export type SiteRoute = PeerRoute<null>;

export type PeerMethod =
  | "GET"
  | "POST"
  | "PUT"
  | "PATCH"
  | "DELETE"
  | "OPTIONS"
  | "PROPFIND"
  | "MKCOL"
  | "MOVE";

export interface PeerOperation {
  readonly id: string;
  readonly summary: string;
  readonly tag: string;
  /** How the caller proves who he is; null: by a secret in the request itself, or not at all. */
  readonly security: "bearer" | "basic" | null;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly replies: Readonly<Record<number, { readonly description: string; readonly body?: z.ZodType }>>;
}

/** The account whose instance host was asked. */
export interface Instance {
  readonly accountId: string;
  readonly accountName: string;
  /** BCP 47 tag. */
  readonly locale: string;
  /** `host[:port]`. */
  readonly host: string;
  /** `https://host[:port]`. */
  readonly url: string;
}

export interface PeerRequest<Host = Instance> {
  readonly instance: Host;
  /** As it was sent: upper case, `HEAD` too. */
  readonly method: string;
  /** Path and query as they were sent, percent-encoding kept: what signatures cover. */
  readonly target: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Names lower-case; of a repeated field the first. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON as it was parsed, a form as its fields, anything else as bytes; null for none. */
  readonly body: unknown;
  /** Of the peer: an IPv4 address, or the first half of an IPv6 address. What strangers may do is counted by it. */
  readonly network: string;
  /** Counts a wrong secret of this peer: how long it is sent away, or null while it may go on. */
  readonly countWrongSecret: () => number | null;
  readonly signal: AbortSignal;
}

export interface PeerReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, under the type that the headers name or application/json; a stream as it comes. */
  readonly body?: string | Buffer | Readable | object | null;
}
