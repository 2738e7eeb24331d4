import { type ExpressionBuilder, type Selectable, sql } from "kysely";
import { z } from "zod";
import { limits } from "../domain/limits.ts";
import type { JobTable, Schema } from "../store/schema.ts";
import type { Db } from "../store/store.ts";
import type { JobKind, LeasedJob, NewJob } from "./queue.ts";
import { isJobKind, retryRules } from "./retry-rules.ts";

/*
 * The life of a row of `job`:
 *
 *   enqueue -> ready --lease--> leased --done--> (deleted, or ready again where it was asked for meanwhile)
 *                ^                |--retry--> ready, at a later time
 *                |                |--park---> parked --runAgain or enqueue--> ready
 *                +----------------+ the lease ends: its process died. Taken over, or parked when its tries are used up
 *
 * Each lease raises `fence`; who holds an older one changes nothing any more.
 */

const payloadSchema = z.record(z.string(), z.union([z.string(), z.number(), z.null()]));

/** What a process may lease now. */
export interface LeaseRequest {
  readonly owner: string;
  readonly nowMs: number;
  readonly kinds: readonly JobKind[];
  readonly lane: string | undefined;
  readonly subject: string | undefined;
  /** Jobs that run in this process: a jump of the clock must not make it take over from itself. */
  readonly running: ReadonlySet<number>;
  /** Whether a job may be leased over which processes died, see limits.jobSuspectDeaths. */
  readonly takesSuspects: boolean;
}

/** Inserts a job, or joins it with the open one of the same key. */
export async function insertJob(db: Db, job: NewJob, nowMs: number): Promise<void> {
  const runAt = job.runAt ?? nowMs;
  await db
    .insertInto("job")
    .values({
      kind: job.kind,
      subject: job.subject,
      payload_json: JSON.stringify(job.payload ?? {}),
      unique_key: job.uniqueKey ?? null,
      lane: job.lane,
      state: "ready",
      run_at: runAt,
      again_at: null,
      attempts: 0,
      deaths: 0,
      lease_owner: null,
      lease_until: null,
      fence: 0,
      last_error: null,
      created_at: nowMs,
    })
    .onConflict((conflict) => {
      const joined = conflict.column("unique_key").doUpdateSet({
        payload_json: (eb) => eb.ref("excluded.payload_json"),
        run_at: sql<number>`case job.state when 'ready' then min(job.run_at, excluded.run_at)
          when 'parked' then excluded.run_at else job.run_at end`,
        again_at: sql<number | null>`case job.state when 'leased'
          then min(coalesce(job.again_at, excluded.run_at), excluded.run_at) end`,
        attempts: sql<number>`case job.state when 'parked' then 0 else job.attempts end`,
        deaths: sql<number>`case job.state when 'parked' then 0 else job.deaths end`,
        last_error: sql<string | null>`case job.state when 'parked' then null else job.last_error end`,
        state: sql<JobTable["state"]>`case job.state when 'parked' then 'ready' else job.state end`,
      });
      return job.leavesParked === true ? joined.where("job.state", "!=", "parked") : joined;
    })
    .execute();
}

/** The first job that may be leased: one whose process died, else the longest due in a lane with room. */
export async function firstDue(db: Db, request: LeaseRequest): Promise<Selectable<JobTable> | undefined> {
  const { nowMs, kinds, lane, subject, running, takesSuspects } = request;
  let open = db
    .selectFrom("job")
    .selectAll()
    .where("kind", "in", kinds)
    .orderBy("run_at")
    .orderBy("id")
    .limit(1);
  if (lane !== undefined) open = open.where("lane", "=", lane);
  if (subject !== undefined) open = open.where("subject", "=", subject);
  const orphan = await open
    .where("state", "=", "leased")
    .where("lease_until", "<=", nowMs)
    .where("id", "not in", [...running])
    .where("deaths", "<", takesSuspects ? Number.MAX_SAFE_INTEGER : limits.jobSuspectDeaths - 1)
    .executeTakeFirst();
  if (orphan !== undefined) return orphan;
  return open
    .where("state", "=", "ready")
    .where("run_at", "<=", nowMs)
    .where("lane", "not in", fullLanes)
    .where("deaths", "<", takesSuspects ? Number.MAX_SAFE_INTEGER : limits.jobSuspectDeaths)
    .executeTakeFirst();
}

function fullLanes(eb: ExpressionBuilder<Schema, "job">) {
  return eb
    .selectFrom("job as held")
    .select("held.lane")
    .where("held.state", "=", "leased")
    .groupBy("held.lane")
    .having(eb.fn.countAll<number>(), ">=", limits.jobsPerLane);
}

export interface Lease {
  readonly job: LeasedJob;
  /** Processes died over it, see limits.jobSuspectDeaths. */
  readonly isSuspect: boolean;
}

/** Leases this job; counts the attempt, and the death of the process that held it before. */
export async function leaseJob(db: Db, row: Selectable<JobTable>, request: LeaseRequest): Promise<Lease> {
  const deaths = row.state === "leased" ? row.deaths + 1 : row.deaths;
  const lease = { attempts: row.attempts + 1, fence: row.fence + 1, deaths };
  await db
    .updateTable("job")
    .set({
      ...lease,
      state: "leased",
      lease_owner: request.owner,
      lease_until: request.nowMs + limits.jobLeaseMs,
    })
    .where("id", "=", row.id)
    .execute();
  return { job: leasedJob({ ...row, ...lease }), isSuspect: deaths >= limits.jobSuspectDeaths };
}

