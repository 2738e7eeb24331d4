import { addressKey } from "../domain/address.ts";
import { putContact } from "../store/contacts.ts";
import type { NotificationRow } from "../store/notifications.ts";
import { readRecord } from "../store/records.ts";
import type { Db } from "../store/store.ts";

export type Trust =
  | { readonly kind: "trusted"; readonly address: string }
  | { readonly kind: "not-trusted"; readonly because: string };

/**
 * "Trust this sender from now on": makes the sharer a trusted contact of the account. Only where some mail of the
 * notification was authenticated for the very address that the notification shows.
 */
export async function trustSender(db: Db, row: NotificationRow): Promise<Trust> {
  const key = addressKey(row.sharer_address);
  if (key === null || !(await isVouchedFor(db, row.id, key))) {
    const because = `the sender ${row.sharer_address} was not authenticated, so nobody knows that he wrote the mail`;
    return { kind: "not-trusted", because };
  }
  const now = Date.now();
  await putContact(db, {
    account_id: row.account_id,
    address_key: key,
    address: row.sharer_address,
    name: row.sharer_name === "" ? null : row.sharer_name,
    trusted_at: now,
    created_at: now,
  });
  return { kind: "trusted", address: row.sharer_address };
}

async function isVouchedFor(db: Db, notificationId: string, key: string): Promise<boolean> {
  const record = await readRecord(db, notificationId);
  return record.some(({ kind, detail }) => {
    const { authenticatedSharer } = detail;
    return (
      kind === "mail" && typeof authenticatedSharer === "string" && addressKey(authenticatedSharer) === key
    );
  });
}
