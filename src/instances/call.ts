import { retryAfterMs } from "../http/retry-after.ts";
import { OutboundError, type OutboundClient, type OutboundRequest } from "../http/outbound.ts";

/** What a call to another Cozy came to. */
export type CozyReply =
  | {
      readonly kind: "answered";
      readonly status: number;
      /** Parsed JSON; null where the answer is none. */
      readonly body: unknown;
      readonly headers: Readonly<Record<string, readonly string[]>>;
    }
  | {
      readonly kind: "unanswered";
      /** Kebab-case. */
      readonly reason: string;
      readonly temporary: boolean;
    };

/** Calls another Cozy; redirects are returned. Never throws for what the network or the other side does. */
export async function callCozy(http: OutboundClient, ask: OutboundRequest): Promise<CozyReply> {
  try {
    const { status, text, headers } = await http.request(ask);
    return { kind: "answered", status, body: jsonIn(text), headers };
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    return { kind: "unanswered", reason: error.reason, temporary: error.temporary };
  }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Whether the other side did what it was asked. A page with status 200 is what parked hosts and logins before a Cozy answer. */
export function isTaken(reply: CozyReply): boolean {
  if (reply.kind === "unanswered" || reply.status < 200 || reply.status >= 300) return false;
  const [type = ""] = reply.headers["content-type"] ?? [];
  return !type.toLowerCase().startsWith("text/html");
}

/** Why a call did not do what it was for. */
export interface CallFailure {
  /** Kebab-case, for records. */
  readonly reason: string;
  /** Whether the same call may succeed later. */
  readonly temporary: boolean;
  /** HTTP status; null where nothing was answered. */
  readonly status: number | null;
  /** How long the other side asks to be left alone; null or left out where it does not say. */
  readonly retryAfterMs?: number | null;
}

/** How a call failed whose answer is not what was asked for; an answer of a wrong form is `nonsense`. */
export function failureOf(reply: CozyReply): CallFailure {
  if (reply.kind === "unanswered") {
    return { reason: reply.reason, temporary: reply.temporary, status: null };
  }
  const { status } = reply;
  if (status >= 200 && status < 300) return { reason: "nonsense", temporary: true, status };
  const temporary = status === 408 || status === 429 || status >= 500;
  return {
    reason: `http-${status}`,
    temporary,
    status,
    retryAfterMs: retryAfterMs(reply.headers, Date.now()),
  };
}
