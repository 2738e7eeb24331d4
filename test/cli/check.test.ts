import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SMTPServer } from "smtp-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Dovecot, startDovecot } from "../world/dovecot.ts";
import { freePorts } from "../world/ports.ts";
import { usher, usherJson } from "../world/site.ts";
import { type Certificates, makeCertificates } from "../world/tls.ts";
import { startTrap } from "../world/trap.ts";

let directory: string;
let file: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "usher-check-"));
  file = join(directory, "usher.yaml");
  await writeFile(join(directory, "usher.key"), randomBytes(32).toString("base64"), { mode: 0o600 });
  await writeFile(join(directory, "master.pw"), "master-secret\n", { mode: 0o600 });
  await writeFile(join(directory, "wrong.pw"), "wrong-secret\n", { mode: 0o600 });
});
afterAll(async () => rm(directory, { recursive: true }));

async function configure(yaml: string): Promise<void> {
  await writeFile(file, `key: {file: usher.key}\n${yaml}`);
}

interface Checked {
  readonly ok: boolean;
  readonly connections: readonly { readonly path: string; readonly ok: boolean; readonly detail: string }[];
}

describe("without --connect", () => {
  test("a wrong configuration ends with 78 and lists every problem with line, value and remedy", async () => {
    await configure('log: {level: loud}\nmailbx: {}\nsmtp: {password: hunter2, host: "a b"}\n');
    const check = await usher(file, ["check"]);
    expect(check).toMatchObject({ code: 78, out: "" });
    expect(check.err).toContain('line 2: log.level = "loud": not one of the known words.');
    expect(check.err).toContain("Write one of: debug, info, warn, error.");
    expect(check.err).toContain("Did you mean mailbox?");
    expect(check.err).toContain("is not usable: 6 problems");
    expect(check.err).not.toContain("hunter2");
  });

  test("JSON has the same problems for programs", async () => {
    await configure("log: {level: loud}\n");
    const check = await usher(file, ["check", "--json"]);
    expect(check.code).toBe(78);
    expect(JSON.parse(check.out)).toEqual({
      ok: false,
      file,
      warnings: [],
      problems: [
        {
          path: "log.level",
          value: '"loud"',
          message: "not one of the known words.",
          remedy: "Write one of: debug, info, warn, error.",
          line: 2,
          column: 14,
        },
      ],
    });
  });

  test("warnings are shown and do not fail", async () => {
    await configure("policy: [{then: accept}]\n");
    const check = await usher(file, ["check"]);
    expect(check).toMatchObject({ code: 0, err: "" });
    expect(check.out).toContain("with 1 warning:");
    expect(check.out).toContain("Add when.senderDomain");
  });

  test("a configuration that is not there is wrong, and init is the way out", async () => {
    const check = await usher(join(directory, "nowhere.yaml"), ["check"]);
    expect(check.code).toBe(78);
    expect(check.err).toContain("usher init");
  });

  test("own templates are compiled and filled, and a wrong one is named with its file", async () => {
    const own = join(directory, "templates", "invitation");
    await mkdir(own, { recursive: true });
    const body =
      "<mjml><mj-body><mj-section><mj-column><mj-text>{{ unheard_of }}</mj-text></mj-column></mj-section></mj-body></mjml>";
    await writeFile(join(own, "de.mjml"), `---\nsubject: Hallo\nfrom: Usher\n---\n${body}\n`);
    await writeFile(join(own, "de.txt"), "Hallo\n");
    await configure("templates: {directory: templates}\n");
    const check = await usher(file, ["check"]);
    expect(check.code).toBe(78);
    expect(check.err).toMatch(/templates\.directory: .*invitation\/de\.mjml/);
    await writeFile(
      join(own, "de.mjml"),
      `---\nsubject: Hallo\nfrom: Usher\n---\n${body.replace("{{ unheard_of }}", "Hallo")}\n`,
    );
    expect(await usher(file, ["check"])).toMatchObject({ code: 0, err: "" });
  });

  test("nothing is connected to", async () => {
    await using trap = await startTrap("127.0.0.1");
    await configure(`mailServers: {local: {host: 127.0.0.1, port: ${trap.port}, tls: none}}
smtp: {host: 127.0.0.1, port: ${trap.port}, tls: none, from: {address: usher@example.org}}
`);
    expect((await usher(file, ["check"])).code).toBe(0);
    expect(trap.connections).toBe(0);
    expect((await usher(file, ["check", "--as", "alice"])).code).toBe(2);
  });
});

