import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { problemLines } from "../../src/config/problem.ts";
import { openWorkplace, type Workplace } from "./workplace.ts";

let place: Workplace;
beforeEach(async () => {
  place = await openWorkplace();
});
afterEach(async () => place[Symbol.asyncDispose]());

const key = "key: {file: usher.key}\n";

describe("a right configuration", () => {
  test("the key alone is enough; everything else has a default", async () => {
    const loaded = await place.load(key);
    expect(loaded).toMatchObject({
      ok: true,
      warnings: [],
      config: {
        file: place.file,
        store: { file: "/var/lib/usher/usher.db" },
        mailServers: {},
        mailbox: { pollEveryMs: 300_000, lookBackMs: 30 * 86_400_000 },
        addresses: { localPart: "as-given", subaddress: null },
        policy: [],
        subscriptions: { checkEveryMs: 6 * 3_600_000, pauseAfterErrorMs: 3_600_000 },
        outbound: { exceptions: [] },
        smtp: null,
        templates: { directory: null },
        log: { level: "info", format: "json" },
      },
    });
  });

  test("all keys are read, in normal form, with secrets that do not print", async () => {
    await place.write("master.pw", "s3cret-master\r\n");
    const yaml = `${key}
store: {file: data/usher.db}
mailServers:
  local:
    host: "[::1]"
    tls: starttls
    masterUser: {login: usher, password: {file: master.pw}, method: authzid}
mailbox: {pollEvery: 30s, lookBack: 0d}
trustedAuthservIds: [MX.example.org]
addresses: {localPart: ignore-case, subaddress: "+"}
policy:
  - when: {protocol: ox, originHost: "Cloud.Example.ORG:8443", senderDomain: BÜCHER.example, account: alice}
    then: accept
  - then: ignore
outbound:
  exceptions: [{host: Origin.Test, port: 8080, cidr: 127.0.0.0/8, scheme: http, address: 127.0.0.1}]
smtp: {host: localhost, tls: none, login: usher, password: {env: SMTP_PW}, from: {address: usher@example.org}}
templates: {directory: .}
log: {level: debug, format: text}
`;
    const loaded = await place.load(yaml, { SMTP_PW: "s3cret-smtp" });
    if (!loaded.ok) throw new Error(problemLines(loaded.problems).join("\n"));
    const { config } = loaded;
    expect(config.store.file).toBe(join(place.directory, "data/usher.db"));
    expect(config.mailServers["local"]).toMatchObject({
      host: "::1",
      port: 143,
      masterUser: { separator: "*" },
    });
    expect(config.mailServers["local"]?.masterUser?.password.reveal()).toBe("s3cret-master");
    expect(config.smtp).toMatchObject({ port: 25, from: { name: "Usher", address: "usher@example.org" } });
    expect(config.smtp?.password?.reveal()).toBe("s3cret-smtp");
    expect(config.trustedAuthservIds).toEqual(["mx.example.org"]);
    expect(config.policy[0]).toMatchObject({
      protocol: "ox",
      originHost: "cloud.example.org:8443",
      senderDomain: "xn--bcher-kva.example",
      account: "alice",
    });
    expect(config.policy[1]).toMatchObject({ protocol: null, senderDomain: null });
    expect(config.policy.map((rule) => rule.then)).toEqual(["accept", "ignore"]);
    expect(config.outbound.exceptions[0]).toMatchObject({
      host: "origin.test",
      address: "127.0.0.1",
      ca: null,
    });
    expect(JSON.stringify(config)).not.toMatch(/s3cret/);
  });

  test("a key without a value counts as not written", async () => {
    expect(await place.load(`${key}smtp:\nlog:\n  level:\nmailServers:\n`)).toMatchObject({
      ok: true,
      config: { smtp: null, log: { level: "info" }, mailServers: {} },
    });
  });

  test("durations are read with their unit", async () => {
    for (const [text, ms] of [
      ["30s", 30_000],
      ["5m", 300_000],
      ["1h", 3_600_000],
      ["20d", 1_728_000_000],
    ] as const) {
      expect(await place.load(`${key}mailbox: {pollEvery: ${text}}`)).toMatchObject({
        config: { mailbox: { pollEveryMs: ms } },
      });
    }
  });
});

