import type { PeerPosted } from "./parts.ts";
import { unavailable } from "./recorded.ts";
import { type Trouble, trouble } from "./trouble.ts";

/** An answer of a peer that means something, whatever it says; trouble where none came, or one of a server that cannot now. */
export function answerOf(
  posted: PeerPosted,
): { readonly kind: "answer"; readonly status: number; readonly body: unknown } | Trouble {
  if (posted.kind === "try-later") {
    const { because, detail, retryAfterMs } = posted;
    return trouble("unreachable", { because, detail, retryAfterMs });
  }
  if (posted.kind === "refused") return trouble("request-refused", posted);
  const { status, body, retryAfterMs } = posted;
  return unavailable(status, retryAfterMs) ?? { kind: "answer", status, body };
}
