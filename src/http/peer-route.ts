import type { z } from "zod";

/** The port for what instance hosts serve: routes of foreign protocols. `http/server/instance-app.ts` mounts them. */
export interface PeerRoute {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With `:name` for a piece, and `*` for the rest at the end. */
  readonly path: string;
  /** For the OpenAPI document; null for pages. Nothing is checked by it. */
  readonly operation: PeerOperation | null;
  /** Largest body; limits.serverBodyBytes where it is left out. */
  readonly bodyBytes?: number;
  /** The body is bytes, whatever its type says: files of any type are put here. */
  readonly takesBytes?: true;
  answer(request: PeerRequest): Promise<PeerReply>;
}

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

export interface PeerRequest {
  readonly instance: Instance;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Names lower-case; of a repeated field the first. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON as it was parsed, a form as its fields, anything else as bytes; null for none. */
  readonly body: unknown;
  /** Of the peer; for counting wrong secrets. */
  readonly ip: string;
  /** Counts a wrong secret of this peer: how long it is sent away, or null while it may go on. */
  readonly countWrongSecret: () => number | null;
  readonly signal: AbortSignal;
}

export interface PeerReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, under the type that the headers name or application/json. */
  readonly body?: string | Buffer | object | null;
}
