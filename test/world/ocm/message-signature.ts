import {
  createHash,
  createPublicKey,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { promisify } from "node:util";
import type { OcmRequest } from "./wire.ts";

/** RFC 9421 signatures as the master line of Nextcloud makes and reads them (reference/ocm.md 4.8 a). */
export interface MessageKey {
  readonly kid: string;
  readonly alg: "ES256" | "Ed25519";
  readonly privateKey: KeyObject;
  /** With `kid` and `alg`, as it stands in the key set. */
  readonly jwk: JsonWebKey;
}

const generate = promisify(generateKeyPair);

export async function newMessageKey(kid: string): Promise<MessageKey> {
  const { privateKey, publicKey } = await generate("ec", { namedCurve: "P-256" });
  const jwk = { ...publicKey.export({ format: "jwk" }), kid, alg: "ES256", use: "sig" };
  return { kid, alg: "ES256", privateKey, jwk };
}

const components = ["@method", "@target-uri", "content-digest", "content-length", "date"] as const;

/** The fields of a signed POST. */
export function messageFields(
  key: MessageKey,
  to: URL,
  body: string,
  date: Date,
): Readonly<Record<string, string>> {
  const created = Math.floor(date.getTime() / 1000);
  const list = components.map((name) => `"${name}"`).join(" ");
  const parameters = `(${list});created=${created};keyid="${key.kid}";tag="ocm"`;
  const fields = {
    "content-digest": `sha-256=:${digestOf("sha256", Buffer.from(body))}:`,
    "content-length": `${Buffer.byteLength(body)}`,
    date: date.toUTCString(),
  };
  const values = new Map([...Object.entries(fields), ["@method", "POST"], ["@target-uri", to.href]]);
  const base = signatureBase(components, values, parameters);
  const signature = signed(key, base).toString("base64");
  return { ...fields, "signature-input": `ocm=${parameters}`, signature: `ocm=:${signature}:` };
}

function signed(key: MessageKey, base: string): Buffer {
  if (key.alg === "Ed25519") return sign(null, Buffer.from(base), key.privateKey);
  return sign("sha256", Buffer.from(base), { key: key.privateKey, dsaEncoding: "ieee-p1363" });
}

/** RFC 9421, section 2.5. */
function signatureBase(
  names: readonly string[],
  values: ReadonlyMap<string, string>,
  parameters: string,
): string {
  const lines = names.map((name) => `"${name}": ${values.get(name) ?? ""}`);
  return [...lines, `"@signature-params": ${parameters}`].join("\n");
}

export interface MessageSignature {
  readonly names: readonly string[];
  /** The value of the member `ocm` as it was sent. */
  readonly parameters: string;
  /** Seconds since the epoch; NaN where it is missing. */
  readonly created: number;
  readonly keyid: string;
  readonly signature: Buffer;
}

/** The signature labelled `ocm`; null where there is none that can be read. Other labels are passed over. */
export function readMessageSignature({ headers }: OcmRequest): MessageSignature | null {
  const input = headers.get("signature-input") ?? "";
  const member = /(?:^|,\s*)ocm=(\(([^)]*)\)((?:;[a-z]+=(?:"[^"]*"|-?\d+))*))(?=,|\s*$)/.exec(input);
  const value = /(?:^|,\s*)ocm=:([A-Za-z0-9+/=]+):/.exec(headers.get("signature") ?? "");
  if (member === null || value === null) return null;
  const [, parameters = "", list = "", tail = ""] = member;
  return {
    names: [...list.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name),
    parameters,
    created: Number(captured(/;created=(\d+)/, tail) ?? Number.NaN),
    keyid: captured(/;keyid="([^"]*)"/, tail) ?? "",
    signature: Buffer.from(value[1] ?? "", "base64"),
  };
}

function captured(pattern: RegExp, text: string): string | undefined {
  return pattern.exec(text)?.[1];
}

/** What the master line finds wrong before it looks for the key; null where nothing is. `at` is milliseconds since the epoch. */
export function messageFlaw(
  { headers, body }: OcmRequest,
  { names, created, keyid }: MessageSignature,
  at: number,
): string | null {
  const missing = components.find((name) => !names.includes(name));
  if (missing !== undefined) return `${missing} is not signed`;
  if (!URL.canParse(keyid) || new URL(keyid).hostname === "") return "keyid is no URL with a host";
  const age = at / 1000 - created;
  if (!(age <= 300 && age >= -60)) return "created is missing, older than 300 s, or more than 60 s ahead";
  if (Number(headers.get("content-length")) !== body.length) return "Content-Length is wrong";
  return isDigestOf(headers.get("content-digest") ?? "", body) ? null : "the digest is of another body";
}

/** `jwk` needs its `alg`: Ed25519 (also EdDSA), ES256, ES384 or RS256. */
export function isMessageSignedBy(
  jwk: JsonWebKey,
  request: OcmRequest,
  found: MessageSignature,
  host: string,
): boolean {
  const values = new Map([
    ...request.headers,
    ["@method", request.method],
    ["@target-uri", `https://${host}${request.target}`],
  ]);
  const base = Buffer.from(signatureBase(found.names, values, found.parameters));
  try {
    return verifies(jwk, base, found.signature);
  } catch {
    return false;
  }
}

function verifies(jwk: JsonWebKey, base: Buffer, signature: Buffer): boolean {
  const key = createPublicKey({ key: jwk, format: "jwk" });
  switch (jwk["alg"]) {
    case "EdDSA":
    case "Ed25519":
      return verify(null, base, key, signature);
    case "ES256":
      return verify("sha256", base, { key, dsaEncoding: "ieee-p1363" }, signature);
    case "ES384":
      return verify("sha384", base, { key, dsaEncoding: "ieee-p1363" }, signature);
    case "RS256":
      return verify("sha256", base, key, signature);
    default:
      return false;
  }
}

/** Any digest of a known kind must be right, and one must be there (sha-256 or sha-512). */
function isDigestOf(field: string, body: Buffer): boolean {
  const digests = [...field.matchAll(/(sha-256|sha-512)=:([A-Za-z0-9+/=]+):/g)];
  return (
    digests.length > 0 &&
    digests.every(([, kind, value]) => value === digestOf(kind === "sha-512" ? "sha512" : "sha256", body))
  );
}

function digestOf(hash: "sha256" | "sha512", body: Buffer): string {
  return createHash(hash).update(body).digest("base64");
}
