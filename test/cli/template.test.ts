import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { simpleParser } from "mailparser";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { locales } from "../../src/domain/locale.ts";
import { shippedFolder } from "../../src/mail/templates/folders.ts";
import { templateNames } from "../../src/mail/templates/names.ts";
import { findProgram } from "../world/packages.ts";
import { type ScriptedSmtp, startScriptedSmtp } from "../world/scripted-smtp.ts";
import { makeKey } from "../world/signed-mail.ts";
import { usher } from "../world/site.ts";
import { type Ran, run } from "./in-process.ts";
import { startPreview } from "./preview-process.ts";

let directory: string;
let config: string;
let own: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "usher-template-"));
  config = join(directory, "usher.yaml");
  own = join(directory, "own");
  await mkdir(own);
  await writeFile(join(directory, "key"), randomBytes(32).toString("base64"), { mode: 0o600 });
  await configure("");
});

afterEach(async () => rm(directory, { recursive: true, force: true }));

async function configure(yaml: string): Promise<void> {
  const base = `store: {file: ${join(directory, "usher.db")}}\nkey: {file: key}\n`;
  await writeFile(config, `${base}templates: {directory: ${own}}\n${yaml}`);
}

async function template(...args: readonly string[]): Promise<Ran> {
  return run(config, ["template", ...args]);
}

async function change(path: string, from: string, to: string): Promise<void> {
  const text = await readFile(join(own, path), "utf8");
  await writeFile(join(own, path), text.replace(from, to));
}

/** Every template in every language, and the brand. */
const everyOne = templateNames.length * locales.length + 1;

describe("check", () => {
  test("finds Usher's own templates good, each in every language", async () => {
    const checked = await template("check");
    expect(checked).toMatchObject({ code: 0, err: "" });
    expect(checked.out.match(/ good$/gm)).toHaveLength(everyOne);
  });

  test("names file, line, column and remedy, as JSON as well, and usher check and doctor say the same", async () => {
    await template("eject", "invitation", "--locale", "fr");
    await change("invitation/fr.mjml", "share.title", "share.titel");
    const file = join(own, "invitation/fr.mjml");
    const checked = await template("check", "--json");
    expect(checked.code).toBe(1);
    expect(checked.err).toContain(`1 of ${everyOne} cannot be used`);
    const results: { locale: string; template: string; problems: object[] }[] = JSON.parse(checked.out);
    const wrong = results.filter(({ problems }) => problems.length > 0);
    expect(wrong).toMatchObject([
      {
        template: "invitation",
        locale: "fr",
        folder: "site",
        problems: [{ file, line: 2, column: expect.any(Number), remedy: "Did you mean share.title?" }],
      },
    ]);
    const whole = await run(config, ["check"]);
    expect(whole).toMatchObject({ code: 78, err: expect.stringContaining(`${file}:2:`) });
    const doctor = await run(config, ["doctor"]);
    expect(doctor).toMatchObject({ code: 0, out: expect.stringContaining(`${file}:2:`) });
  });
});

describe("a brand with mistakes", () => {
  test("is told of once, with line and column, and is no mistake of the templates", async () => {
    await writeFile(join(own, "brand.yaml"), 'colors: {page: blue, accent: "#fff"}\n');
    const checked = await template("check");
    expect(checked).toMatchObject({ code: 1, err: expect.stringContaining(`1 of ${everyOne} cannot`) });
    expect(checked.out).toContain(`${join(own, "brand.yaml")}:1:16: colors.page: not a colour.`);
    expect(checked.out).toMatch(/^brand +- +- +cannot be used$/m);
    expect(checked.out.match(/ good$/gm)).toHaveLength(everyOne - 1);
  });
});