describe("a wrong configuration", () => {
  test("all problems are listed at once, in the order of the file, with value, line and way out", async () => {
    const problems = await place.problems(`key: {file: nowhere.key}
mailServers:
  local:
    host: https://mail.example.org
    prot: 993
    masterUser: {login: m, password: hunter3, method: magic}
mailbox:
  pollEvery: 5 weeks
  lookBack: 9999d
smtp: {host: mail.example.org, port: "25", login: x, from: {address: usher}}
policy:
  - when: {protocol: oxx, senderDomain: "a b"}
    then: accpt
  - 3
outbound:
  userAgent: ""
  exceptions: [{host: 127.0.0.1, port: 0, cidr: 10.0.0.0/33}, {host: 127.0.0.1, port: 1, cidr: 10.0.0.0/8}]
trustedAuthservIds: mx.example.org
log: {level: loud}
`);
    expect(problems.map(({ path, line }) => [line, path])).toEqual([
      [1, "key"],
      [4, "mailServers.local.host"],
      [5, "mailServers.local.prot"],
      [6, "mailServers.local.masterUser.password"],
      [6, "mailServers.local.masterUser.method"],
      [8, "mailbox.pollEvery"],
      [9, "mailbox.lookBack"],
      [10, "smtp.password"],
      [10, "smtp.port"],
      [10, "smtp.from.address"],
      [12, "policy[0].when.protocol"],
      [12, "policy[0].when.senderDomain"],
      [13, "policy[0].then"],
      [14, "policy[1]"],
      [16, "outbound.userAgent"],
      [17, "outbound.exceptions[0].port"],
      [17, "outbound.exceptions[0].cidr"],
      [17, "outbound.exceptions[1].host"],
      [18, "trustedAuthservIds"],
      [19, "log.level"],
    ]);
    const lines = problemLines(problems).join("\n");
    expect(lines).toContain('line 8: mailbox.pollEvery = "5 weeks": not a duration.');
    expect(lines).toContain("Write a whole number and a unit: 30s, 5m, 1h or 30d.");
    expect(lines).not.toContain("hunter3");
    expect(problems.every(({ remedy }) => /^[A-Z].*[.?]$|: \S/.test(remedy))).toBe(true);
  });

  test("an unknown key is a problem, with the key that was probably meant", async () => {
    const problems = await place.problems(`${key}
mailbx: {}
mailbox: {poll_every: 5m, zzz: 1}
exceptions: []
__proto__: {file: x}
mailServers: {local: {host: localhost, prot: 1}}
`);
    expect(problems.map(({ path, remedy }) => [path, remedy])).toEqual([
      ["mailbx", "Did you mean mailbox?"],
      ["mailbox.poll_every", "Did you mean mailbox.pollEvery?"],
      ["mailbox.zzz", "Remove it. Known here: pollEvery, lookBack, answerFolder, keywords."],
      ["exceptions", "Did you mean outbound.exceptions?"],
      ["__proto__", expect.stringMatching(/^Remove it/)],
      ["mailServers.local.prot", "Did you mean mailServers.local.port?"],
    ]);
  });

  test("a required key that is missing is named with its place", async () => {
    const problems = await place.problems("mailServers:\n  local:\n    port: 993\n");
    expect(problems.map(({ path, message, line }) => [path, message, line])).toEqual([
      ["key", "missing.", null],
      ["mailServers.local.host", "missing.", 3],
    ]);
  });

  test.each([
    ["a key written twice", "log: {}\nlog: {}\n", /the key log is written twice/, [3, 1]],
    ["a tab", "log:\n\tlevel: info\n", /tab/, [3, 1]],
    ["an open quote", 'log: {level: "hunter5\n', /quote/, [3, 1]],
    ["a second document", "---\nlog: {}\n", /second document/, [2, 1]],
    ["an unknown tag", "log: !!js/function hunter5\n", /unknown tag/, [2, 6]],
    ["no mapping at all", "", /not a mapping/, [null, null]],
  ])("%s is named with line and column, without quoting the file", async (_, text, message, position) => {
    const problems = await place.problems(text === "" ? "- hunter5\n" : key + text);
    const [first] = problems;
    expect(first?.message).toMatch(message);
    expect([first?.line, first?.column]).toEqual(position);
    expect(JSON.stringify(problems)).not.toContain("hunter5");
  });

  test("aliases that multiply without end are refused in time", async () => {
    const bomb = ["a: &a [x,x,x,x,x,x,x,x,x,x]"];
    for (const [name, before] of ["ba", "cb", "dc", "ed", "fe", "gf", "hg", "ih"]) {
      bomb.push(`${name}: &${name} [${Array.from({ length: 10 }, () => `*${before}`).join(",")}]`);
    }
    const [first] = await place.problems(key + bomb.join("\n"));
    expect(first?.message).toMatch(/aliases/);
  });

  test("a missing file names the way to a new one", async () => {
    const loaded = await loadConfig(join(place.directory, "other.yaml"), {});
    expect(loaded).toMatchObject({
      ok: false,
      problems: [{ message: expect.stringMatching(/does not exist/) }],
    });
    expect(JSON.stringify(loaded)).toContain("usher init");
  });
});

describe("warnings", () => {
  test("a rule that accepts unauthenticated mail works, with a warning at its line", async () => {
    const loaded = await place.load(`${key}trustedAuthservIds: [mx.example.org]
policy:
  - {then: ignore}
  - when: {originHost: cloud.example.org}
    then: accept
  - {when: {senderDomain: example.org}, then: accept}
`);
    expect(loaded).toMatchObject({
      ok: true,
      warnings: [{ path: "policy[1]", line: 5, remedy: expect.stringContaining("senderDomain") }],
    });
  });

  test("a rule that can never match and mail in clear text are warned about", async () => {
    const loaded = await place.load(`${key}
dkim: {verify: false}
policy: [{when: {contact: known}, then: hold}]
mailServers: {far: {host: mail.example.org, tls: none}, near: {host: 127.0.0.1, tls: none}}
`);
    expect(loaded.ok && loaded.warnings.map(({ path }) => path)).toEqual([
      "policy[0]",
      "mailServers.far.tls",
    ]);
  });
});

test("a directory of templates and a certificate must be what they are called", async () => {
  await place.write("ca.pem", "hello");
  await chmod(join(place.directory, "ca.pem"), 0o644);
  const problems = await place.problems(
    `${key}templates: {directory: ca.pem}\nmailServers: {local: {host: localhost, ca: ca.pem}}\n`,
  );
  expect(problems.map(({ path, message }) => [path, message])).toEqual([
    ["templates.directory", expect.stringContaining("is not a directory")],
    ["mailServers.local.ca", expect.stringContaining("holds no certificate")],
  ]);
});
