import { isIP } from "node:net";
import type { OutboundException } from "../config/config.ts";
import { limits } from "../domain/limits.ts";
import { type AddressRefusal, addressRefusal, isLocalName, isWithin } from "./address-rules.ts";

/** Where a request may go, as far as its URL tells. */
export interface Target {
  readonly url: URL;
  /** Name or address literal without brackets and closing dot. */
  readonly host: string;
  readonly isLiteral: boolean;
  readonly port: number;
  readonly isTls: boolean;
  /** The operator's exceptions for exactly this host, port and scheme. */
  readonly exceptions: readonly OutboundException[];
}

/** Why a URL is not asked at all. */
export type UrlRefusal =
  | "url-too-long"
  | "url-invalid"
  | "url-scheme"
  | "url-credentials"
  | "url-port"
  | "name-not-public";

/** Judges a URL before anything is looked up (reference/security.md 3.4, step 1). */
export function judgeUrl(text: string, exceptions: readonly OutboundException[]): Target | UrlRefusal {
  if (text.length > limits.urlChars) return "url-too-long";
  const url = URL.parse(text);
  if (url === null) return "url-invalid";
  if (url.protocol !== "https:" && url.protocol !== "http:") return "url-scheme";
  if (url.username !== "" || url.password !== "") return "url-credentials";
  const isTls = url.protocol === "https:";
  const host = url.hostname.replace(/^\[|\]$|\.$/g, "");
  const port = url.port === "" ? (isTls ? 443 : 80) : Number(url.port);
  const scheme = isTls ? "https" : "http";
  const matching = exceptions.filter(
    (each) => each.host === host && each.port === port && each.scheme === scheme,
  );
  const target = { url, host, isLiteral: isIP(host) !== 0, port, isTls, exceptions: matching };
  return matching.length > 0 ? target : (refusalOfPlain(target) ?? target);
}

/**
 * Judges all addresses of a target: any bad one refuses. Where an exception opens a port, a scheme or a local name,
 * its range must hold every address; a metadata service is refused in any case.
 */
export function judgeAddresses(
  target: Target,
  addresses: readonly string[],
  own: readonly string[],
): AddressRefusal | null {
  const isPlain = refusalOfPlain(target) === null;
  for (const address of addresses) {
    const refusal = addressRefusal(address, own);
    const isExcepted = target.exceptions.some((each) => isWithin(address, each.cidr));
    if (refusal === "address-metadata" || refusal === "address-invalid") return refusal;
    if (!isExcepted && (refusal !== null || !isPlain)) return refusal ?? "address-not-public";
  }
  return null;
}

/** Fixed addresses that exceptions give to a name; empty where a name server is asked. */
export function pinnedAddresses(target: Target): string[] {
  if (target.isLiteral) return [target.host];
  return target.exceptions.flatMap((each) => (each.address === null ? [] : [each.address]));
}

function refusalOfPlain(target: Target): UrlRefusal | null {
  if (!target.isTls) return "url-scheme";
  if (target.port !== 443) return "url-port";
  return !target.isLiteral && isLocalName(target.host) ? "name-not-public" : null;
}
