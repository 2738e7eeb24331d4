import { limits } from "../../domain/limits.ts";
import { endExpiredShares, forgetEndedShares } from "../../store/ocm-received-shares.ts";
import { forgetSurplusPeers } from "../../store/ocm-peers.ts";
import type { Db } from "../../store/store.ts";
import type { FederationParts } from "../parts.ts";
import { endShare } from "./take-notification.ts";

/** Ends received shares whose time is over, forgets those that ended long ago, and servers beyond those that are kept. */
export async function sweepReceived(db: Db, nowMs: number, parts: FederationParts): Promise<void> {
  const over = await endExpiredShares(db, { nowMs, rows: limits.ocmSweptShares });
  for (const row of over) await endShare(db, row, parts);
  await forgetEndedShares(db, { nowMs, endedBeforeMs: nowMs - limits.ocmEndedShareMs });
  await forgetSurplusPeers(db);
}
