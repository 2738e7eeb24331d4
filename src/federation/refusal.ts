import { z } from "zod";
import type { PeerReply } from "../http/peer-route.ts";

/** A field that is wrong, and why. */
interface WrongField {
  readonly name: string;
  readonly message: string;
}

/** The error body of Open Cloud Mesh, with the fields that are wrong (reference/ocm.md 4.2). */
export function refusal(
  status: number,
  message: string,
  validationErrors: readonly WrongField[] = [],
): PeerReply {
  return { status, body: { message, ...(validationErrors.length === 0 ? {} : { validationErrors }) } };
}

/** The same with the time after which it may be tried again. */
export function comeBack(status: 429 | 503, message: string, waitMs: number): PeerReply {
  return { ...refusal(status, message), headers: { "retry-after": String(Math.ceil(waitMs / 1000)) } };
}

/** The error body, for the OpenAPI document. */
export const refusalSchema = z.object({
  message: z.string(),
  validationErrors: z.array(z.object({ name: z.string(), message: z.string() })).optional(),
});
