/**
 * What becomes of one addressee of a sharing. `pending` is the beginning; `revoked` the end, unless he is brought in again.
 *
 *   state          means                                        left by
 *   pending        invited, no answer yet                       accepted, refused, revoked, mail-failed, answer-failed
 *   mail-not-sent  no invitation went out, or it came back      invited-again, accepted, refused, revoked, registration-failed,
 *                                                               request-failed
 *   accepted       follows the sharing                          refused, revoked
 *   refused        does not want it                             accepted, revoked
 *   unregistered   his server could not be registered with      invited-again, accepted, refused, revoked
 *   error          his server could not be asked, or be told    invited-again, accepted, refused, revoked
 *                  the answer
 *   revoked        the sharer took it back                      added-again
 *
 * An event that does not apply changes nothing: a bounce that comes after the answer, a second acceptance.
 */
export type RecipientState =
  | "pending"
  | "accepted"
  | "refused"
  | "error"
  | "unregistered"
  | "mail-not-sent"
  | "revoked";

export type RecipientEvent =
  /** Refused for good by a mail server, given up after days, or bounced. */
  | "mail-failed"
  /** A further invitation was planned. */
  | "invited-again"
  | "accepted"
  | "refused"
  | "registration-failed"
  | "answer-failed"
  /** His server could not be asked, for good, where it is asked without a mail. */
  | "request-failed"
  | "revoked"
  /** Brought in anew after the end; nobody has invited him yet. */
  | "added-again";

const answers = { accepted: "accepted", refused: "refused", revoked: "revoked" } as const;

const transitions: Readonly<
  Record<RecipientState, Readonly<Partial<Record<RecipientEvent, RecipientState>>>>
> = {
  pending: {
    ...answers,
    "mail-failed": "mail-not-sent",
    "answer-failed": "error",
  },
  "mail-not-sent": {
    ...answers,
    "invited-again": "pending",
    "registration-failed": "unregistered",
    "request-failed": "error",
  },
  accepted: { refused: "refused", revoked: "revoked" },
  refused: { accepted: "accepted", revoked: "revoked" },
  unregistered: { ...answers, "invited-again": "pending" },
  error: { ...answers, "invited-again": "pending" },
  revoked: { "added-again": "mail-not-sent" },
};

/** The state after an event; the same state where the event does not apply. */
export function recipientAfter(state: RecipientState, event: RecipientEvent): RecipientState {
  return transitions[state][event] ?? state;
}