describe("with --connect", () => {
  let dovecot: Dovecot;
  let certificates: Certificates;
  beforeAll(async () => {
    certificates = await makeCertificates(join(directory, "tls"));
    const tls = await certificates.certificate(["localhost", "127.0.0.1"]);
    dovecot = await startDovecot({ tls, masterUser: { login: "usher", password: "master-secret" } });
  });
  afterAll(async () => dovecot[Symbol.asyncDispose]());

  test("each mail server is named with what became of it, and master users log in both ways", async () => {
    const [closed = 0] = await freePorts(1);
    const { imap, imaps } = dovecot.ports;
    const server = `host: 127.0.0.1, ca: ${certificates.caFile}`;
    const master = "login: usher, password: {file: master.pw}";
    await configure(`mailServers:
  plain: {${server}, port: ${imaps}}
  starttls: {${server}, port: ${imap}, tls: starttls, masterUser: {${master}}}
  authzid: {${server}, port: ${imaps}, masterUser: {${master}, method: authzid}}
  distrusted: {host: 127.0.0.1, port: ${imaps}}
  refused: {${server}, port: ${imaps}, masterUser: {login: usher, password: {file: wrong.pw}}}
  closed: {host: 127.0.0.1, port: ${closed}}
`);
    const check = await usher(file, ["check", "--connect", "--as", "alice", "--json"]);
    expect(check.code).toBe(1);
    expect(check.err).toContain("3 connections failed");
    const { connections }: Checked = JSON.parse(check.out);
    expect(Object.fromEntries(connections.map(({ path, ok, detail }) => [path, [ok, detail]]))).toEqual({
      "mailServers.plain": [true, "answers"],
      "mailServers.starttls": [true, expect.stringMatching(/^usher logs in as alice over TLSv1/)],
      "mailServers.authzid": [true, expect.stringMatching(/^usher logs in as alice over TLSv1/)],
      "mailServers.distrusted": [false, expect.stringContaining("UNABLE_TO_VERIFY_LEAF_SIGNATURE")],
      "mailServers.refused": [false, expect.stringContaining("AUTHENTICATIONFAILED")],
      "mailServers.closed": [false, expect.stringContaining("ECONNREFUSED")],
    });
    expect(check.out + check.err).not.toMatch(/master-secret|wrong-secret/);
  });

  test("without a user to log in as, the master user is not tried and that is said", async () => {
    await configure(`mailServers:
  local: {host: 127.0.0.1, port: ${dovecot.ports.imaps}, ca: ${certificates.caFile}, masterUser: {login: usher, password: {file: wrong.pw}}}
`);
    const checked: Checked = await usherJson(file, ["check", "--connect"]);
    expect(checked).toMatchObject({ ok: true, connections: [{ detail: expect.stringContaining("--as") }] });
  });

  test("the SMTP server is asked for its login", async () => {
    const server = new SMTPServer({
      disabledCommands: ["STARTTLS"],
      allowInsecureAuth: true,
      onAuth: (auth, _session, done) =>
        auth.password === "master-secret"
          ? done(null, { user: "usher" })
          : done(new Error(`no: ${auth.password}`)),
    });
    server.listen(0, "127.0.0.1");
    await once(server.server, "listening");
    const { port } = server.server.address() as AddressInfo;
    const smtp = `smtp: {host: 127.0.0.1, port: ${port}, tls: none, login: usher, from: {address: usher@example.org}`;
    try {
      await configure(`${smtp}, password: {file: master.pw}}\n`);
      const good = await usher(file, ["check", "--connect"]);
      expect(good).toMatchObject({ code: 0, err: "" });
      expect(good.out).toMatch(/^smtp +127\.0\.0\.1:\d+ +ok +usher logs in$/m);
      await configure(`${smtp}, password: {file: wrong.pw}}\n`);
      const bad = await usher(file, ["check", "--connect"]);
      expect(bad.code).toBe(1);
      expect(bad.out).toMatch(/^smtp .* FAILED /m);
      expect(bad.out + bad.err).not.toContain("wrong-secret");
    } finally {
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  });
});
