import type { ReceivedShareRow } from "../../../src/store/ocm-received-shares.ts";
import type { Usher } from "../usher.ts";

/** What stands in the store of the shares that came, oldest first. */
export async function receivedShares(usher: Usher): Promise<readonly ReceivedShareRow[]> {
  const query = usher.site.store.db.selectFrom("ocm_received_share").selectAll();
  return query.orderBy("created_at").orderBy("id").execute();
}

/** The last share that came from a host; throws where none did. */
export async function receivedFrom(usher: Usher, host: string): Promise<ReceivedShareRow> {
  const share = (await receivedShares(usher)).findLast((each) => each.host === host);
  if (share === undefined) throw new Error(`No share came from ${host}.`);
  return share;
}

/** A notification as commands show it. */
export interface Shown {
  readonly id: string;
  readonly state: string;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly title: string | null;
  readonly origin: string;
  readonly sharer_name: string;
  readonly sharer_address: string;
}

export async function notificationOf(
  usher: Usher,
  { notification_id: id }: Pick<ReceivedShareRow, "notification_id">,
): Promise<Shown> {
  return usher.json<Shown>("notification", "show", id ?? "");
}
