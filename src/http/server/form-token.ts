import { limits } from "../../domain/limits.ts";
import { SealError, type Sealer } from "../../store/sealing.ts";

/**
 * A form token belongs to one load of one page: its time, sealed for the page's secret. Nothing is written for it, so
 * that loading a page changes nothing; it is used up together with the secret.
 */
export function newFormToken(sealer: Sealer, secretHash: string, nowMs: number): string {
  return sealer.seal(String(nowMs), placeOf(secretHash));
}

/** Whether the token was made for the page of this secret, and not longer ago than limits.formTokenMs. */
export function isFormToken(sealer: Sealer, secretHash: string, token: string, nowMs: number): boolean {
  try {
    const madeAt = Number(sealer.open(token, placeOf(secretHash)));
    return madeAt <= nowMs && nowMs - madeAt < limits.formTokenMs;
  } catch (error) {
    if (error instanceof SealError) return false;
    throw error;
  }
}

function placeOf(secretHash: string): { table: string; row: string; column: string } {
  return { table: "answer_secret", row: secretHash, column: "form" };
}
