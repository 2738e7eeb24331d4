import { execFileSync } from "node:child_process";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openWorkplace, type Workplace } from "./workplace.ts";

let place: Workplace;
beforeEach(async () => {
  place = await openWorkplace();
});
afterEach(async () => place[Symbol.asyncDispose]());

const canary = "canary-Zx81";

/** A configuration whose only question is the password of a master user. */
function withPassword(reference: string): string {
  return `key: {file: usher.key}\nmailServers: {local: {host: localhost, masterUser: {login: m, password: ${reference}}}}\n`;
}

async function readPassword(reference: string, env: Record<string, string> = {}): Promise<string> {
  const loaded = await place.load(withPassword(reference), env);
  if (!loaded.ok) return loaded.problems.map(({ message, remedy }) => `${message} ${remedy}`).join("\n");
  expect(inspect(loaded, { depth: 9 }) + JSON.stringify(loaded)).not.toContain(canary);
  return `read ${loaded.config.mailServers["local"]?.masterUser?.password.reveal() ?? ""}`;
}

test("a secret is read from a file of its own, an environment variable or a systemd credential", async () => {
  await place.write("pw", `${canary}\n`);
  await mkdir(join(place.directory, "credentials"));
  await place.write("credentials/imap.pw", canary, 0o440);
  const env = { PW: canary, CREDENTIALS_DIRECTORY: join(place.directory, "credentials") };
  expect(await readPassword("{file: pw}")).toBe(`read ${canary}`);
  expect(await readPassword("{env: PW}", env)).toBe(`read ${canary}`);
  expect(await readPassword("{credential: imap.pw}", env)).toBe(`read ${canary}`);
});

test("a credential with a file beside it is read inside the unit, the file outside", async () => {
  await place.write("pw", "from the file");
  await mkdir(join(place.directory, "credentials"));
  await place.write("credentials/imap.pw", "from systemd", 0o440);
  const reference = "{credential: imap.pw, file: pw}";
  expect(await readPassword(reference)).toBe("read from the file");
  const env = { CREDENTIALS_DIRECTORY: join(place.directory, "credentials") };
  expect(await readPassword(reference, env)).toBe("read from systemd");
});

test("only the final line end is cut, not what belongs to the secret", async () => {
  await place.write("pw", " two words \r\n");
  expect(await readPassword("{file: pw}")).toBe("read  two words ");
});

test.each([[0o640], [0o604], [0o660], [0o644]])(
  "a secret file of mode %o is refused with the chmod to type",
  async (mode) => {
    const file = await place.write("pw", canary, mode);
    const answer = await readPassword("{file: pw}");
    expect(answer).toContain(`mode ${mode.toString(8)}`);
    expect(answer).toContain(`chmod 600 ${file}`);
  },
);

test("a key that others may read is refused as well", async () => {
  await chmod(join(place.directory, "usher.key"), 0o644);
  const [problem] = await place.problems("key: {file: usher.key}");
  expect(problem).toMatchObject({
    path: "key",
    value: null,
    line: 1,
    remedy: expect.stringContaining("chmod 600"),
  });
});

test("each wrong place of a secret has its own reason", async () => {
  await place.write("empty", "\n");
  await place.write("lines", `${canary}\nmore\n`);
  await place.write("big", "x".repeat(70_000));
  execFileSync("/usr/bin/mkfifo", ["-m", "600", join(place.directory, "pipe")]);
  const expected: readonly (readonly [string, RegExp])[] = [
    ["{file: nowhere}", /nowhere does not exist/],
    ["{file: empty}", /is empty/],
    ["{file: lines}", /more than one line/],
    ["{file: big}", /too large/],
    ["{file: .}", /not a regular file/],
    ["{file: pipe}", /not a regular file/],
    ["{file: 5}", /needs a name/],
    ["{env: UNSET_VARIABLE}", /UNSET_VARIABLE is not set/],
    ["{env: BLANK}", /BLANK is not set/],
    ["{env: a-b}", /not the name of an environment variable/],
    ["{credential: imap.pw}", /no systemd credentials here/],
    ["{credential: ../pw}", /not the name of a credential/],
    ["{file: a, env: B}", /not a reference/],
    ["{vault: a}", /not a reference/],
    ["[a]", /must not stand in the configuration/],
  ];
  for (const [reference, reason] of expected) {
    expect(await readPassword(reference, { BLANK: "" })).toMatch(reason);
  }
});

test("a secret written into the configuration is refused, told the way out and never repeated", async () => {
  for (const yaml of [
    withPassword(canary),
    withPassword(`"${canary}"`),
    withPassword(`{value: ${canary}}`),
    withPassword(`{env: ${canary}}`),
    `key: ${canary}\n`,
    `key: {file: usher.key}\npasword: ${canary}\n`,
    `key: {file: usher.key}\nmailServers: ${canary}\n`,
    `key: {file: usher.key}\nmailServers: {local: {host: "m:${canary}@localhost"}}\n`,
    `key: {file: usher.key}\nmailServers: {local: {host: "imap://m:${canary}@localhost"}}\n`,
    `key: {file: usher.key}\nlog: {level: ["${canary}"]}\n`,
  ]) {
    expect(JSON.stringify(await place.problems(yaml))).not.toContain(canary);
  }
  expect(await readPassword(canary)).toMatch(/\{file: NAME\}.*mode 600.*\{credential: NAME\}.*\{env: NAME\}/);
});

test("a key that is no key is refused without repeating it", async () => {
  for (const text of [
    "short",
    Buffer.alloc(31).toString("base64"),
    Buffer.alloc(33).toString("base64"),
    "é".repeat(32),
  ]) {
    await place.write("usher.key", text);
    const [problem] = await place.problems("key: {file: usher.key}");
    expect(problem).toMatchObject({
      path: "key",
      value: null,
      remedy: expect.stringContaining("openssl rand"),
    });
    expect(JSON.stringify(problem)).not.toContain(text);
  }
});
