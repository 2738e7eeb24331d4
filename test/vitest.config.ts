import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/world/servers.ts"],
    // Two cores are shared with the servers that the tests start.
    maxWorkers: 2,
    // Real servers and processes on a machine that may be busy; a wait that fails says so itself before this ends.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
