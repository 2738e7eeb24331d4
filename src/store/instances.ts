import type { Db } from "./store.ts";

/** An account's own host. */
export interface InstanceRow {
  readonly accountId: string;
  readonly accountName: string;
  readonly locale: string;
  readonly host: string;
  readonly url: string;
}

/** The account that has this host (`host[:port]`, any case); undefined where none has. */
export async function readInstance(db: Db, host: string): Promise<InstanceRow | undefined> {
  const row = await db
    .selectFrom("account")
    .select(["id", "name", "locale"])
    .where("instance_host", "=", host.toLowerCase())
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const shown = host.toLowerCase();
  return {
    accountId: row.id,
    accountName: row.name,
    locale: row.locale,
    host: shown,
    url: `https://${shown}`,
  };
}

/** The own host of an account, `https://host[:port]`; null where it has none. */
export async function instanceUrlOf(db: Db, accountId: string): Promise<string | null> {
  const row = await db
    .selectFrom("account")
    .select("instance_host")
    .where("id", "=", accountId)
    .executeTakeFirst();
  return typeof row?.instance_host === "string" ? `https://${row.instance_host}` : null;
}
