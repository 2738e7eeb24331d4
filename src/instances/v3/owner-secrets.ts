import { createHmac, randomBytes } from "node:crypto";

// What a member's state is the root of: nothing of it has to be kept beside the state, and with a new state all of it is new.

/** 16 random bytes, base64url: 22 characters (reference/cozy.md 3.4). */
export function newState(): string {
  return randomBytes(16).toString("base64url");
}

/** 16 numbers below 16, with which the ids of documents are changed for this member (reference/cozy.md 7.1). */
export function xorKeyOf(state: string): Uint8Array {
  return derived(state, "xor key")
    .subarray(0, 16)
    .map((byte) => byte & 15);
}

/**
 * The state that this Cozy answers with. It is another one for each Cozy that a link was opened for, so that of two who have
 * the same link only the one whose Cozy was told last can answer.
 */
export function answerStateOf(state: string, instanceUrl: string): string {
  return derived(state, `answer of ${instanceUrl}`).subarray(0, 16).toString("base64url");
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Twelve letters and digits that stand for the state in links of sharings with a preview (reference/cozy.md 3.4). */
export function sharecodeOf(state: string): string {
  let rest = BigInt(`0x${derived(state, "sharecode").toString("hex")}`);
  const base = BigInt(letters.length);
  let code = "";
  while (code.length < 12) {
    code += letters[Number(rest % base)];
    rest /= base;
  }
  return code;
}

function derived(state: string, purpose: string): Buffer {
  return createHmac("sha256", state).update(purpose).digest();
}
