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
  "added-again",
];

const answered = { accepted: "accepted", refused: "refused", revoked: "revoked" } as const;

describe("a recipient", () => {
  it.each<[RecipientState, Partial<Record<RecipientEvent, RecipientState>>]>([
    ["pending", { ...answered, "mail-failed": "mail-not-sent", "answer-failed": "error" }],
    [
      "mail-not-sent",
      {
        ...answered,
        "invited-again": "pending",
        "registration-failed": "unregistered",
        "request-failed": "error",
      },
    ],
    ["accepted", { refused: "refused", revoked: "revoked" }],
    ["refused", { accepted: "accepted", revoked: "revoked" }],
    ["unregistered", { ...answered, "invited-again": "pending" }],
    ["error", { ...answered, "invited-again": "pending" }],
    ["revoked", { "added-again": "mail-not-sent" }],
  ])("who is %s moves only where an event leads", (state, after) => {
    const moves = events.map((event) => [event, recipientAfter(state, event)]);
    expect(Object.fromEntries(moves.filter(([, to]) => to !== state))).toEqual(after);
  });
});
