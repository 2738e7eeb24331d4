import { httpsOrigin } from "../../domain/web-link.ts";

/** Somebody at a server of Open Cloud Mesh (reference/ocm.md 3.1). */
export interface OcmAddress {
  /** Opaque and case-sensitive; may itself contain `@`, `:`, `/` and `=`. */
  readonly identifier: string;
  /** `host[:port]`, lower-case A-label. */
  readonly host: string;
}

/**
 * Reads `identifier@host[:port]`, split at the last `@`; also with a scheme before the host or a slash behind it, as
 * Nextcloud writes recipients. Null for anything else.
 */
export function readOcmAddress(text: string): OcmAddress | null {
  const at = text.lastIndexOf("@");
  if (at < 1) return null;
  const host = readPeerHost(text.slice(at + 1));
  return host === null ? null : { identifier: text.slice(0, at), host };
}

/** `identifier@host[:port]`. */
export function writeOcmAddress({ identifier, host }: OcmAddress): string {
  return `${identifier}@${host}`;
}

/**
 * `host[:port]` of a server that is given as host, as host and port, or as an address with nothing behind it; lower-case
 * A-label, without the port of https. Null for anything else.
 */
export function readPeerHost(text: string): string | null {
  const origin = httpsOrigin(text.replace(/^https?:\/\//i, "").replace(/\/+$/, ""));
  return origin === null ? null : origin.slice("https://".length);
}
