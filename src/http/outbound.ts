import type { CookieJar } from "tough-cookie";

/** The port of the one guarded way out. `http/guarded-client.ts` implements it; nothing else may reach the network by HTTP. */
export interface OutboundClient {
  /**
   * One HTTP request. Redirects are returned, never followed, unless `redirects` asks for it.
   * Throws OutboundError on refusal, time-out, transport failure or an oversized answer.
   */
  request(ask: OutboundRequest): Promise<OutboundResponse>;
  /**
   * One GET whose body is streamed, not kept: same guard, same rules, no bound on the size, but on silence
   * (limits.httpStreamSilenceMs) and on the time to the headers. The stream must be read or disposed of.
   */
  download(ask: OutboundDownloadRequest): Promise<OutboundDownload>;
}

export type OutboundDownloadRequest = Omit<OutboundRequest, "method" | "body" | "redirects">;

export interface OutboundDownload extends AsyncDisposable {
  readonly status: number;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Throws OutboundError where the body breaks off. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface OutboundRequest {
  readonly url: string;
  /** Those of RFC 9110 and WebDAV (RFC 4918) that somebody needs. */
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "PROPFIND" | "MKCOL" | "MOVE";
  readonly headers?: Readonly<Record<string, string>>;
  /** Text, or bytes as they are. */
  readonly body?: string | Uint8Array;
  /** Cookies of one session at one origin. */
  readonly jar?: CookieJar;
  /** Redirects to follow, at most limits.httpRedirects; 0 unless given. */
  readonly redirects?: number;
  readonly signal: AbortSignal;
}

export interface OutboundResponse {
  readonly status: number;
  /** Names lower-case; every value of a repeated field is kept. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** Decoded text, UTF-8, at most limits.httpBodyBytes. */
  readonly text: string;
  /** Address that answered, after followed redirects. */
  readonly url: string;
}

/** Why a request was not made or brought no answer. */
export class OutboundError extends Error {
  override readonly name = "OutboundError";
  /** Kebab-case name, for example `address-not-public`, `timeout`, `connection-refused`. */
  readonly reason: string;
  /** Whether the same request may succeed later. Decided from codes, never from words. */
  readonly temporary: boolean;

  constructor(reason: string, temporary: boolean, options?: ErrorOptions) {
    super(`The request was not answered: ${reason}.`, options);
    this.reason = reason;
    this.temporary = temporary;
  }
}
