import { limits } from "../../../domain/limits.ts";
import { type InvalidSignature, invalid } from "./signed-request.ts";

/** Null for a moment that is neither too old nor too far ahead (reference/ocm.md 4.8). */
export function staleness(signedAtMs: number, nowMs: number): InvalidSignature | null {
  const ageMs = nowMs - signedAtMs;
  if (ageMs > limits.ocmSignatureAgeMs) {
    return invalid(
      "signature-too-old",
      `It was made ${Math.ceil(ageMs / 1000)} s ago; more than ${limits.ocmSignatureAgeMs / 1000} s are not taken. One of the clocks may be wrong.`,
    );
  }
  if (-ageMs > limits.ocmSignatureAheadMs) {
    return invalid(
      "signature-from-future",
      `It was made ${Math.ceil(-ageMs / 1000)} s ahead of now; more than ${limits.ocmSignatureAheadMs / 1000} s are not taken. One of the clocks is wrong.`,
    );
  }
  return null;
}
