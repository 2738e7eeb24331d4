import { Problem } from "./problem.ts";
import type { Acted, SharingProblem } from "./sharing-parts.ts";

/** Fields of a request that is made anew once they are corrected. */
const correctable = /^(account|name|title|link|message|locale|to|expires|webdav|login|secret)(\.\d+)?$/;

/** What is wrong with a request about a sharing; each field by its name in the body. */
export function refusedSharing(problems: readonly SharingProblem[]): Problem {
  const [first] = problems;
  if (first !== undefined && !correctable.test(first.field)) {
    return new Problem({ status: 409, reason: first.because, detail: first.detail });
  }
  return new Problem({
    status: 400,
    reason: problems.length === 1 && first !== undefined ? first.because : "invalid-request",
    detail:
      problems.length === 1 && first !== undefined
        ? first.detail
        : "Nothing is shared; correct the fields named here.",
    fields: problems.map(({ field, detail }) => ({
      field: `body.${field === "expires" ? "expires_at" : field}`,
      detail,
    })),
  });
}

/** Why nothing was done about recipients. */
export function refusedAct({ because, detail }: Extract<Acted, { readonly kind: "refused" }>): Problem {
  return new Problem({ status: because.startsWith("no-such-") ? 404 : 409, reason: because, detail });
}
