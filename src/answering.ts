import { noWayOut } from "./no-way-out.ts";
import { createProtocols } from "./protocols/protocols.ts";
import type { ReceivingParts } from "./receiving/parts.ts";
import { receivingParts } from "./receiving-parts.ts";
import type { CurrentConfig } from "./room.ts";
import type { Site } from "./site.ts";

/** What deciding and answering need: everything of the receiving flow, and no way out. */
export function answering(site: Site, current: CurrentConfig): ReceivingParts {
  return receivingParts(site, createProtocols({ http: noWayOut }), current);
}
