import { createHash } from "node:crypto";
import { isInnerList, parseDictionary } from "structured-headers";
import { type InvalidSignature, invalid } from "./signed-request.ts";

export type DigestHash = "sha256" | "sha512";

const hashes = new Map<string, DigestHash>([
  ["sha-256", "sha256"],
  ["sha-512", "sha512"],
]);

/** RFC 3230, the `Digest` field: `SHA-512=<base64>`. */
export function digestField(body: Buffer, hash: DigestHash): string {
  return `${hash === "sha256" ? "SHA-256" : "SHA-512"}=${digestOf(body, hash).toString("base64")}`;
}

/** RFC 9530, the `Content-Digest` field: `sha-256=:<base64>:`. */
export function contentDigestField(body: Buffer): string {
  return `sha-256=:${digestOf(body, "sha256").toString("base64")}:`;
}

/** Null where each digest that is understood, and at least one, is that of the body. */
export function digestProblem(field: string, body: Buffer): InvalidSignature | null {
  const digests = field.split(",").flatMap((part) => {
    const [, name = "", value = ""] = /^\s*([^\s=]+)\s*=\s*(\S*)\s*$/.exec(part) ?? [];
    const hash = hashes.get(name.toLowerCase());
    const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(value);
    return hash === undefined ? [] : [{ hash, bytes: isBase64 ? Buffer.from(value, "base64") : null }];
  });
  return problemOf("Digest", digests, body);
}

/** As digestProblem, for `Content-Digest`. */
export function contentDigestProblem(field: string, body: Buffer): InvalidSignature | null {
  const dictionary = dictionaryOf(field);
  if (dictionary === null)
    return invalid("digest-unreadable", "Its Content-Digest is no dictionary of RFC 9530.");
  const digests = [...dictionary].flatMap(([name, member]) => {
    const hash = hashes.get(name);
    if (hash === undefined) return [];
    const value: unknown = isInnerList(member) ? null : member[0];
    return [{ hash, bytes: value instanceof ArrayBuffer ? Buffer.from(value) : null }];
  });
  return problemOf("Content-Digest", digests, body);
}

interface ToldDigest {
  readonly hash: DigestHash;
  /** Null where something else stands in their place. */
  readonly bytes: Buffer | null;
}

function problemOf(name: string, told: readonly ToldDigest[], body: Buffer): InvalidSignature | null {
  if (told.length === 0) return invalid("digest-unknown", `Its ${name} names neither SHA-256 nor SHA-512.`);
  const isRight = told.every(({ hash, bytes }) => bytes !== null && digestOf(body, hash).equals(bytes));
  return isRight ? null : invalid("digest-mismatch", `Its ${name} is not that of the body that came.`);
}

function digestOf(body: Buffer, hash: DigestHash): Buffer {
  return createHash(hash).update(body).digest();
}

function dictionaryOf(field: string): ReturnType<typeof parseDictionary> | null {
  try {
    return parseDictionary(field);
  } catch {
    return null;
  }
}
