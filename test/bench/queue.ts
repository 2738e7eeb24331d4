import type { JobOutcome } from "../../src/jobs/queue.ts";
import { createSqlQueue } from "../../src/jobs/sql-queue.ts";
import { temporaryStore } from "../store/temporary.ts";
import type { Own } from "../world/curtain.ts";
import { type Contest, rateOf } from "./measure.ts";

const jobs = 1000;
type OpenStore = Awaited<ReturnType<typeof temporaryStore>>;

/** Work that does nothing: what remains is the queue. */
export async function queueContests(own: Own): Promise<readonly Contest[]> {
  const store = await own(temporaryStore);
  return [
    {
      name: "Planning, leasing, doing and closing jobs",
      unit: "jobs/s",
      goal: 0.1,
      rounds: 5,
      ours: async () => runJobs(store),
      baseline: {
        name: "an insert and a delete, each in its transaction",
        rate: async () => writeRows(store),
      },
    },
  ];
}

async function runJobs(store: OpenStore): Promise<number> {
  const queue = createSqlQueue({ store, owner: "bench" });
  let done = 0;
  const work = async (): Promise<JobOutcome> => {
    done += 1;
    return { kind: "done" };
  };
  const rate = await rateOf(jobs, async () => {
    for (let number = 0; number < jobs; number += 1) {
      const [subject, lane] = [`subject-${number}`, `lane-${number}`];
      await store.transaction(async (db) =>
        queue.enqueue(db, { kind: "follow", subject, lane, uniqueKey: subject }),
      );
    }
    await queue.drain({ follow: work }, { kinds: ["follow"] }, AbortSignal.timeout(60_000));
  });
  if (done !== jobs) throw new Error(`${done} of ${jobs} jobs were done.`);
  return rate;
}

async function writeRows(store: OpenStore): Promise<number> {
  return rateOf(jobs, async () => {
    for (let number = 0; number < jobs; number += 1) {
      const row = { at: number, account_id: null, notification_id: null, subscription_id: null };
      const record = { ...row, sharing_id: null, recipient_id: null, kind: "bench", detail_json: "{}" };
      await store.transaction(async (db) => db.insertInto("record").values(record).execute());
    }
    for (let number = 0; number < jobs; number += 1) {
      await store.transaction(async (db) => db.deleteFrom("record").where("at", "=", number).execute());
    }
  });
}
