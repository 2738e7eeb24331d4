import type { NotificationRow } from "../store/notifications.ts";
import type { Db } from "../store/store.ts";
import { readFollowingAccount } from "./account.ts";
import type { ReceivingParts } from "./parts.ts";

/** What an account lacks for a share and its administrator can give it, for a person; null where nothing is lacking. */
export async function lackFor(
  db: Db,
  row: NotificationRow,
  { protocols, sealer }: Pick<ReceivingParts, "protocols" | "sealer">,
): Promise<string | null> {
  const account = await readFollowingAccount(db, row.account_id, sealer);
  const protocol = protocols.find(({ name }) => name === row.protocol);
  if (account === undefined || protocol === undefined) return null;
  const restriction = protocol.restriction(
    { origin: row.origin, variant: row.variant, targets: [] },
    account.who,
  );
  return restriction?.isCurable === true ? restriction.detail : null;
}
