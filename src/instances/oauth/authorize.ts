import type { PeerReply, PeerRequest } from "../../http/peer-route.ts";
import { cozyClientOf } from "../../store/cozy-clients.ts";
import type { InstanceParts } from "../parts.ts";
import { explain } from "../explain.ts";
import { redirectsOf } from "./clients.ts";

/**
 * GET and POST /auth/authorize. Accounts have no session in a browser: an invitation is answered where its notice leads to,
 * by the mailbox, or by the API, and whoever opens this page reads so. It never gives a code and changes nothing.
 */
export async function authorize(parts: InstanceParts, request: PeerRequest): Promise<PeerReply> {
  if (!(await isKnown(parts, request))) return explain(parts, request, { status: 400, what: "wrong-link" });
  return explain(parts, request, { status: 401, what: "answered-elsewhere" });
}

/** Whether the query asks for something that a client of this account may ask for (reference/cozy.md 5.5, 6). */
async function isKnown({ store }: InstanceParts, { instance, query, body }: PeerRequest): Promise<boolean> {
  const form = typeof body === "object" && body !== null && !Buffer.isBuffer(body) ? body : {};
  const asked = new Map<string, unknown>([...Object.entries(form), ...query]);
  if (!["state", "client_id", "redirect_uri", "scope"].every((key) => (asked.get(key) ?? "") !== ""))
    return false;
  const client = await cozyClientOf(store.db, instance.accountId, String(asked.get("client_id")));
  if (client === undefined || !redirectsOf(client).includes(String(asked.get("redirect_uri")))) return false;
  const type = asked.get("response_type");
  return type === undefined ? body !== null : type === "code" || type === "cozy_sharing";
}
