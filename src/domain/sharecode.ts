import { isObject, type JsonObject } from "./json.ts";

/** A Cozy sharecode (reference/cozy.md, sections 3.1 and 3.4). `code` is a secret. */
export interface Sharecode {
  readonly kind: "jwt" | "short";
  readonly code: string;
  /** Who says he issued a JWT, unverified: `host[:port]`; null where it does not say. */
  readonly issuer: string | null;
}

/** Reads a sharecode: a JWT for the audience `share`, or twelve letters and digits. A final full stop is tolerated. */
export function readSharecode(text: string): Sharecode | null {
  const code = text.replace(/\.$/, "");
  if (/^[A-Za-z0-9]{12}$/.test(code)) return { kind: "short", code, issuer: null };
  const payload = /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(code)?.[1];
  const claims = payload === undefined ? null : claimsIn(payload);
  if (claims === null || claims["aud"] !== "share") return null;
  const issuer = claims["iss"];
  return { kind: "jwt", code, issuer: typeof issuer === "string" && issuer !== "" ? issuer : null };
}

/** The claims of a JWT, signature unverified (RFC 7519 section 7.2). */
function claimsIn(payload: string): JsonObject | null {
  try {
    const bytes = atob(payload.replaceAll("-", "+").replaceAll("_", "/"));
    const json = new TextDecoder("utf-8", { fatal: true }).decode(
      Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)),
    );
    const claims: unknown = JSON.parse(json);
    return isObject(claims) ? claims : null;
  } catch {
    return null;
  }
}