function leasedJob(row: Selectable<JobTable>): LeasedJob {
  if (!isJobKind(row.kind)) throw new Error(`Job ${row.id} is of the unknown kind ${row.kind}.`);
  return {
    id: row.id,
    kind: row.kind,
    subject: row.subject,
    payload: payloadSchema.parse(JSON.parse(row.payload_json)),
    attempt: row.attempts,
    fence: row.fence,
  };
}

/** Whether every try of this row was used up by processes that died over it. */
export function isExhausted(row: Pick<Selectable<JobTable>, "kind" | "attempts">): boolean {
  return isJobKind(row.kind) && row.attempts >= retryRules[row.kind].tries;
}

/** Parks an exhausted row; what it was asked for meanwhile is parked with it. */
export async function parkExhausted(db: Db, row: Selectable<JobTable>, because: string): Promise<LeasedJob> {
  await db
    .updateTable("job")
    .set({ state: "parked", lease_owner: null, lease_until: null, again_at: null, last_error: because })
    .where("id", "=", row.id)
    .execute();
  return leasedJob(row);
}

/** Makes the jobs of dead processes due at once, whose owner begins so; their attempts stay counted. */
export async function releaseDead(db: Db, ownerPrefix: string, nowMs: number): Promise<number> {
  const released = await db
    .updateTable("job")
    .set({ state: "ready", run_at: nowMs, lease_owner: null, lease_until: null, again_at: null })
    .set((eb) => ({ deaths: eb("deaths", "+", 1) }))
    .where("state", "=", "leased")
    .where((eb) =>
      eb(eb.fn<string>("substr", ["lease_owner", eb.val(1), eb.val(ownerPrefix.length)]), "=", ownerPrefix),
    )
    .executeTakeFirst();
  return Number(released.numUpdatedRows);
}

/** When the next job becomes due that is not due yet; null when none waits. */
export async function nextDueAt(db: Db, kinds: readonly JobKind[], nowMs: number): Promise<number | null> {
  const next = await db
    .selectFrom("job")
    .select("run_at")
    .where("state", "=", "ready")
    .where("run_at", ">", nowMs)
    .where("kind", "in", kinds)
    .orderBy("run_at")
    .limit(1)
    .executeTakeFirst();
  return next?.run_at ?? null;
}

/** Holds the lease longer; false when it was lost. */
export async function renewLease(db: Db, job: LeasedJob, leaseUntil: number): Promise<boolean> {
  const renewed = await held(db, job).set({ lease_until: leaseUntil }).executeTakeFirst();
  return renewed.numUpdatedRows > 0n;
}

/** How a lease ends. */
export type Closing =
  | { readonly kind: "done" }
  | {
      readonly kind: "retry";
      readonly runAt: number;
      readonly because: string;
      readonly isUncounted: boolean;
    }
  | { readonly kind: "park"; readonly because: string };

/** Ends the lease; false, and nothing changed, when it was lost. */
export async function closeJob(db: Db, job: LeasedJob, closing: Closing): Promise<boolean> {
  if (closing.kind === "done") return finishJob(db, job);
  const released = {
    deaths: 0,
    lease_owner: null,
    lease_until: null,
    again_at: null,
    last_error: closing.because,
  };
  if (closing.kind === "retry") {
    const { runAt, isUncounted } = closing;
    const retried = await held(db, job)
      .set({
        ...released,
        state: "ready",
        run_at: sql<number>`min(${runAt}, coalesce(again_at, ${runAt}))`,
        attempts: isUncounted ? job.attempt - 1 : job.attempt,
      })
      .executeTakeFirst();
    return retried.numUpdatedRows > 0n;
  }
  const parked = await held(db, job)
    .set({
      ...released,
      state: sql<JobTable["state"]>`case when again_at is null then 'parked' else 'ready' end`,
      run_at: sql<number>`coalesce(again_at, run_at)`,
      attempts: sql<number>`case when again_at is null then attempts else 0 end`,
    })
    .executeTakeFirst();
  return parked.numUpdatedRows > 0n;
}

async function finishJob(db: Db, job: LeasedJob): Promise<boolean> {
  const again = await held(db, job)
    .set({
      state: "ready",
      run_at: sql<number>`again_at`,
      again_at: null,
      attempts: 0,
      deaths: 0,
      lease_owner: null,
      lease_until: null,
      last_error: null,
    })
    .where("again_at", "is not", null)
    .executeTakeFirst();
  if (again.numUpdatedRows > 0n) return true;
  const done = await db
    .deleteFrom("job")
    .where("id", "=", job.id)
    .where("fence", "=", job.fence)
    .where("state", "=", "leased")
    .executeTakeFirst();
  return done.numDeletedRows > 0n;
}

function held(db: Db, job: LeasedJob) {
  return db
    .updateTable("job")
    .where("id", "=", job.id)
    .where("fence", "=", job.fence)
    .where("state", "=", "leased");
}
