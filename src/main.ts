import { enableCompileCache } from "node:module";
import { env } from "node:process";
import { fileURLToPath } from "node:url";

// Compiled code is kept, so that commands and the daemon start in a fraction of the time and memory: in the service's
// own cache directory, else among the packages. Where neither can be written, everything works without.
enableCompileCache(
  env["CACHE_DIRECTORY"] ?? fileURLToPath(new URL("../node_modules/.cache/usher", import.meta.url)),
);

const [{ runCli }, { processIo }] = await Promise.all([import("./cli/cli.ts"), import("./cli/io.ts")]);
process.exitCode = await runCli(process.argv.slice(2), processIo());
