import { limits } from "../../domain/limits.ts";
import type { PeerMethod, PeerReply, PeerRequest, SiteRoute } from "../../http/peer-route.ts";
import type { SentShareRow } from "../../store/ocm-sent-shares.ts";
import type { FederationParts } from "../parts.ts";
import { applicationOf } from "./application.ts";
import { permissionsOf } from "./deliver.ts";
import { admitted } from "./relay-access.ts";
import { placeIn } from "./relay-place.ts";
import { list, type PlacedRequest, read, type RelayParts } from "./relay-reading.ts";
import { createStreams } from "./streams.ts";
import { isWriting, write } from "./relay-writing.ts";

const methods: readonly PeerMethod[] = ["OPTIONS", "PROPFIND", "GET", "PUT", "MKCOL", "DELETE", "MOVE"];

/**
 * WebDAV for what accounts share: each request goes on to the application that holds it, within the rights of the share
 * (reference/ocm.md 4.6). The secret decides which share it is; its id in the path is only a name for it.
 */
export function relayRoutes(ground: FederationParts): readonly SiteRoute[] {
  const parts = { ...ground, streams: createStreams() };
  return ["/dav/ocm", "/dav/ocm/*"].flatMap((path) =>
    methods.map((method): SiteRoute => ({
      method,
      path,
      operation: null,
      takesBytes: true,
      ...(method === "PUT" ? { bodyBytes: limits.ocmPutBytes } : {}),
      admit: async (request) => {
        const share = await admitted(parts, request);
        return "status" in share ? share : null;
      },
      answer: async (request) => relay(parts, request),
    })),
  );
}

async function relay(parts: FederationParts & RelayParts, request: PeerRequest<null>): Promise<PeerReply> {
  const share = await admitted(parts, request);
  if ("status" in share) return share;
  const [path = ""] = request.target.split("?");
  const place = placeIn(share, path);
  if (place === null) return { status: 404 };
  if (request.method === "OPTIONS") return options(share);
  const about: PlacedRequest = { share, request, place, application: applicationOf(parts, share) };
  if (isWriting(request.method)) return write(parts, request.method, about);
  return request.method === "PROPFIND" ? list(parts, about) : read(parts, about);
}

function options(share: SentShareRow): PeerReply {
  const isWritable = permissionsOf(share).includes("write");
  const allowed = [
    "OPTIONS",
    "PROPFIND",
    "GET",
    "HEAD",
    ...(isWritable ? ["PUT", "MKCOL", "DELETE", "MOVE"] : []),
  ];
  return { status: 200, headers: { allow: allowed.join(", "), dav: "1" } };
}
