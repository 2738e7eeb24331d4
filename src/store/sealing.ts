import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";
import { Secret } from "../config/secret.ts";

const cipher = "aes-256-gcm";
const keyBytes = 32;
/** NIST SP 800-38D section 8.2: 96 bits, random for each text. */
const nonceBytes = 12;
const tagBytes = 16;
/** 128 bits. */
const macDigits = 32;
const version = "u1";

/** Where a sealed text belongs; it cannot be opened anywhere else. */
export interface SealPlace {
  readonly table: string;
  /** Id of the row. */
  readonly row: string;
  readonly column: string;
}

export interface Sealer {
  /** Ciphertext for a `…_sealed` column: `u1:<key id>:<checksum>:<base64url>`. */
  seal(plain: string, place: SealPlace): string;
  /** The plain text. Throws SealError, whose reason says what is wrong. */
  open(sealed: string, place: SealPlace): string;
  /**
   * A secret that only this site can make of a text, for one purpose: 32 lower-case hexadecimal digits. To be compared in
   * constant time.
   */
  mac(purpose: string, text: string): string;
  /** Names the key without telling it. */
  readonly keyId: string;
}

export class SealError extends Error {
  override readonly name = "SealError";
  readonly temporary = false;
  readonly reason: "bad-key" | "wrong-key" | "moved" | "damaged";

  constructor(reason: SealError["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Seals and opens with AES-256-GCM. Throws SealError `bad-key` unless the key is 32 bytes in base64. */
export function createSealer(key: Secret): Sealer {
  const bytes = keyFrom(key);
  const keyId = createHash("sha256").update("usher key id\0").update(bytes).digest("hex").slice(0, 8);
  return {
    keyId,
    mac: (purpose, text) =>
      createHmac("sha256", Buffer.from(hkdfSync("sha256", bytes, "", `usher mac ${purpose}`, keyBytes)))
        .update(text)
        .digest("hex")
        .slice(0, macDigits),
    seal(plain, place) {
      const nonce = randomBytes(nonceBytes);
      const sealing = createCipheriv(cipher, bytes, nonce, { authTagLength: tagBytes });
      sealing.setAAD(placeBytes(place));
      const text = Buffer.concat([
        nonce,
        sealing.update(plain, "utf8"),
        sealing.final(),
        sealing.getAuthTag(),
      ]);
      return [version, keyId, checksum(keyId, text), text.toString("base64url")].join(":");
    },
    open(sealed, place) {
      const text = sealedBytes(sealed, keyId, place);
      const opening = createDecipheriv(cipher, bytes, text.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      });
      opening.setAAD(placeBytes(place));
      opening.setAuthTag(text.subarray(-tagBytes));
      try {
        const plain = [opening.update(text.subarray(nonceBytes, -tagBytes)), opening.final()];
        return Buffer.concat(plain).toString("utf8");
      } catch {
        // The text is whole and the key is right, so what differs is the place.
        throw new SealError(
          "moved",
          `${placeName(place)} holds a secret that was sealed for another place; set it anew.`,
        );
      }
    },
  };
}

/** A new key as it stands in a key file: 32 random bytes, base64. */
export function generateKey(): Secret {
  return new Secret(randomBytes(keyBytes).toString("base64"));
}

function keyFrom(key: Secret): Buffer {
  const text = key.reveal().trim();
  const bytes = Buffer.from(text, "base64");
  if (bytes.length === keyBytes && bytes.toString("base64") === text) return bytes;
  throw new SealError(
    "bad-key",
    "The key is not 32 bytes in base64; make one with `openssl rand -base64 32`.",
  );
}

function sealedBytes(sealed: string, keyId: string, place: SealPlace): Buffer {
  const [textVersion, textKeyId = "", textChecksum, encoded = "", ...rest] = sealed.split(":");
  const text = Buffer.from(encoded, "base64url");
  const isWhole =
    textVersion === version &&
    rest.length === 0 &&
    text.length >= nonceBytes + tagBytes &&
    text.toString("base64url") === encoded &&
    textChecksum === checksum(textKeyId, text);
  if (!isWhole) {
    throw new SealError(
      "damaged",
      `${placeName(place)} holds a damaged secret; set it anew or restore a backup.`,
    );
  }
  if (textKeyId === keyId) return text;
  throw new SealError(
    "wrong-key",
    `${placeName(place)} was sealed with key ${textKeyId}, but the configured key is ${keyId}; configure that key.`,
  );
}

/** Tells damage from a wrong place; only the tag of GCM protects against forgery. */
function checksum(keyId: string, text: Buffer): string {
  return crc32(text, crc32(keyId)).toString(16).padStart(8, "0");
}

function placeBytes({ table, row, column }: SealPlace): Buffer {
  return Buffer.from(`${table}|${row}|${column}`, "utf8");
}

function placeName({ table, row, column }: SealPlace): string {
  return `${table}.${column} of row ${row}`;
}
