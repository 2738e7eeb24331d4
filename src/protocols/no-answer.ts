/**
 * What it means that a server gave no answer about a share, whatever protocol it speaks: for an account that asks for the first time,
 * and for one that looks again. `{host}` is replaced by the server's name.
 */
export const noAnswer = {
  unreachable: {
    first: "later",
    again: "later",
    words: "{host} could not be reached; Usher asks again later.",
  },
  "called-off": {
    first: "later",
    again: "later",
    words: "The work at {host} was called off before it was done; it is done again later.",
  },
  "request-refused": {
    first: "UNRESOLVABLE",
    again: "later",
    words:
      "The outgoing guard refused the request to {host}; an exception under outbound.exceptions would let it pass.",
  },
  "server-busy": {
    first: "later",
    again: "later",
    words: "{host} is overloaded or in maintenance; Usher asks again when it said so.",
  },
  "server-error": {
    first: "later",
    again: "later",
    words: "{host} answered with an error of its own; Usher asks again later.",
  },
} as const;
