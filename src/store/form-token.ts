import { limits } from "../domain/limits.ts";
import { SealError, type Sealer } from "./sealing.ts";

/**
 * A form token belongs to one load of one page: its time, sealed for what names the page, such as the hash of its secret.
 * Nothing is written for it, so that loading a page changes nothing.
 */
export function newFormToken(sealer: Sealer, page: string, nowMs: number): string {
  return sealer.seal(String(nowMs), placeOf(page));
}

/** Whether the token was made for this page, and not longer ago than limits.formTokenMs. */
export function isFormToken(sealer: Sealer, page: string, token: string, nowMs: number): boolean {
  try {
    const madeAt = Number(sealer.open(token, placeOf(page)));
    return madeAt <= nowMs && nowMs - madeAt < limits.formTokenMs;
  } catch (error) {
    if (error instanceof SealError) return false;
    throw error;
  }
}

function placeOf(page: string): { table: string; row: string; column: string } {
  return { table: "page", row: page, column: "form" };
}
