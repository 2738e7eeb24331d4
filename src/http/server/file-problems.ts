import { unreachable } from "../../domain/unreachable.ts";
import type { BrowseReply, OpenReply } from "../../protocols/protocol.ts";
import type { Looked } from "./parts.ts";
import { Problem } from "./problem.ts";

type Failure = Exclude<Looked<BrowseReply | OpenReply>, { readonly kind: "listed" | "opened" }>;

/** What an answer of the other server means for who asked here. */
export function failureOf(reply: Failure): Problem {
  switch (reply.kind) {
    case "no-such-path":
      return new Problem({
        status: 404,
        reason: "no-such-path",
        detail: "There is nothing of this path behind the share; browse the folder above it.",
      });
    case "is-a-folder":
      return new Problem({
        status: 409,
        reason: "is-a-folder",
        detail: "The path names a folder; ask browse for what is in it.",
      });
    case "range-not-satisfiable":
      return new Problem({
        status: 416,
        reason: "range-not-satisfiable",
        detail: "The file ends before the range begins; ask for less.",
        ...(reply.sizeBytes === null ? {} : { headers: { "content-range": `bytes */${reply.sizeBytes}` } }),
      });
    case "cannot-browse":
      return new Problem({ status: 409, reason: "cannot-browse", detail: reply.detail });
    case "no":
      return new Problem({ status: 409, reason: reply.because, detail: reply.detail });
    case "try-later":
      return new Problem({
        status: 503,
        reason: reply.because,
        detail: reply.detail,
        headers: { "retry-after": String(Math.ceil((reply.retryAfterMs ?? 60_000) / 1000)) },
      });
    default:
      return unreachable(reply);
  }
}
