import { limits } from "../../domain/limits.ts";
import { overdueInvites } from "../../store/ocm-invites.ts";
import type { Db } from "../../store/store.ts";
import type { FederationGround } from "../parts.ts";
import { closeRecipient } from "./withdraw.ts";

/** Ends the wait for people whose invitations have expired, in the transaction of the sweep. */
export async function sweepInvites(
  db: Db,
  nowMs: number,
  parts: Pick<FederationGround, "withdrawMails">,
): Promise<void> {
  for (const invite of await overdueInvites(db, nowMs, limits.ocmSweptInvites)) {
    await closeRecipient(db, invite, { because: "expired", by: "schedule" }, parts);
  }
}
