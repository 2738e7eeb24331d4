import { describe, expect, test } from "vitest";
import { type BoundedThread, createBoundedThread } from "../../src/mail/bounded-thread.ts";

interface Echo {
  readonly echo: unknown;
}

function startThread(timeMs = 30_000, module = "breaking-thread-main.ts"): BoundedThread<string, Echo> {
  return createBoundedThread<string, Echo>({
    module: new URL(`../world/${module}`, import.meta.url),
    bounds: { timeMs, heapMb: 64 },
    name: "thread",
    isAnswer: (value): value is Echo => typeof value === "object" && value !== null && "echo" in value,
    fault: (message, options) => new Error(message, options),
  });
}

describe("a bounded thread", () => {
  test("answers in the order asked", async () => {
    await using thread = startThread();
    const answers = await Promise.all(["a", "b", "c"].map(async (text) => thread.ask(text)));
    expect(answers).toEqual([{ echo: "a" }, { echo: "b" }, { echo: "c" }]);
  });

  test.each<[string, string]>([
    ["fill memory", "thread ended by the mail (ERR_WORKER_OUT_OF_MEMORY)"],
    ["break", "thread ended by the mail (no code)"],
  ])("that is asked to %s says so, and the requests around it are answered", async (request, stopped) => {
    await using thread = startThread();
    const answers = await Promise.all(["a", request, "b"].map(async (text) => thread.ask(text)));
    expect(answers).toEqual([{ echo: "a" }, { stopped }, { echo: "b" }]);
  });

  test("that gives no answer is ended after its time", async () => {
    await using thread = startThread(200);
    expect(await thread.ask("be silent")).toEqual({ stopped: "thread stopped after 0.2 s" });
  });

  test("that cannot start is a fault of this machine", async () => {
    await using thread = startThread(30_000, "no-such-thread.ts");
    await expect(thread.ask("a")).rejects.toThrow(/does not start; look at memory/);
  });
});
