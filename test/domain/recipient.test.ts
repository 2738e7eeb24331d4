import { describe, expect, it } from "vitest";
import { type RecipientEvent, type RecipientState, recipientAfter } from "../../src/domain/recipient.ts";

const events: readonly RecipientEvent[] = [
  "mail-failed",
  "invited-again",
  "accepted",
  "refused",
  "registration-failed",
  "answer-failed",
  "request-failed",
  "revoked",
];

describe("a recipient", () => {
  it.each<[RecipientState, readonly RecipientState[]]>([
    [
      "pending",
      ["mail-not-sent", "pending", "accepted", "refused", "unregistered", "error", "error", "revoked"],
    ],
    [
      "mail-not-sent",
      [
        "mail-not-sent",
        "pending",
        "accepted",
        "refused",
        "unregistered",
        "mail-not-sent",
        "error",
        "revoked",
      ],
    ],
    [
      "accepted",
      ["accepted", "accepted", "accepted", "refused", "accepted", "accepted", "accepted", "revoked"],
    ],
    ["refused", ["refused", "refused", "accepted", "refused", "refused", "refused", "refused", "revoked"]],
    [
      "unregistered",
      [
        "unregistered",
        "pending",
        "accepted",
        "refused",
        "unregistered",
        "unregistered",
        "unregistered",
        "revoked",
      ],
    ],
    ["error", ["error", "pending", "accepted", "refused", "error", "error", "error", "revoked"]],
    ["revoked", ["revoked", "revoked", "revoked", "revoked", "revoked", "revoked", "revoked", "revoked"]],
  ])("who is %s moves only where an event leads", (state, after) => {
    expect(events.map((event) => recipientAfter(state, event))).toEqual(after);
  });
});
