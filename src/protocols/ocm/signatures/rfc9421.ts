import type { KeyObject } from "node:crypto";
import {
  type Dictionary,
  type InnerList,
  type Item,
  isInnerList,
  parseDictionary,
  serializeDictionary,
} from "structured-headers";
import { limits } from "../../../domain/limits.ts";
import { httpNameOf, isSignatureOf, signBytes } from "./algorithms.ts";
import { lengthProblem } from "./body-length.ts";
import { contentDigestField, contentDigestProblem } from "./digest.ts";
import { staleness } from "./freshness.ts";
import type { PeerJwk } from "./jwk.ts";
import { componentNames, signatureBase } from "./signature-base.ts";
import {
  type InvalidSignature,
  invalid,
  quoted,
  type RightSignature,
  type SignedRequest,
  toBeSent,
  wrongSignature,
} from "./signed-request.ts";

/** One signature of RFC 9421, chosen among those of a request. */
export interface Rfc9421Signature {
  readonly kind: "rfc9421";
  readonly keyId: string;
  readonly input: InnerList;
  readonly signature: Buffer;
}

/** draft-ietf-ocm-open-cloud-mesh-05 and its successor want one label, and this tag (reference/ocm.md 4.8). */
const label = "ocm";
const tag = "ocm";

/** What is signed; `date` is not required, since `created` tells the time. */
const required = ["@method", "@target-uri", "content-digest", "content-length"] as const;
const signed = [...required, "date"] as const;

/**
 * Signs a request that is about to be sent, with Ed25519: its fields `date`, `content-digest`, `signature-input` and
 * `signature`. `content-length` is signed as the HTTP client writes it. With a nonce that was never used before, the same
 * request signed twice within a second is no replay of itself (RFC 9421 section 2.3).
 */
export function signRfc9421(
  request: SignedRequest,
  signer: { readonly keyId: string; readonly key: KeyObject },
  nowMs: number,
  nonce: string | null = null,
): Readonly<Record<"date" | "content-digest" | "signature-input" | "signature", string>> {
  const date = new Date(nowMs).toUTCString();
  const contentDigest = contentDigestField(request.body);
  const headers = { date, "content-digest": contentDigest, "content-length": `${request.body.length}` };
  const parameters = new Map<string, string | number>([
    ["created", Math.floor(nowMs / 1000)],
    ["keyid", signer.keyId],
    ...(nonce === null ? [] : ([["nonce", nonce]] as const)),
    ["tag", tag],
  ]);
  const input: InnerList = [signed.map((name): Item => [name, new Map()]), parameters];
  const base = signatureBase({ ...toBeSent(request), headers }, input);
  if (typeof base !== "string") throw new TypeError(base.detail);
  const signature = signBytes(Buffer.from(base, "latin1"), signer.key, "Ed25519");
  return {
    date,
    "content-digest": contentDigest,
    "signature-input": serializeDictionary(new Map([[label, input]])),
    signature: serializeDictionary(new Map<string, Item>([[label, [signature, new Map()]]])),
  };
}

/**
 * The signature of an OCM server among those of a request: tagged `ocm`, or labelled `ocm` without any tag; unsigned where
 * there is no such one: what proxies and others sign is not for us.
 */
export function readRfc9421(
  inputField: string,
  signatureField: string,
): Rfc9421Signature | InvalidSignature | { readonly kind: "unsigned" } {
  const inputs = dictionaryOf(inputField);
  const signatures = dictionaryOf(signatureField);
  if (inputs === null || signatures === null) {
    return invalid("signature-unreadable", "Its Signature-Input or Signature is no dictionary of RFC 9421.");
  }
  const [chosen, ...more] = [...inputs].filter(([name, member]) => isOfOcm(name, member));
  if (chosen === undefined) return { kind: "unsigned" };
  if (more.length > 0)
    return invalid("signatures-several", "It carries more than one signature for Open Cloud Mesh.");
  const [name, input] = chosen;
  const value: unknown = signatures.get(name)?.[0];
  if (!isInnerList(input) || !(value instanceof ArrayBuffer)) {
    return invalid("signature-unreadable", `Its signature ${quoted(name)} has not the form of RFC 9421.`);
  }
  const keyId: unknown = input[1].get("keyid");
  if (typeof keyId !== "string") return invalid("key-id-missing", "It does not name its key.");
  return { kind: "rfc9421", keyId, input, signature: Buffer.from(value) };
}

function isOfOcm(name: string, member: Item | InnerList): boolean {
  const told: unknown = member[1].get("tag");
  return told === tag || (told === undefined && name === label);
}

function dictionaryOf(field: string): Dictionary | null {
  try {
    return field.length <= limits.signatureFieldChars ? parseDictionary(field) : null;
  } catch {
    return null;
  }
}

/** What was signed, where the signature is right and covers what it must. */
export function verifyRfc9421(
  request: SignedRequest,
  told: Rfc9421Signature,
  jwk: PeerJwk,
  nowMs: number,
): InvalidSignature | RightSignature {
  const signedAtMs = createdMs(told.input, nowMs);
  if (typeof signedAtMs !== "number") return signedAtMs;
  const alg: unknown = told.input[1].get("alg");
  if (alg !== undefined && (typeof alg !== "string" || alg !== httpNameOf(jwk.algorithm))) {
    return invalid(
      "algorithm-not-taken",
      `It names another algorithm than its key, which is for ${jwk.algorithm}.`,
    );
  }
  const trouble =
    coverGap(told.input) ??
    lengthProblem(request) ??
    contentDigestProblem(request.headers["content-digest"] ?? "", request.body);
  if (trouble !== null) return trouble;
  const base = signatureBase(request, told.input);
  if (typeof base !== "string") return base;
  return isSignatureOf(Buffer.from(base, "latin1"), told.signature, jwk.key, jwk.algorithm)
    ? { kind: "right", base, signedAtMs }
    : wrongSignature;
}

function coverGap(input: InnerList): InvalidSignature | null {
  const names = componentNames(input);
  if (!Array.isArray(names)) return names;
  const missing = required.filter((name) => !names.includes(name));
  return missing.length === 0 ? null : invalid("not-covered", `It does not cover ${missing.join(", ")}.`);
}

/** The moment of `created`, which must be there and fresh; `expires` ends it earlier. */
function createdMs([, parameters]: InnerList, nowMs: number): number | InvalidSignature {
  const created: unknown = parameters.get("created");
  const expires: unknown = parameters.get("expires");
  if (typeof created !== "number" || !(expires === undefined || typeof expires === "number")) {
    return invalid("created-missing", "It does not tell when it was made, or tells no time.");
  }
  if (expires !== undefined && expires * 1000 <= nowMs) {
    return invalid("signature-expired", "Its own time is over (expires).");
  }
  return staleness(created * 1000, nowMs) ?? created * 1000;
}
