import type { Selectable } from "kysely";
import { limits } from "../domain/limits.ts";
import type { OcmPeerTable } from "./ocm-tables.ts";
import type { Db } from "./store.ts";

export type OcmPeerRow = Selectable<OcmPeerTable>;

export async function readOcmPeer(db: Db, host: string): Promise<OcmPeerRow | undefined> {
  return db.selectFrom("ocm_peer").selectAll().where("host", "=", host).executeTakeFirst();
}

/** Keeps what a server says of itself, as JSON. */
export async function keepDiscovery(db: Db, host: string, json: string, nowMs: number): Promise<void> {
  const told = {
    discovery_json: json,
    discovered_at: nowMs,
    failed_at: null,
    failure: null,
    is_failure_final: 0,
  };
  await db
    .insertInto("ocm_peer")
    .values({ host, ...told })
    .onConflict((conflict) => conflict.column("host").doUpdateSet(told))
    .execute();
}

/** Keeps that a server could not be asked, beside what it said before. */
export async function keepFailure(
  db: Db,
  { host, failure, isFinal }: { readonly host: string; readonly failure: string; readonly isFinal: boolean },
  nowMs: number,
): Promise<void> {
  const failed = { failed_at: nowMs, failure, is_failure_final: Number(isFinal) };
  await db
    .insertInto("ocm_peer")
    .values({ host, ...failed })
    .onConflict((conflict) => conflict.column("host").doUpdateSet(failed))
    .execute();
}

/** Forgets those beyond limits.ocmPeers: first who never answered, then who was asked longest ago; how many. */
export async function forgetSurplusPeers(db: Db): Promise<number> {
  const { all } = await db
    .selectFrom("ocm_peer")
    .select(({ fn }) => fn.countAll<number>().as("all"))
    .executeTakeFirstOrThrow();
  if (all <= limits.ocmPeers) return 0;
  const surplus = db
    .selectFrom("ocm_peer")
    .select("host")
    .orderBy("discovered_at")
    .orderBy("failed_at")
    .limit(all - limits.ocmPeers);
  await db.deleteFrom("ocm_peer").where("host", "in", surplus).execute();
  return all - limits.ocmPeers;
}
