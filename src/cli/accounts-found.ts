import { accountByName, type AccountRow } from "../store/accounts.ts";
import { listMailboxes, type NamedMailbox } from "../store/mailboxes.ts";
import type { Db } from "../store/store.ts";
import { CommandError } from "./command.ts";

/** The account of that name. Throws CommandError where there is none. */
export async function accountNamed(db: Db, name: string): Promise<AccountRow> {
  const account = await accountByName(db, name);
  if (account === undefined) {
    throw new CommandError(`there is no account ${name}; usher account list shows them`);
  }
  return account;
}

/** The mailbox of the account of that name. Throws CommandError where there is none. */
export async function mailboxOf(db: Db, name: string): Promise<NamedMailbox> {
  const account = await accountNamed(db, name);
  const [mailbox] = await listMailboxes(db, account.id);
  if (mailbox === undefined) {
    throw new CommandError(`account ${name} has no mailbox yet; add one with usher mailbox add ${name}`);
  }
  return mailbox;
}
