import { setTimeout as wait } from "node:timers/promises";
import { openStore } from "../../../src/store/store.ts";

// Holds the write lock of a store for some milliseconds: hold-lock-main.ts FILE MS
const [file = "", ms = "0"] = process.argv.slice(2);
await using store = await openStore(file);
await store.transaction(async () => {
  console.log("locked");
  await wait(Number(ms));
});
