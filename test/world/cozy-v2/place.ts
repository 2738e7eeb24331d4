import type { CozyRequest } from "./wire.ts";

/** Kinds of requests that a fault can be confined to. */
export type Place = "request" | "answer" | "revoke" | "revoke-target" | "replication" | "other";

export const replicationPath = "/services/sharing/replication/";

export function placeOf({ method, path }: CozyRequest): Place {
  if (path.startsWith(replicationPath)) return "replication";
  switch (`${method} ${path.replace(/\/$/, "")}`) {
    case "POST /services/sharing/request":
      return "request";
    case "POST /services/sharing/answer":
      return "answer";
    case "DELETE /services/sharing":
      return "revoke";
    case "DELETE /services/sharing/target":
      return "revoke-target";
    default:
      return "other";
  }
}
