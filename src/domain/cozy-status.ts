import type { RecipientState } from "./recipient.ts";

type Generation = "v2" | "v1a" | "v1b" | "v3";

/** The words of each generation for a member, as the states that a sharing's owner is shown (reference/cozy.md 8.1). */
const states: Readonly<Record<Generation, Readonly<Record<string, RecipientState>>>> = {
  v2: {
    new: "mail-not-sent",
    asked: "pending",
    accepted: "accepted",
    refused: "refused",
    error: "error",
    revoked: "revoked",
  },
  v1a: {
    "mail-not-sent": "mail-not-sent",
    unregistered: "unregistered",
    pending: "pending",
    accepted: "accepted",
    refused: "refused",
    error: "error",
    revoked: "revoked",
  },
  v1b: {
    "mail-not-sent": "mail-not-sent",
    pending: "pending",
    accepted: "accepted",
    revoked: "revoked",
  },
  v3: {
    "mail-not-sent": "mail-not-sent",
    pending: "pending",
    seen: "pending",
    ready: "accepted",
    revoked: "revoked",
  },
};

/** What the owner is shown of a member of whom only the generation's word is known; `error` for a word that it does not have. */
export function ownerState(generation: Generation, status: string): RecipientState {
  const known = states[generation];
  return Object.hasOwn(known, status) ? (known[status] ?? "error") : "error";
}
