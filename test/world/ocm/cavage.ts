import { createHash, generateKeyPair, type KeyObject, sign, verify } from "node:crypto";
import { promisify } from "node:util";
import type { OcmRequest } from "./wire.ts";

/** draft-cavage signatures as Nextcloud 32 makes and reads them (reference/ocm.md 4.8 b). */
export interface CavageKey {
  readonly keyId: string;
  readonly privateKey: KeyObject;
  readonly publicKeyPem: string;
}

const generate = promisify(generateKeyPair);

export async function newCavageKey(keyId: string): Promise<CavageKey> {
  const { privateKey, publicKey } = await generate("rsa", { modulusLength: 2048 });
  const publicKeyPem = publicKey.export({ type: "spki", format: "pem" }).toString();
  return { keyId, privateKey, publicKeyPem };
}

let shared: Promise<CavageKey> | null = null;

/** The same pair for all servers that one test file starts: making one takes longer than all else. */
export async function sharedCavageKey(keyId: string): Promise<CavageKey> {
  shared ??= newCavageKey("");
  return { ...(await shared), keyId };
}

const covered = ["(request-target)", "content-length", "date", "digest", "host"] as const;

/** The fields of a signed POST, rsa-sha512. */
export function cavageFields(
  key: CavageKey,
  to: URL,
  body: string,
  date: Date,
): Readonly<Record<string, string>> {
  const fields = {
    "content-length": `${Buffer.byteLength(body)}`,
    date: date.toUTCString(),
    digest: `SHA-512=${digestOf("sha512", Buffer.from(body))}`,
    host: to.host,
  };
  const text = signingString(`post ${to.pathname}${to.search}`, covered, new Map(Object.entries(fields)));
  const signature = sign("sha512", Buffer.from(text), key.privateKey).toString("base64");
  const parameters = [
    `keyId="${key.keyId}"`,
    'algorithm="rsa-sha512"',
    `headers="${covered.join(" ")}"`,
    `signature="${signature}"`,
  ];
  return { ...fields, signature: parameters.join(",") };
}

/** First the line of the request, then `name: value`, in the order of the names. */
function signingString(
  requestTarget: string,
  names: readonly string[],
  fields: ReadonlyMap<string, string>,
): string {
  return names
    .map((name) => `${name}: ${name === "(request-target)" ? requestTarget : (fields.get(name) ?? "")}`)
    .join("\n");
}

export interface CavageSignature {
  readonly keyId: string;
  readonly algorithm: "rsa-sha256" | "rsa-sha512";
  readonly names: readonly string[];
  readonly signature: string;
}

/**
 * Reads a Signature field as Nextcloud 32 does: divided at every comma, so that a blank behind a comma becomes part of the
 * next parameter's name, which then is missing. Null for what cannot be used.
 */
export function readCavage(field: string): CavageSignature | null {
  const found = new Map<string, string>();
  for (const entry of field.split(",")) {
    const middle = entry.indexOf("=");
    const value = /"([^"]+)"/.exec(entry.slice(middle + 1))?.[1];
    if (middle > 0 && value !== undefined) found.set(entry.slice(0, middle), value);
  }
  const [keyId, algorithm] = [found.get("keyId"), found.get("algorithm")];
  const [names, signature] = [found.get("headers"), found.get("signature")];
  if (keyId === undefined || names === undefined || signature === undefined) return null;
  if (algorithm !== "rsa-sha256" && algorithm !== "rsa-sha512") return null;
  return { keyId, algorithm, names: names.split(" "), signature };
}

const needed = ["date", "host", "content-length", "digest"];
const longestSignedBytes = 50_000;
const oldestMs = 300_000;

/** What Nextcloud 32 finds wrong before it looks for the key; null where nothing is. `at` is milliseconds since the epoch. */
export function cavageFlaw(
  request: OcmRequest,
  { names }: CavageSignature,
  host: string,
  at: number,
): string | null {
  const { headers, body } = request;
  const missing = needed.find((name) => !names.includes(name));
  if (missing !== undefined) return `${missing} is not signed`;
  if (body.length > longestSignedBytes) return "the body is longer than 50000 bytes";
  if (headers.get("host") !== host) return "the signed host is another";
  if (Number(headers.get("content-length")) !== body.length) return "Content-Length is wrong";
  const date = Date.parse(headers.get("date") ?? "");
  if (Number.isNaN(date) || at - date > oldestMs) return "the date is older than 300 s";
  return isDigestOf(headers.get("digest") ?? "", body) ? null : "the digest is of another body";
}

export function isCavageSignedBy(
  publicKeyPem: string,
  { method, target, headers }: OcmRequest,
  { names, algorithm, signature }: CavageSignature,
): boolean {
  const text = signingString(`${method.toLowerCase()} ${target}`, names, headers);
  const hash = algorithm === "rsa-sha512" ? "sha512" : "sha256";
  try {
    return verify(hash, Buffer.from(text), publicKeyPem, Buffer.from(signature, "base64"));
  } catch {
    return false;
  }
}

function isDigestOf(field: string, body: Buffer): boolean {
  if (field.startsWith("SHA-512=")) return field.slice(8) === digestOf("sha512", body);
  return field.startsWith("SHA-256=") && field.slice(8) === digestOf("sha256", body);
}

function digestOf(hash: "sha256" | "sha512", body: Buffer): string {
  return createHash(hash).update(body).digest("base64");
}
