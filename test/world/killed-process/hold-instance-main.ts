import { setTimeout as wait } from "node:timers/promises";
import { lockInstance } from "../../../src/store/instance-lock.ts";

// Claims a store and keeps it until killed: hold-instance-main.ts FILE
const [file = ""] = process.argv.slice(2);
await using lock = await lockInstance(file);
console.log(lock === null ? "taken" : "claimed");
if (lock !== null) await wait(60_000);
