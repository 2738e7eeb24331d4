import { z } from "zod";
import { isTooDeep } from "../../domain/json.ts";
import { limits } from "../../domain/limits.ts";
import { httpsOrigin } from "../../domain/web-link.ts";
import type { PeerRequest } from "../../http/peer-route.ts";

/** Who accepts what, as his server says. */
export interface Acceptance {
  /** `host[:port]` of his server. */
  readonly host: string;
  /** Secret. */
  readonly token: string;
  /** Raw. */
  readonly userID: string;
  readonly email: string;
  readonly name: string;
}

export type ReadAcceptance =
  | { readonly kind: "read"; readonly acceptance: Acceptance }
  | { readonly kind: "invalid"; readonly field: string; readonly why: "REQUIRED" | "INVALID" };

const text = z.string().max(limits.ocmTextChars);
const schema = z.object({
  recipientProvider: text.min(1),
  token: text.min(1),
  userID: text.default(""),
  userId: text.default(""),
  email: text.catch("").default(""),
  name: text.catch("").default(""),
});

/**
 * Reads what servers post when somebody accepts: JSON or a form, `userID`, `userId` or both, the provider with a scheme or
 * without (reference/ocm.md 4.2). What names nobody, no server or no token is refused; mail address and name may be missing.
 */
export function readAcceptance({
  body,
  headers,
}: Pick<PeerRequest<null>, "body" | "headers">): ReadAcceptance {
  const fields = Buffer.isBuffer(body) ? fieldsIn(body, headers["content-type"] ?? "") : null;
  const read = schema.safeParse(fields ?? {});
  if (!read.success) return invalid(String(read.error.issues[0]?.path[0] ?? "token"), fields);
  const { recipientProvider, token, userID, userId, email, name } = read.data;
  const who = userID === "" ? userId : userID;
  if (who === "") return invalid("userID", fields);
  const origin = httpsOrigin(recipientProvider);
  if (origin === null) return invalid("recipientProvider", fields);
  return {
    kind: "read",
    acceptance: { host: new URL(origin).host, token, userID: who, email, name },
  };
}

/** Null for what is neither JSON nor a form. Without a type it is JSON. */
function fieldsIn(body: Buffer, type: string): unknown {
  const written = body.toString("utf8");
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) {
    return Object.fromEntries(new URLSearchParams(written));
  }
  try {
    const value: unknown = JSON.parse(written);
    return isTooDeep(value) ? null : value;
  } catch {
    return null;
  }
}

function invalid(field: string, fields: unknown): ReadAcceptance {
  const isThere = typeof fields === "object" && fields !== null && Object.hasOwn(fields, field);
  return { kind: "invalid", field, why: isThere ? "INVALID" : "REQUIRED" };
}
