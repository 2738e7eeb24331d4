import { sql, type Selectable } from "kysely";
import type { OcmPeerTable } from "./ocm-tables.ts";
import type { Db } from "./store.ts";

type OcmPeerRow = Selectable<OcmPeerTable>;

/** Requests in the name of a known peer that did not verify. */
export interface PeerRefusal {
  readonly host: string;
  readonly sinceMs: number;
  readonly lastMs: number;
  /** Kebab-case. */
  readonly because: string;
  readonly detail: string;
}

/** Nothing is kept of hosts that are no known peers: anybody can name any. */
export async function recordRefusal(
  db: Db,
  { host, because, detail }: Pick<PeerRefusal, "host" | "because" | "detail">,
  nowMs: number,
): Promise<void> {
  await db
    .updateTable("ocm_peer")
    .set({
      refused_since: sql`coalesce(refused_since, ${nowMs})`,
      refused_at: nowMs,
      refusal: because,
      refusal_detail: detail,
    })
    .where("host", "=", host)
    .execute();
}

/** The peer verifies. */
export async function clearRefusal(db: Db, host: string): Promise<void> {
  await db
    .updateTable("ocm_peer")
    .set({ refused_since: null, refused_at: null, refusal: null, refusal_detail: null })
    .where("host", "=", host)
    .where("refused_since", "is not", null)
    .execute();
}

/** Peers that did not verify when they last asked for something. */
export async function listRefusals(db: Db): Promise<readonly PeerRefusal[]> {
  const rows = await db
    .selectFrom("ocm_peer")
    .selectAll()
    .where("refused_since", "is not", null)
    .orderBy("refused_at", "desc")
    .execute();
  return rows.flatMap((row) => refusalIn(row) ?? []);
}

/** What is known of a peer by its discovery, and the refusal where there is one; undefined for a host that is no known peer. */
export async function peerStanding(db: Db, host: string) {
  const row = await db.selectFrom("ocm_peer").selectAll().where("host", "=", host).executeTakeFirst();
  if (row === undefined) return undefined;
  const { discovered_at: discoveredAt, failed_at: failedAt, failure } = row;
  return { discoveredAt, failedAt, failure, refusal: refusalIn(row) };
}

function refusalIn(row: OcmPeerRow): PeerRefusal | null {
  const { host, refused_since: sinceMs, refused_at: lastMs, refusal, refusal_detail: detail } = row;
  if (sinceMs === null || lastMs === null || refusal === null) return null;
  return { host, sinceMs, lastMs, because: refusal, detail: detail ?? "" };
}

/** Lets a peer's discovery be looked at again, unless that was done after `olderThanMs`; whether it will be. */
export async function outdateDiscovery(db: Db, host: string, olderThanMs: number): Promise<boolean> {
  const changed = await db
    .updateTable("ocm_peer")
    .set({ discovered_at: 0 })
    .where("host", "=", host)
    .where("discovered_at", "<", olderThanMs)
    .returning("host")
    .execute();
  return changed.length > 0;
}
