import { limits } from "../../../domain/limits.ts";
import { oneLine } from "../../../domain/one-line.ts";

/** One HTTP request as its signature is made or read. */
export interface SignedRequest {
  /** As on the wire: `POST`. */
  readonly method: string;
  /** Absolute, as the peer addressed it: path and query unchanged, behind the scheme and authority that peers know. */
  readonly url: string;
  /** Names lower-case, one value each. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** The two ways in which OCM servers sign (reference/ocm.md 4.8). */
export type SignatureScheme = "cavage" | "rfc9421";

/** A signature that must not count, with a kebab-case reason and a sentence for people. */
export interface InvalidSignature {
  readonly kind: "invalid";
  readonly because: string;
  readonly detail: string;
}

export function invalid(because: string, detail: string): InvalidSignature {
  return { kind: "invalid", because, detail };
}

/** A signature that fits its key and covers what it must. */
export interface RightSignature {
  readonly kind: "right";
  /** The text that was signed. */
  readonly base: string;
  readonly signedAtMs: number;
}

export const wrongSignature = invalid(
  "signature-wrong",
  "It was not made with the key of this peer, or the request was changed on its way.",
);

/** A peer's text inside a sentence: quoted, short, in one line. */
export function quoted(text: string): string {
  return `"${oneLine(text, limits.signatureShownChars)}"`;
}

/** `host[:port]`, lower-case, without the port of the scheme; null where the URL cannot be read. */
export function authorityOf(url: string): string | null {
  return URL.parse(url)?.host ?? null;
}

/** Path and query exactly as they stand in an absolute URL. */
export function requestTargetOf(url: string): string {
  const target = /^[a-z]+:\/\/[^/?#]*([^#]*)/i.exec(url)?.[1] ?? "";
  return target.startsWith("/") ? target : `/${target}`;
}

/** A request that is about to be sent, its URL as the client writes it into the request line. Throws TypeError for no URL. */
export function toBeSent(request: SignedRequest): SignedRequest {
  const { origin, pathname, search } = new URL(request.url);
  return { ...request, url: `${origin}${pathname}${search}` };
}
