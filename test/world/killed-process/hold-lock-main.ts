import { once } from "node:events";
import { openStore } from "../../../src/store/store.ts";

// Holds the write lock of a store until it is told to let go: hold-lock-main.ts FILE
const [file = ""] = process.argv.slice(2);
await using store = await openStore(file);
await store.transaction(async () => {
  console.log("locked");
  await once(process.stdin, "data");
});
process.stdin.destroy();
