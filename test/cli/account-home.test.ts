import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Nextcloud, startNextcloud } from "../world/nextcloud/nextcloud.ts";
import { openStage, type Stage } from "../world/ocm/stage.ts";
import { usher } from "../world/site.ts";

const name = "home.example";
const users = [{ uid: "dora" }];

let directory: string;
let stage: Stage;
let cloud: Nextcloud;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "usher-home-"));
  stage = await openStage([name]);
  cloud = await stage.start(startNextcloud, name, { generation: 32, users });
  await writeFile(join(directory, "key"), randomBytes(32).toString("base64"), { mode: 0o600 });
  await writeFile(join(directory, "ca.pem"), stage.ca);
  const exception = `{host: ${name}, port: ${cloud.port}, cidr: 127.0.0.0/8, address: 127.0.0.1, ca: ca.pem}`;
  await writeFile(
    config(),
    `store: {file: usher.db}\nkey: {file: key}\noutbound: {exceptions: [${exception}]}\n`,
  );
  await usher(config(), ["account", "add", "dora", "--address", "dora@example.org"]);
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

function config(): string {
  return join(directory, "usher.yaml");
}

async function home(...args: readonly string[]) {
  return usher(config(), ["account", "home", ...args]);
}

async function addHome(kind: string, url: string, password: string) {
  const file = join(directory, "password");
  await writeFile(file, password, { mode: 0o600 });
  return home("add", "dora", `--${kind}`, url, "--login", "dora", "--password-file", file);
}

test("a home server is tried, and what it shows is said", async () => {
  expect(await addHome("nextcloud", `${cloud.origin}/`, cloud.appPassword("dora"))).toMatchObject({
    code: 0,
  });
  const tried = await home("test", "dora", "--json");
  expect(tried.code).toBe(0);
  expect(JSON.parse(tried.out)).toEqual([
    { kind: "nextcloud", url: cloud.origin, isWell: true, detail: "0 shares wait there" },
  ]);
});

test("a password that is not taken fails the command, and says the way out", async () => {
  await addHome("nextcloud", cloud.origin, "wrong");
  const tried = await home("test", "dora");
  expect(tried.code).toBe(1);
  expect(tried.out).toContain("make a new app password there");
  expect(tried.out + tried.err).not.toContain("wrong");
});

test("a server of another kind than was said is found out", async () => {
  await addHome("opencloud", cloud.origin, cloud.appPassword("dora"));
  const tried = await home("test", "dora", "--kind", "opencloud");
  expect(tried.code).toBe(1);
  expect(tried.out).toContain("did not answer as its kind does");
  expect((await home("remove", "dora", "--kind", "opencloud")).code).toBe(0);
  expect((await home("test", "dora", "--kind", "opencloud")).err).toContain("has no opencloud home server");
});

test("one server of a kind is named at a time", async () => {
  const both = await home(
    "add",
    "dora",
    "--ox",
    "https://a.example",
    "--nextcloud",
    "https://b.example",
    "--login",
    "d",
  );
  expect(both).toMatchObject({ code: 2, err: expect.stringContaining("name one server") });
  const http = await addHome("nextcloud", "http://cloud.example.org", "p");
  expect(http).toMatchObject({
    code: 2,
    err: expect.stringContaining("write it like https://cloud.example.org"),
  });
});
