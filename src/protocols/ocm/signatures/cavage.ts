import type { KeyObject } from "node:crypto";
import { limits } from "../../../domain/limits.ts";
import { isSignatureOf, rsaMisfit, signBytes } from "./algorithms.ts";
import { lengthProblem } from "./body-length.ts";
import { type DigestHash, digestField, digestProblem } from "./digest.ts";
import { staleness } from "./freshness.ts";
import {
  authorityOf,
  type InvalidSignature,
  invalid,
  quoted,
  requestTargetOf,
  type RightSignature,
  type SignedRequest,
  wrongSignature,
  toBeSent,
} from "./signed-request.ts";

/** The parameters of a `Signature` field of draft-cavage-http-signatures-12, section 4.1. */
export interface CavageSignature {
  readonly kind: "cavage";
  readonly keyId: string;
  /** As told. */
  readonly algorithm: string;
  /** Names as listed, lower-case. */
  readonly headers: readonly string[];
  readonly signature: Buffer;
}

export type CavageAlgorithm = "rsa-sha256" | "rsa-sha512";

/** What Nextcloud 32 wants signed, in the order in which it signs (reference/ocm.md 4.8). */
const signedNames = ["(request-target)", "content-length", "date", "digest", "host"] as const;

const hashes: Readonly<Record<CavageAlgorithm, DigestHash>> = {
  "rsa-sha256": "sha256",
  "rsa-sha512": "sha512",
};

/**
 * Signs a request that is about to be sent: its fields `date`, `digest` and `signature`, the last without blanks behind
 * commas because Nextcloud splits naively. `host` and `content-length` are signed as the HTTP client writes them.
 */
export function signCavage(
  request: SignedRequest,
  signer: { readonly keyId: string; readonly key: KeyObject },
  algorithm: CavageAlgorithm,
  nowMs: number,
): Readonly<Record<"date" | "digest" | "signature", string>> {
  const date = new Date(nowMs).toUTCString();
  const digest = digestField(request.body, hashes[algorithm]);
  const sent = toBeSent(request);
  const headers = { "content-length": `${request.body.length}`, date, digest };
  const text = signingString({ ...sent, headers }, signedNames) ?? "";
  const signature = signBytes(Buffer.from(text, "latin1"), signer.key, keyAlgorithms[algorithm]);
  const parameters = [
    `keyId="${signer.keyId}"`,
    `algorithm="${algorithm}"`,
    `headers="${signedNames.join(" ")}"`,
    `signature="${signature.toString("base64")}"`,
  ];
  return { date, digest, signature: parameters.join(",") };
}

const keyAlgorithms = { "rsa-sha256": "RS256", "rsa-sha512": "RS512" } as const;

/** Reads a `Signature` field, blanks behind commas or not; null for one of another form. */
export function readCavage(field: string): CavageSignature | null {
  const parameters = field.length <= limits.signatureFieldChars ? parametersOf(field) : null;
  const keyId = parameters?.get("keyId");
  const encoded = parameters?.get("signature") ?? "";
  if (parameters === null || keyId === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return null;
  const names = (parameters.get("headers") ?? "date").toLowerCase().split(/ +/);
  return {
    kind: "cavage",
    keyId,
    algorithm: parameters.get("algorithm") ?? "",
    headers: names.filter((name) => name !== ""),
    signature: Buffer.from(encoded, "base64"),
  };
}

/** Null where a name stands twice or the field is anything but parameters. */
function parametersOf(field: string): ReadonlyMap<string, string> | null {
  const parameters = new Map<string, string>();
  const part = /[ \t]*([A-Za-z]+)[ \t]*=[ \t]*(?:"([^"\\]*)"|(\d+))[ \t]*(?:,|$)/y;
  while (part.lastIndex < field.length) {
    const [, name = "", text, number = ""] = part.exec(field) ?? [];
    if (name === "" || parameters.has(name)) return null;
    parameters.set(name, text ?? number);
  }
  return parameters;
}

/** What was signed, where the signature is right and covers what it must. */
export function verifyCavage(
  request: SignedRequest,
  told: CavageSignature,
  key: KeyObject,
  nowMs: number,
): InvalidSignature | RightSignature {
  const { algorithm } = told;
  if (!isCavageAlgorithm(algorithm)) {
    const way = "rsa-sha256 and rsa-sha512 are taken.";
    return invalid("algorithm-not-taken", `It is made with the algorithm ${quoted(algorithm)}; ${way}`);
  }
  const keyTrouble = rsaMisfit(key);
  if (keyTrouble !== null)
    return invalid(keyTrouble, "The key of this peer is none for RSA of at least 2048 bits.");
  const gap = coverGap(told.headers);
  if (gap !== null) return gap;
  const signedAtMs = httpDateMs(request.headers["date"] ?? "");
  if (signedAtMs === null) return invalid("date-unreadable", "Its Date is missing or no date of RFC 9110.");
  const base = signingString(request, told.headers);
  if (base === null) return invalid("header-missing", "It covers a header field that did not come.");
  const trouble =
    staleness(signedAtMs, nowMs) ??
    lengthProblem(request) ??
    digestProblem(request.headers["digest"] ?? "", request.body);
  if (trouble !== null) return trouble;
  return isSignatureOf(Buffer.from(base, "latin1"), told.signature, key, keyAlgorithms[algorithm])
    ? { kind: "right", base, signedAtMs }
    : wrongSignature;
}

function isCavageAlgorithm(name: string): name is CavageAlgorithm {
  return Object.hasOwn(hashes, name);
}

function coverGap(names: readonly string[]): InvalidSignature | null {
  if (names.length > limits.signedComponents || new Set(names).size !== names.length) {
    return invalid("headers-repeated", "Its list of header fields names one twice, or too many.");
  }
  const missing = signedNames.filter((name) => !names.includes(name));
  return missing.length === 0 ? null : invalid("not-covered", `It does not cover ${missing.join(", ")}.`);
}

/** Section 2.3 of the draft; null where a field is missing. */
function signingString(request: SignedRequest, names: readonly string[]): string | null {
  const lines = names.map((name) => {
    const value = valueOf(request, name);
    return value === null ? null : `${name}: ${value}`;
  });
  return lines.includes(null) ? null : lines.join("\n");
}

function valueOf(request: SignedRequest, name: string): string | null {
  if (name === "(request-target)") return `${request.method.toLowerCase()} ${requestTargetOf(request.url)}`;
  if (name === "host") return hostOf(request);
  return request.headers[name]?.trim() ?? null;
}

/**
 * The host that the peer addressed, not the one that a reverse proxy wrote: as the peer spelled it, where that is the
 * same one.
 */
function hostOf({ url, headers }: SignedRequest): string | null {
  const authority = authorityOf(url);
  const spelled = headers["host"] ?? "";
  const isSame =
    /^[^/?#@\\]+$/.test(spelled) && authorityOf(`${url.split(":", 1)[0]}://${spelled}/`) === authority;
  return isSame ? spelled : authority;
}

function httpDateMs(text: string): number | null {
  const form = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
  const atMs = form.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? null : atMs;
}
