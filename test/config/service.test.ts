import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";

const run = promisify(execFile);
const project = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const unitFile = join(project, "config/usher.service");
const analyze = await run("systemd-analyze", ["--version"]).then(
  () => true,
  () => false,
);
if (!analyze) console.log("skipped: judging the unit, because systemd-analyze is missing");

/** All values of one setting of the unit. */
async function setting(name: string): Promise<string[]> {
  const unit = await readFile(unitFile, "utf8");
  return unit
    .split("\n")
    .flatMap((line) => (line.startsWith(`${name}=`) ? [line.slice(name.length + 1)] : []));
}

describe.skipIf(!analyze)("systemd-analyze", () => {
  test("judges the unit to expose less than 1.5", async () => {
    const judge = ["security", "--offline=true", "--threshold=15", "--no-pager", unitFile];
    const { stdout } = await run("systemd-analyze", judge);
    expect(stdout).toMatch(/Overall exposure level for usher\.service: [01]\.\d/);
  });

  test("finds no unknown setting, wrong value or missing program in the unit", async () => {
    const directory = await mkdtemp(join(tmpdir(), "usher-unit-"));
    try {
      const copy = join(directory, "usher.service");
      await writeFile(copy, (await readFile(unitFile, "utf8")).replaceAll("/opt/usher", project));
      const { stderr } = await run("systemd-analyze", ["verify", "--man=no", copy]);
      expect(stderr).not.toContain("usher.service:");
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

test("the program starts with the options that the unit gives to Node", async () => {
  const [command = ""] = await setting("ExecStart");
  const [node = "", ...options] = command.replaceAll("/opt/usher", project).split(" ");
  expect(options.at(-1)).toBe("serve");
  const { stdout } = await run(node, [...options.slice(0, -1), "--help"]);
  expect(stdout).toContain("serve");
});

test("the heap ends below MemoryHigh, and the orderly stop before systemd loses patience", async () => {
  const [command = ""] = await setting("ExecStart");
  const heapMb = Number(/--max-old-space-size=(\d+)/.exec(command)?.[1]);
  const [high = "", most = ""] = [...(await setting("MemoryHigh")), ...(await setting("MemoryMax"))];
  expect(heapMb + limits.parseHeapMb).toBeLessThan(Number.parseInt(high, 10));
  expect(Number.parseInt(high, 10)).toBeLessThan(Number.parseInt(most, 10));
  const [stop = ""] = await setting("TimeoutStopSec");
  expect(limits.stopForcedMs).toBeLessThan(Number.parseInt(stop, 10) * 1000);
});

test("a wrong configuration is not restarted for ever", async () => {
  expect(await setting("RestartPreventExitStatus")).toEqual(["2 78"]);
});
