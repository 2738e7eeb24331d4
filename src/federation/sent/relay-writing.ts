import type { PeerReply } from "../../http/peer-route.ts";
import type { FederationParts } from "../parts.ts";
import { ask } from "./application.ts";
import { permissionsOf } from "./deliver.ts";
import { bare, unreached } from "./relay-answer.ts";
import { addressOf, placeIn } from "./relay-place.ts";
import { bytesOf, fieldsOf, type PlacedRequest } from "./relay-reading.ts";

type WritingParts = Pick<FederationParts, "http" | "tell" | "siteUrl">;

const methods = ["PUT", "MKCOL", "DELETE", "MOVE"] as const;
export type WritingMethod = (typeof methods)[number];

export function isWriting(method: string): method is WritingMethod {
  return methods.some((each) => each === method);
}

/** Changes what is shared, where the share permits it. */
export async function write(
  parts: WritingParts,
  method: WritingMethod,
  about: PlacedRequest,
): Promise<PeerReply> {
  const { request, application, place } = about;
  const refusal = refusalOf(method, about);
  if (refusal !== null) return { status: refusal };
  // A part that passed for the whole would cost the rest of the file (RFC 9110 section 14.5).
  if (method === "PUT" && request.headers["content-range"] !== undefined) return { status: 400 };
  const destination = method === "MOVE" ? destinationOf(parts, about) : null;
  if (typeof destination === "number") return { status: destination };
  const isPut = method === "PUT";
  const answer = await ask(parts, about, {
    method,
    url: addressOf(application.url, place),
    headers: {
      ...fieldsOf(request, ["if-match", "if-none-match", "if-unmodified-since", "overwrite"]),
      ...(isPut ? fieldsOf(request, ["content-type", "x-oc-mtime"]) : {}),
      ...(destination === null ? {} : { destination }),
    },
    ...(isPut ? { body: bytesOf(request) } : {}),
  });
  return "kind" in answer ? unreached(answer) : bare(answer.status, answer.headers, true);
}

/** The shared resource itself is only written into, where it is a file; it is never moved or removed. */
function refusalOf(method: WritingMethod, { share, place }: PlacedRequest): number | null {
  if (!permissionsOf(share).includes("write")) return 403;
  if (place.names.length > 0) return null;
  if (method !== "PUT") return 403;
  return share.resource_type === "file" ? null : 405;
}

/** Where something moves to, as the application calls it (RFC 4918 section 10.3), or the status for what is no place in the share. */
function destinationOf(
  { siteUrl }: Pick<WritingParts, "siteUrl">,
  { share, request, application }: PlacedRequest,
): string | number {
  const named = request.headers["destination"] ?? "";
  const [, host, path] = /^(?:https?:\/\/([^/]+))?(\/[^?#]*)$/i.exec(named) ?? [];
  if (path === undefined) return 400;
  const own = URL.parse(siteUrl() ?? "")?.host;
  if (host !== undefined && host.toLowerCase() !== own) return 502;
  const place = placeIn(share, path);
  if (place === null || place.names.length === 0) return 403;
  return addressOf(application.url, place);
}
