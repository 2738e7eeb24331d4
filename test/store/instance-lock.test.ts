import { stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isServing, lockInstance } from "../../src/store/instance-lock.ts";
import { openStore } from "../../src/store/store.ts";
import { startChild } from "../world/killed-process/child.ts";
import { temporaryDirectory } from "./temporary.ts";

test("a second daemon is turned away until the first one is dead, also by SIGKILL", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "usher.sqlite");
  expect(await isServing(file)).toBe(false);
  await using first = startChild("hold-instance-main.ts", file);
  expect(await first.line()).toBe("claimed");
  expect(await isServing(file)).toBe(true);
  expect(await lockInstance(file)).toBeNull();
  await using second = startChild("hold-instance-main.ts", file);
  expect(await second.line()).toBe("taken");
  await first.kill("SIGKILL");
  expect(await isServing(file)).toBe(false);
  await using third = await lockInstance(file);
  expect(third).not.toBeNull();
});

test("asking whether a daemon runs never keeps one from starting", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "usher.sqlite");
  {
    await using lock = await lockInstance(file);
    expect(lock).not.toBeNull();
  }
  const enough = new AbortController();
  const asking = (async () => {
    while (!enough.signal.aborted) await isServing(file);
  })();
  for (let round = 0; round < 20; round += 1) {
    await using lock = await lockInstance(file);
    expect(lock).not.toBeNull();
  }
  enough.abort();
  await asking;
});

test("a claim that failed in the same process does not free the claim that stands", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "usher.sqlite");
  await using held = await lockInstance(file);
  expect(held).not.toBeNull();
  expect(await lockInstance(file)).toBeNull();
  expect(await isServing(file)).toBe(true);
  await using other = startChild("hold-instance-main.ts", file);
  expect(await other.line()).toBe("taken");
});

test("the claim does not hinder commands from using the store", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "usher.sqlite");
  await using lock = await lockInstance(file);
  expect(lock).not.toBeNull();
  await using store = await openStore(file);
  expect(await store.db.selectFrom("account").selectAll().execute()).toEqual([]);
  expect((await stat(`${file}.lock`)).mode & 0o777).toBe(0o600);
});

test("a missing directory is named", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "none", "usher.sqlite");
  await expect(lockInstance(file)).rejects.toMatchObject({ code: "ENOENT" });
  expect(await isServing(file)).toBe(false);
});
