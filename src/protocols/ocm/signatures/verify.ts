import { createHash, type KeyObject } from "node:crypto";
import { limits } from "../../../domain/limits.ts";
import { type CavageSignature, readCavage, verifyCavage } from "./cavage.ts";
import type { PeerJwk } from "./jwk.ts";
import { hostOfKeyId } from "./key-id.ts";
import { readRfc9421, type Rfc9421Signature, verifyRfc9421 } from "./rfc9421.ts";
import {
  type InvalidSignature,
  invalid,
  quoted,
  type SignatureScheme,
  type SignedRequest,
} from "./signed-request.ts";

/** A peer's key: an RSA key for draft-cavage signatures, one of a JSON Web Key Set for RFC 9421. */
export type PeerKey =
  | { readonly scheme: "cavage"; readonly keyId: string; readonly key: KeyObject }
  | { readonly scheme: "rfc9421"; readonly jwk: PeerJwk };

/** What a request says of its signature before any key is at hand. */
export type ReadSignature =
  | {
      readonly kind: "signed";
      readonly scheme: SignatureScheme;
      readonly keyId: string;
      /** `host[:port]` of the key id; isSignedFor compares it. */
      readonly host: string;
    }
  | { readonly kind: "unsigned" }
  | InvalidSignature;

export type SignatureVerdict =
  | {
      readonly kind: "valid";
      readonly scheme: SignatureScheme;
      readonly keyId: string;
      /** `rsa-sha512` and so on for cavage, the `alg` of the key for RFC 9421. */
      readonly algorithm: string;
      /** 64 hexadecimal digits, the same each time this request comes, however its signature is written. */
      readonly fingerprint: string;
      /** From then on the signature is too old, so that its fingerprint can be forgotten. */
      readonly untilMs: number;
    }
  | { readonly kind: "unsigned" }
  | InvalidSignature;

/** Which scheme and key a request was signed with; nothing is verified yet. */
export function readSignature(request: SignedRequest): ReadSignature {
  const told = signatureOf(request);
  if (told.kind === "unsigned" || told.kind === "invalid") return told;
  const host = hostOfKeyId(told.keyId);
  if (host === null) {
    return invalid("key-id-without-host", `No host can be told from its key id ${quoted(told.keyId)}.`);
  }
  return { kind: "signed", scheme: told.kind, keyId: told.keyId, host };
}

/**
 * Verifies a request with the key that its peer is known to have. Which peer it must be is the caller's to ask (isSignedFor),
 * and so is whether the same request came before (`fingerprint`).
 */
export function verifySignature(request: SignedRequest, key: PeerKey, nowMs: number): SignatureVerdict {
  const told = signatureOf(request);
  if (told.kind === "unsigned" || told.kind === "invalid") return told;
  const expected = key.scheme === "cavage" ? key.keyId : key.jwk.kid;
  if (told.keyId !== expected) {
    return invalid(
      "key-of-other-id",
      `It names the key ${quoted(told.keyId)}, and ${quoted(expected)} was expected.`,
    );
  }
  const outcome = outcomeOf(request, told, key, nowMs);
  if (outcome.kind === "invalid") return outcome;
  const { scheme, algorithm, base, signedAtMs } = outcome;
  const fingerprint = createHash("sha256").update(`${scheme}\0${expected}\0${base}`, "latin1").digest("hex");
  const untilMs = signedAtMs + limits.ocmSignatureAgeMs + 1;
  return { kind: "valid", scheme, keyId: expected, algorithm, fingerprint, untilMs };
}

function outcomeOf(
  request: SignedRequest,
  told: CavageSignature | Rfc9421Signature,
  key: PeerKey,
  nowMs: number,
) {
  if (told.kind === "cavage" && key.scheme === "cavage") {
    const verdict = verifyCavage(request, told, key.key, nowMs);
    return { ...verdict, scheme: told.kind, algorithm: told.algorithm };
  }
  if (told.kind === "rfc9421" && key.scheme === "rfc9421") {
    const verdict = verifyRfc9421(request, told, key.jwk, nowMs);
    return { ...verdict, scheme: told.kind, algorithm: key.jwk.algorithm };
  }
  return invalid("key-of-other-scheme", "Its key belongs to the other way of signing.");
}

function signatureOf({
  headers,
}: SignedRequest): CavageSignature | Rfc9421Signature | InvalidSignature | { readonly kind: "unsigned" } {
  const { signature, "signature-input": input } = headers;
  if (input !== undefined) return readRfc9421(input, signature ?? "");
  if (signature === undefined) return { kind: "unsigned" };
  const form =
    "Its Signature field has neither the form of RFC 9421 nor that of draft-cavage-http-signatures.";
  return readCavage(signature) ?? invalid("signature-unreadable", form);
}
