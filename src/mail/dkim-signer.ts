import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import type { DkimKey } from "../config/config.ts";
import { shareHeaderNames } from "../domain/share-header.ts";
import { readHead } from "./headers.ts";

/**
 * All fields that a composed mail can have. Each is listed once more than it stands in the mail: then none can be put on top
 * of it without breaking the signature (RFC 6376 section 8.15), which the signers of the libraries at hand cannot do.
 */
const signedNames: readonly string[] = [
  "from",
  "to",
  "reply-to",
  "subject",
  "date",
  "message-id",
  "in-reply-to",
  "references",
  "mime-version",
  "content-type",
  "content-transfer-encoding",
  "auto-submitted",
  "x-auto-response-suppress",
  "list-unsubscribe",
  "list-unsubscribe-post",
  "x-usher-notice",
  ...shareHeaderNames,
];

/** Puts a DKIM signature on top of a whole message with CRLF line ends. */
export type SignMail = (raw: Buffer, nowMs: number) => Buffer;

/** Signs with the key of the configuration in force; without one the mail stays as it is. */
export function createDkimSigner(current: () => DkimKey | null): SignMail {
  const keys = new WeakMap<DkimKey, KeyObject>();
  return (raw, nowMs) => {
    const dkim = current();
    if (dkim === null) return raw;
    const key = keys.get(dkim) ?? createPrivateKey(dkim.key.reveal());
    keys.set(dkim, key);
    return Buffer.concat([Buffer.from(signatureField(raw, dkim, key, nowMs), "latin1"), raw]);
  };
}

/** RFC 6376 sections 3.5 and 3.7: rsa-sha256, or ed25519-sha256 (RFC 8463), relaxed in header and body. */
function signatureField(raw: Buffer, dkim: DkimKey, key: KeyObject, nowMs: number): string {
  const { bodyStart } = readHead(raw);
  const header = relaxedHeader(raw.toString("latin1", 0, bodyStart));
  const tags = [
    "v=1",
    `a=${key.asymmetricKeyType === "ed25519" ? "ed25519" : "rsa"}-sha256`,
    "c=relaxed/relaxed",
    `d=${dkim.domain}`,
    `s=${dkim.selector}`,
    `t=${Math.floor(nowMs / 1000)}`,
    `h=${signedNames.flatMap((name) => [...(header.get(name) ?? []).map(() => name), name]).join(":\r\n ")}`,
    `bh=${sha256(relaxedBody(raw.toString("latin1", bodyStart))).toString("base64")}`,
    "b=",
  ];
  const unsigned = `DKIM-Signature: ${tags.join(";\r\n ")}`;
  const lines = [...signedNames.flatMap((name) => header.get(name) ?? []), relaxedField(unsigned)];
  const signature = signatureOf(Buffer.from(lines.join("\r\n"), "latin1"), key);
  return `${unsigned}${(signature.match(/.{1,72}/g) ?? []).join("\r\n ")}\r\n`;
}

/** Ed25519 signs the hash (RFC 8463 section 3). */
function signatureOf(lines: Buffer, key: KeyObject): string {
  const isRsa = key.asymmetricKeyType === "rsa";
  return (isRsa ? sign("sha256", lines, key) : sign(null, sha256(lines), key)).toString("base64");
}

function sha256(content: Buffer | string): Buffer {
  const hash = createHash("sha256");
  return (typeof content === "string" ? hash.update(content, "latin1") : hash.update(content)).digest();
}

/** The fields by name, as they are hashed, bottommost first (RFC 6376 section 5.4.2). */
function relaxedHeader(block: string): ReadonlyMap<string, readonly string[]> {
  const fields = block.split(/\r\n(?![ \t])/).filter((line) => line !== "");
  return Map.groupBy(fields.map(relaxedField).toReversed(), (field) => field.slice(0, field.indexOf(":")));
}

/** RFC 6376 section 3.4.2. */
function relaxedField(field: string): string {
  const colon = field.indexOf(":");
  const value = field.slice(colon + 1).replaceAll("\r\n", "");
  return `${field.slice(0, colon).trimEnd().toLowerCase()}:${singleSpaced(value).trim()}`;
}

/** RFC 6376 section 3.4.4. */
function relaxedBody(body: string): string {
  const lines = body.split("\r\n").map((line) => singleSpaced(line).replace(/ $/, ""));
  while (lines.at(-1) === "") lines.pop();
  return lines.map((line) => `${line}\r\n`).join("");
}

function singleSpaced(text: string): string {
  return text.replaceAll(/[ \t]+/g, " ");
}

/** What the domain's administrator publishes for the key (RFC 6376 section 3.6.1, RFC 8463 section 4). */
export interface KeyRecord {
  /** Name of the TXT record. */
  readonly name: string;
  readonly value: string;
}

export function keyRecordOf({ domain, selector, key }: DkimKey): KeyRecord {
  const privateKey = createPrivateKey(key.reveal());
  const bytes = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  const isRsa = privateKey.asymmetricKeyType === "rsa";
  // The last 32 bytes of the key's DER form are the key itself.
  const value = (isRsa ? bytes : bytes.subarray(-32)).toString("base64");
  return {
    name: `${selector}._domainkey.${domain}`,
    value: `v=DKIM1; k=${isRsa ? "rsa" : "ed25519"}; p=${value}`,
  };
}