describe("list and eject", () => {
  test("show what is in force and what it hides", async () => {
    await writeFile(join(own, "brand.yaml"), "name: Harbour\n");
    const listed = await template("list", "--json");
    const rows: { path: string; folder: string; file: string; hides: string[] }[] = JSON.parse(listed.out);
    expect(rows.find(({ path }) => path === "brand.yaml")).toEqual({
      path: "brand.yaml",
      folder: "site",
      file: join(own, "brand.yaml"),
      hides: [join(shippedFolder.path, "brand.yaml")],
    });
    for (const path of ["invitation/de.mjml", "notice-undelivered/es.txt", "shared/head.mjml"]) {
      expect(rows.find((row) => row.path === path)).toMatchObject({ folder: "shipped", hides: [] });
    }
    expect((await template("list")).out).toContain("brand.yaml");
  });

  test("copy a template with its partials, keep changed partials, and overwrite only when told to", async () => {
    expect(await template("eject", "invitation", "--locale", "de-CH")).toMatchObject({ code: 0, err: "" });
    expect((await readdir(join(own, "invitation"))).toSorted()).toEqual(["de.mjml", "de.txt"]);
    await change("shared/footer.mjml", "<mj-section>", "<mj-section><!-- changed -->");
    const second = await template("eject", "invitation", "--locale", "en");
    expect(second.out).toContain(`Kept ${join(own, "shared/footer.mjml")}`);
    expect(await readFile(join(own, "shared/footer.mjml"), "utf8")).toContain("changed");
    await writeFile(join(own, "invitation/de.txt"), "mine");
    expect(await template("eject", "invitation")).toMatchObject({
      code: 1,
      err: expect.stringContaining("nothing was copied"),
    });
    expect(await readFile(join(own, "invitation/de.txt"), "utf8")).toBe("mine");
    expect(await readdir(join(own, "invitation"))).not.toContain("es.mjml");
    expect((await template("eject", "invitation", "--force")).code).toBe(0);
    expect(await readFile(join(own, "invitation/de.txt"), "utf8")).not.toBe("mine");
    expect((await template("eject", "brand", "--to", join(directory, "other"))).out).toContain("brand.yaml");
    expect((await template("check")).code).toBe(0);
  });

  test("a template that there is not is refused with those that there are", async () => {
    const err = expect.stringContaining("the templates are invitation, discovery");
    expect(await template("eject", "invitaton")).toMatchObject({ code: 1, err });
    expect(await template("preview", "../../etc")).toMatchObject({ code: 1, err });
  });
});

describe("preview", () => {
  test("writes HTML, text and mail, and says that there is no Chromium", async () => {
    const to = join(directory, "preview");
    const shown = await template("preview", "invitation", "--locale", "de-AT", "--to", to);
    expect(shown.out).toContain("Subject: Alice teilt „Plans & pictures <2026>“ mit Ihnen");
    expect(shown.out).toContain("no chromium on PATH");
    expect((await readdir(to)).toSorted()).toEqual([
      "invitation.de.eml",
      "invitation.de.html",
      "invitation.de.txt",
    ]);
    const mail = await simpleParser(await readFile(join(to, "invitation.de.eml")));
    expect(mail.subject).toBe("Alice teilt „Plans & pictures <2026>“ mit Ihnen");
    expect(await readFile(join(to, "invitation.de.html"), "utf8")).toContain(
      "Plans &amp; pictures &lt;2026&gt;",
    );
  });

  test("of a broken file says what is wrong, and nothing stands in for it", async () => {
    await template("eject", "revoked", "--locale", "en");
    await change("revoked/en.mjml", "</mj-text>", "");
    expect(await template("preview", "revoked")).toMatchObject({
      code: 1,
      err: expect.stringMatching(/revoked\/en\.mjml:\d+:\d+: mj-text is not closed/),
    });
  });

  test("takes pictures at the width of a phone and of a desktop, light and dark", async () => {
    await findProgram("chromium", ["chromium"]);
    const to = join(directory, "preview");
    const shown = await usher(config, ["template", "preview", "notice-summary", "--to", to]);
    expect(shown).toMatchObject({ code: 0, err: "" });
    const pictures = await Promise.all(
      ["phone-light", "phone-dark", "desktop-light", "desktop-dark"].map(async (name) =>
        readFile(join(to, `notice-summary.en.${name}.png`)),
      ),
    );
    // Width and height stand at the same place in every PNG.
    expect(pictures.map((png) => png.readUInt32BE(16))).toEqual([320, 320, 800, 800]);
    for (const png of pictures) expect(png.readUInt32BE(20)).toBeGreaterThan(500);
    expect(new Set(pictures.map((png) => png.toString("base64"))).size).toBe(4);
  });

  test("is served at loopback, tells of changes and mistakes, and ends when told to", async () => {
    await template("eject", "revoked", "--locale", "en");
    await using preview = await startPreview(config, ["revoked"]);
    const changes = await preview.changes();
    // A file that is being written may be shown as well, for a moment.
    const shows = async (path: string, words: string): Promise<void> => {
      while (!(await preview.read(path)).includes(words)) await changes.next();
    };
    expect(await preview.read("mail")).toContain("no longer shares");
    await change("revoked/en.mjml", "no longer shares", "has taken back");
    await shows("mail", "has taken back");
    await change("revoked/en.mjml", "</mj-text>", "");
    await shows("", "mj-text is not closed");
    expect(await preview.status("", { method: "POST" })).toBe(405);
    expect(await preview.status("", { host: "usher.example.org" })).toBe(421);
    expect(await preview.status("etc/passwd", {})).toBe(404);
    expect(await preview.end("SIGINT")).toBe(0);
  });
});

