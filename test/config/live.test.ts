import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createLiveConfig, type LiveConfig } from "../../src/config/live.ts";
import { openWorkplace, type Workplace } from "./workplace.ts";

let place: Workplace;
let live: LiveConfig;
const first = "key: {file: usher.key}\nlog: {level: info}\nstore: {file: a.db}\n";

beforeEach(async () => {
  place = await openWorkplace();
  const loaded = await place.load(first);
  if (!loaded.ok) throw new Error("The first configuration is wrong.");
  live = createLiveConfig(loaded.config, {});
});
afterEach(async () => place[Symbol.asyncDispose]());

async function rewrite(yaml: string): Promise<void> {
  await place.write("usher.yaml", yaml);
}

test("a reload takes effect as a whole and tells what changed, by the names of the file", async () => {
  const told: [string, readonly string[]][] = [];
  live.onReload((config, changed) => told.push([config.log.level, changed]));
  await place.write("pw", "one");
  await rewrite(`${first.replace("info", "debug")}mailbox: {pollEvery: 1m}
mailServers: {local: {host: localhost, masterUser: {login: m, password: {file: pw}}}}
policy: [{then: ignore}]
`);
  const reload = await live.reload();
  expect(reload.ok && reload.changed).toEqual(
    expect.arrayContaining([
      "log.level",
      "mailbox.pollEvery",
      "mailServers.local.masterUser.password",
      "policy",
    ]),
  );
  expect(live.current.mailbox.pollEveryMs).toBe(60_000);
  expect(told).toEqual([["debug", reload.ok && reload.changed]]);
});

test("a changed secret is a change, although nobody may see it", async () => {
  const yaml = `${first}mailServers: {local: {host: localhost, masterUser: {login: m, password: {file: pw}}}}\n`;
  await place.write("pw", "one");
  await rewrite(yaml);
  await live.reload();
  await place.write("pw", "two-Zx81");
  const reload = await live.reload();
  expect(reload).toMatchObject({ ok: true, changed: ["mailServers.local.masterUser.password"] });
  expect(live.current.mailServers["local"]?.masterUser?.password.reveal()).toBe("two-Zx81");
  expect(JSON.stringify(reload)).not.toContain("two-Zx81");
});

test("a wrong file keeps what was in force, says why, and can be corrected", async () => {
  let told = 0;
  live.onReload(() => {
    told += 1;
  });
  const before = live.current;
  await rewrite(`${first.replace("info", "loud")}mailbox: {pollEvery: 1m}\n`);
  expect(await live.reload()).toMatchObject({
    ok: false,
    problems: [{ path: "log.level", value: '"loud"', line: 2 }],
  });
  expect(live.current).toBe(before);
  expect(told).toBe(0);
  await rewrite(first.replace("info", "warn"));
  expect(await live.reload()).toMatchObject({ ok: true, changed: ["log.level"] });
  expect(told).toBe(1);
});

test("the store and the key cannot change while running, and then nothing else does", async () => {
  await place.write("other.key", randomBytes(32).toString("base64"));
  await rewrite("key: {file: other.key}\nlog: {level: debug}\nstore: {file: b.db}\n");
  const reload = await live.reload();
  expect(reload.ok ? [] : reload.problems.map(({ path, message }) => [path, message])).toEqual([
    ["key", "cannot change while Usher runs."],
    ["store.file", "cannot change while Usher runs."],
  ]);
  expect(live.current.log.level).toBe("info");
});

test("an unchanged file wakes nobody", async () => {
  let told = 0;
  live.onReload(() => {
    told += 1;
  });
  await rewrite(`# a comment\n${first}`);
  expect(await live.reload()).toMatchObject({ ok: true, changed: [] });
  expect(told).toBe(0);
});

test("a part that fails on the news does not keep it from the others", async () => {
  const told: string[] = [];
  live.onReload(() => {
    throw new Error("no");
  });
  const listening = live.onReload(() => told.push("second"));
  await rewrite(first.replace("info", "warn"));
  await expect(live.reload()).rejects.toThrow(AggregateError);
  expect(told).toEqual(["second"]);
  listening[Symbol.dispose]();
  await rewrite(first.replace("info", "error"));
  await expect(live.reload()).rejects.toThrow(AggregateError);
  expect({ told, level: live.current.log.level }).toEqual({ told: ["second"], level: "error" });
});

test("reloads that overlap end in the state of the file", async () => {
  await rewrite(first.replace("info", "warn"));
  const reloads = await Promise.all([live.reload(), live.reload(), live.reload()]);
  expect(reloads.map((reload) => reload.ok && reload.changed.length)).toEqual([1, 0, 0]);
  expect(live.current.log.level).toBe("warn");
});
