import { appendFileSync } from "node:fs";
import { lockInstance } from "../../../src/store/instance-lock.ts";
import { openStore } from "../../../src/store/store.ts";
import type { JobOutcome, LeasedJob } from "../../../src/jobs/queue.ts";
import { createSqlQueue } from "../../../src/jobs/sql-queue.ts";

/*
 * A daemon in small: plans one job after the other, says so when it is committed, and does the work; an effect is a
 * line in a file, written before the job can be closed. work-until-killed-main.ts STORE EFFECTS ROUND POISON
 */
const [file = "", effects = "", round = "", poison = ""] = process.argv.slice(2);
await using lock = await lockInstance(file);
if (lock === null) throw new Error("Another process serves this store.");
await using store = await openStore(file);
const queue = createSqlQueue({ store, owner: `serve:${process.pid}` });
await queue.releaseOwn("serve:");
console.log("ready");

const stop = new AbortController();
process.stdin.once("data", () => {
  stop.abort();
  process.stdin.destroy();
});
const planning = plan();
await queue.work({ follow: work, "read-message": work }, stop.signal);
await planning;

async function plan(): Promise<void> {
  if (round === "") return;
  for (let number = 0; !stop.signal.aborted; number += 1) {
    const subject = `${round}.${number}`;
    await store.transaction(async (db) =>
      queue.enqueue(db, { kind: "follow", subject, lane: subject, uniqueKey: subject }),
    );
    console.log(subject);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function work({ subject, attempt }: LeasedJob): Promise<JobOutcome> {
  appendFileSync(effects, `${subject} ${attempt}\n`);
  if (subject === poison) process.kill(process.pid, "SIGKILL");
  return {
    kind: "done",
    commit: async (db) => {
      const row = { at: Date.now(), account_id: null, notification_id: subject, subscription_id: null };
      const record = { ...row, sharing_id: null, recipient_id: null, kind: "done", detail_json: "{}" };
      await db.insertInto("record").values(record).execute();
    },
  };
}
