import type { PeerReply, PeerRequest, PeerRoute } from "../../http/peer-route.ts";

/** An expected end of a request, as platform 2 tells it: `{ "error": "..." }` (reference/cozy.md, section 9). */
export class V2Error extends Error {
  override readonly name = "V2Error";
  readonly status: number;
  readonly temporary: boolean;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
    this.temporary = status === 429 || status >= 500;
  }
}

/** What all calls say that did what they are for. */
export const success: PeerReply = { status: 200, body: { success: true } };

/** Counts wrong credentials of the caller; whatever is wrong with them, the answer is the same. */
export function wrongCredentials({ countWrongSecret }: Pick<PeerRequest, "countWrongSecret">): V2Error {
  const waitMs = countWrongSecret();
  if (waitMs === null) return new V2Error(401, "Request unauthorized");
  const headers = { "retry-after": String(Math.ceil(waitMs / 1000)) };
  return new V2Error(429, "Too many requests. Please try later", headers);
}

/** A route whose expected failures are V2Errors. */
export function v2Route(
  route: Omit<PeerRoute, "answer">,
  answer: (request: PeerRequest) => Promise<PeerReply>,
): PeerRoute {
  return {
    ...route,
    answer: async (request) => {
      try {
        return await answer(request);
      } catch (error) {
        if (!(error instanceof V2Error)) throw error;
        return { status: error.status, headers: error.headers, body: { error: error.message } };
      }
    },
  };
}
