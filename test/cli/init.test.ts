import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { usher } from "../world/site.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "usher-init-"));
});
afterEach(async () => rm(directory, { recursive: true }));

async function modeOf(file: string): Promise<string> {
  return ((await stat(file)).mode & 0o777).toString(8);
}

test("a new configuration with its key passes the check as it is", async () => {
  const place = join(directory, "new", "usher");
  const init = await usher(null, ["init", "--directory", place]);
  expect(init).toMatchObject({ code: 0, err: "" });
  expect(init.out).toMatch(/usher --config \S+usher\.yaml check/);
  expect(await modeOf(join(place, "usher.yaml"))).toBe("640");
  expect(await modeOf(join(place, "usher.key"))).toBe("600");
  expect(await modeOf(join(place, "usher-ocm.pem"))).toBe("600");
  const check = await usher(join(place, "usher.yaml"), ["check"]);
  expect(check).toMatchObject({ code: 0, err: "", out: `${join(place, "usher.yaml")} is right.\n` });
});

test("the key is new every time, is 32 bytes long and is not shown", async () => {
  const keys: string[] = [];
  for (const name of ["a", "b"]) {
    const init = await usher(null, ["init", "--json", "-d", join(directory, name)]);
    const key = (await readFile(join(directory, name, "usher.key"), "utf8")).trim();
    expect(init.out + init.err).not.toContain(key);
    expect(JSON.parse(init.out)).toEqual({
      configFile: join(directory, name, "usher.yaml"),
      keyFile: join(directory, name, "usher.key"),
      isKeyNew: true,
      siteKeysFile: join(directory, name, "usher-ocm.pem"),
      areSiteKeysNew: true,
    });
    keys.push(key);
  }
  expect(new Set(keys).size).toBe(2);
  expect(keys.map((key) => Buffer.from(key, "base64").length)).toEqual([32, 32]);
});

test("what is there is never overwritten", async () => {
  await usher(null, ["init", "-d", directory]);
  const files = ["usher.yaml", "usher.key", "usher-ocm.pem"].map((name) => join(directory, name));
  const before = await Promise.all(files.map(async (file) => readFile(file, "utf8")));
  const again = await usher(null, ["init", "-d", directory]);
  expect(again).toMatchObject({ code: 1, out: "" });
  expect(again.err).toContain("stays as it is");
  expect(await Promise.all(files.map(async (file) => readFile(file, "utf8")))).toEqual(before);
});

test("a key that is there already is kept, for a database may be sealed with it", async () => {
  const key = join(directory, "usher.key");
  await writeFile(key, `${Buffer.alloc(32, 7).toString("base64")}\n`, { mode: 0o600 });
  const init = await usher(null, ["init", "-d", directory]);
  expect(init.code).toBe(0);
  expect(init.out).toContain(`Kept ${key}`);
  expect(await readFile(key, "utf8")).toContain("Bwc");
});

test("a place that cannot be written is named with the way out", async () => {
  await writeFile(join(directory, "file"), "");
  const init = await usher(null, ["init", "-d", join(directory, "file", "below")]);
  expect(init.code).toBe(1);
  expect(init.err).toMatch(/cannot be written \(ENOTDIR\).*--directory/);
});

test.skipIf(process.getuid?.() === 0)("a directory without the right to write is named as well", async () => {
  const place = join(directory, "closed");
  await mkdir(place);
  await chmod(place, 0o500);
  expect((await usher(null, ["init", "-d", place])).err).toContain("EACCES");
});