describe("send", () => {
  let server: ScriptedSmtp;
  beforeEach(async () => {
    server = await startScriptedSmtp();
  });
  afterEach(async () => server[Symbol.asyncDispose]());

  async function configureSmtp(more = ""): Promise<void> {
    const from = "{name: Example Cloud, address: share@example.org}";
    await configure(`smtp: {host: 127.0.0.1, port: ${server.port}, tls: none, from: ${from}${more}}\n`);
  }

  test("sends the example to that address and prints what the server said", async () => {
    await configureSmtp();
    const sent = await template("send", "reminder", "--to", "admin@example.org", "--locale", "es");
    expect(sent).toMatchObject({ code: 0, out: expect.stringMatching(/^accepted: 250 /) });
    expect(server.mails).toMatchObject([{ to: ["admin@example.org"], from: "share@example.org" }]);
    const mail = await simpleParser(server.mails[0]?.raw ?? "");
    expect(mail).toMatchObject({ to: { text: expect.stringContaining("admin@example.org") } });
    expect(mail.html).toContain('lang="es"');
    server.setScript((phase) => (phase === "rcpt" ? "550 5.1.1 no such user" : null));
    const refused = await template("send", "reminder", "--to", "nobody@example.org", "--json");
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.out)).toMatchObject({ receipt: { kind: "permanent", code: 550 } });
    expect((await template("send", "reminder", "--to", "nonsense")).code).toBe(2);
  });

  test("sends every template as the daemon would, signed with the key of the site", async () => {
    await writeFile(join(directory, "dkim.pem"), makeKey().privateKey, { mode: 0o600 });
    await configureSmtp(", dkim: {domain: example.org, selector: s1, key: {file: dkim.pem}}");
    for (const name of templateNames) {
      expect((await template("send", name, "--to", `${name}@example.org`)).code).toBe(0);
    }
    expect(server.mails.map(({ to }) => to)).toEqual(templateNames.map((name) => [`${name}@example.org`]));
    for (const { raw } of server.mails) {
      expect(raw).toMatch(/^DKIM-Signature: v=1;[^:]*? d=example\.org;\r\n s=s1;/);
      expect((await simpleParser(raw)).subject).not.toBe("");
    }
  });

  test("says what is missing where no server is configured", async () => {
    expect(await template("send", "invitation", "--to", "admin@example.org")).toMatchObject({
      code: 1,
      err: expect.stringContaining("no SMTP server is configured"),
    });
  });
});
