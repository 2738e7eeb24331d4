import { limits } from "../../../domain/limits.ts";
import { type InvalidSignature, invalid, type SignedRequest } from "./signed-request.ts";

/** Null where the signed Content-Length is that of the body, and the body no longer than messages between servers are. */
export function lengthProblem({ headers, body }: SignedRequest): InvalidSignature | null {
  if (headers["content-length"] !== `${body.length}`) {
    return invalid(
      "length-mismatch",
      `Its Content-Length is not that of the ${body.length} bytes that came.`,
    );
  }
  return body.length <= limits.ocmBodyBytes
    ? null
    : invalid("body-too-long", `Its body has ${body.length} bytes; ${limits.ocmBodyBytes} are taken.`);
}
