import type { PeerRequest } from "../../http/peer-route.ts";
import type { Received } from "./received.ts";

/** One call of a sharer's CouchDB; `path` is what stands behind `/services/sharing/replication/`. */
export interface ReplicationCall {
  readonly received: Received;
  readonly request: PeerRequest;
  readonly path: string;
}
