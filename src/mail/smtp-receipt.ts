import { limits } from "../domain/limits.ts";
import type { Receipt } from "./transport.ts";

/** What an SMTP conversation that failed means for the one mail it was about. */
export function failureReceipt(failure: unknown, hasContentBegun: boolean): Receipt {
  const { code, command, reply } = readFailure(failure);
  const isAnswer = code !== null && answered.has(command);
  if (isAnswer && isPermanent(code)) return { kind: "permanent", code, reply };
  if (isAnswer && code >= 400) return { kind: "temporary", code, reply };
  if (hasContentBegun) return { kind: "unknown", reply };
  return { kind: "temporary", code, reply };
}

/** RFC 6531 section 3.5 and RFC 5248: the address needs SMTPUTF8, and the mail server does not offer it. */
export const noSmtpUtf8: Receipt = {
  kind: "permanent",
  code: 553,
  reply:
    "553 5.6.7 The mail server does not offer SMTPUTF8 and so cannot take an address with characters beyond ASCII " +
    "before the @ sign; use another address of this person (said by Usher).",
};

/** A server's reply for a record: printable, short, and without mail addresses. */
export function shownReply(reply: string): string {
  return reply
    .slice(0, 4 * limits.remoteTextChars)
    .replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, " ")
    .replaceAll(/[^\s<>"'(),:;]+@[^\s<>"'(),:;]+/g, "…@…")
    .trim()
    .slice(0, limits.remoteTextChars);
}

/** Commands whose replies speak of the mail; greeting, EHLO, STARTTLS and AUTH speak of the session. */
const answered: ReadonlySet<string> = new Set(["MAIL FROM", "RCPT TO", "DATA"]);

/** 5yz that blame the session: bad sequence (RFC 5321), authentication needed, too weak, or without encryption (RFC 4954). */
const sessionFaults: ReadonlySet<number> = new Set([503, 530, 534, 535, 538]);

function isPermanent(code: number): boolean {
  return code >= 500 && code <= 599 && !sessionFaults.has(code);
}

interface Failure {
  readonly code: number | null;
  readonly command: string;
  readonly reply: string;
}

function readFailure(failure: unknown): Failure {
  const error: { message?: unknown; response?: unknown; responseCode?: unknown; command?: unknown } =
    failure instanceof Error ? failure : {};
  return {
    code: typeof error.responseCode === "number" ? error.responseCode : null,
    command: typeof error.command === "string" ? error.command : "",
    reply: shownReply(typeof error.response === "string" ? error.response : String(error.message ?? failure)),
  };
}
