import { limits } from "../../domain/limits.ts";
import { readOcmAddress } from "./address.ts";

/** How a server calls one of its users (reference/ocm.md 3.1). */
export interface UserId {
  /** As it has to stand in `shareWith`, before the host. */
  readonly identifier: string;
  /** For people. */
  readonly shown: string;
}

/**
 * Reads the `userID` of an answer of `host`: a bare id, an id with the server's own host behind it, which is taken away once,
 * or base64 of such an address, which stays as it is and is only shown decoded.
 */
export function readUserId(raw: string, host: string): UserId {
  const identifier = withoutHost(raw, host) ?? raw;
  return { identifier, shown: withoutHost(decoded(identifier), host) ?? identifier };
}

function withoutHost(text: string, host: string): string | null {
  const address = readOcmAddress(text);
  return address?.host === host ? address.identifier : null;
}

/** Text behind base64 of either alphabet, with or without padding; empty for anything else. */
function decoded(text: string): string {
  if (text.length > limits.ocmTextChars || !/^[\w+/-]+={0,2}$/.test(text)) return "";
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), codeOf);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return "";
  }
}

function codeOf(character: string): number {
  return character.charCodeAt(0);
}
