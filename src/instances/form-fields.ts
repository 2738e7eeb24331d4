import type { PeerRequest } from "../http/peer-route.ts";

/** The fields of a form, or of JSON; a query counts where they are not there. */
export function fieldsOf({ query, body }: Pick<PeerRequest, "query" | "body">): URLSearchParams {
  const fields = new URLSearchParams(query);
  if (typeof body !== "object" || body === null || Buffer.isBuffer(body)) return fields;
  for (const [key, value] of Object.entries(body)) if (typeof value === "string") fields.set(key, value);
  return fields;
}
