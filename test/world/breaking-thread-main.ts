/** A thread that does what it is asked: answers, is silent, breaks, or fills its memory. */

import { parentPort } from "node:worker_threads";

const kept: unknown[] = [];

parentPort?.on("message", (request: unknown) => {
  if (request === "fill memory") for (;;) kept.push(Array.from({ length: 10_000 }, () => ({})));
  if (request === "break") throw new Error("broken by request");
  if (request !== "be silent") parentPort?.postMessage({ echo: request }, []);
});
parentPort?.postMessage("ready", []);
