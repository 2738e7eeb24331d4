import { existsSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { exitCodes } from "../../src/cli/exit-codes.ts";
import { createConfigFiles } from "../../src/config/files.ts";
import { configSchema } from "../../src/config/schema.ts";
import { schemaPaths } from "../../src/config/schema-paths.ts";
import { noWayOut } from "../../src/no-way-out.ts";
import { mailReaders } from "../../src/protocols/mail-readers.ts";
import type { Protocol } from "../../src/protocols/protocol.ts";
import { createProtocols } from "../../src/protocols/protocols.ts";
import { tokenScopes } from "../../src/store/api-tokens.ts";
import { limits } from "../../src/domain/limits.ts";
import { schedules } from "../../src/domain/retry.ts";
import { eventsInSources } from "./log-events.ts";
import { anchors, inlineCode, links, readProject, root, section, table } from "./markdown.ts";

const readme = await readProject("README.md");
const rooms = await readProject("src/README.md");

/** Folders of protocols that are named otherwise. */
const protocolFolders: Readonly<Record<string, string>> = {
  "ocm-invite": "ocm",
  "federated-share": "nextcloud",
};

/** Where a protocol's mails have links. */
async function linkSource(folder: string | undefined): Promise<string> {
  const path = `src/protocols/${folder}/link.ts`;
  return existsSync(new URL(path, root)) ? readProject(path) : "";
}

/** The names in backquotes that begin a row. */
/** False where no account can ever follow such a share: nothing that an administrator gives would change that. */
function mayBeFollowed(protocol: Protocol | undefined, variant: string): boolean {
  if (protocol === undefined) return false;
  const account = {
    accountId: "a-1",
    instanceUrl: null,
    addresses: ["bob@mail.example"],
    homes: [],
    locale: "en",
  };
  const targets = [{ module: "files", folder: "39", item: null }] as const;
  const share = { origin: "https://share.example.com", variant, targets };
  const restriction = protocol.restriction(share, { ...account, modules: ["files"] });
  return restriction === null || restriction.isCurable === true;
}

function named(rows: readonly (readonly string[])[]): readonly string[] {
  return rows.flatMap(([cell = ""]) => inlineCode(cell));
}

/** The members of a union of texts in the sources. */
async function union(file: string, type: string): Promise<readonly string[]> {
  const source = (await readProject(file)).replaceAll(/\/\*\*.*?\*\//gs, "");
  const [, members = ""] = new RegExp(`type ${type} =([^;]+);`).exec(source) ?? [];
  const values = [...members.matchAll(/"([^"]+)"/g)].map(([, value]) => value ?? "");
  expect(values.length, type).toBeGreaterThan(1);
  return values;
}

describe("what the README says of the program", () => {
  test("every log event is explained, at its level, and no other", async () => {
    const events = await eventsInSources();
    const rows = table(readme, "event");
    expect(named(rows).toSorted()).toEqual([...events.keys()].toSorted());
    for (const [event = "", level = ""] of rows) {
      const possible = events.get(inlineCode(event)[0] ?? "");
      for (const one of level.split(", ")) expect([...(possible ?? [])], event).toContain(one);
    }
  });

  test("the states of notifications, shares, mailboxes and invitations are all there", async () => {
    const notification = section(readme, "## How a mail becomes a subscription");
    const stored = await union("src/store/schema.ts", "NotificationState");
    expect(named(table(notification, "state")).toSorted()).toEqual(stored.toSorted());
    for (const state of await union("src/store/schema.ts", "MailboxState"))
      expect(inlineCode(notification)).toContain(state);
    const known = [
      ...(await union("src/domain/subscription.ts", "LinkState")),
      ...(await union("src/domain/subscription.ts", "SubscriptionState")),
    ];
    expect(named(table(readme, "link state")).toSorted()).toEqual(known.toSorted());
    const invitation = /interface InvitationTable .*?state: ([^;]+);/s.exec(
      await readProject("src/store/outgoing-tables.ts"),
    );
    const states = [...(invitation?.[1] ?? "").matchAll(/"([^"]+)"/g)].map(([, state]) => state);
    expect(named(table(readme, "invitation"))).toEqual(states);
  });

  test("the mails that are recognised are those of the readers, and say which can be followed", () => {
    const rows = table(readme, "mails of");
    const protocols = createProtocols({ http: noWayOut });
    expect(rows.flatMap(([, name = ""]) => inlineCode(name)).toSorted()).toEqual(
      mailReaders.map(({ name }) => name).toSorted(),
    );
    for (const [, name = "", variants = "", , then = ""] of rows) {
      const protocol = protocols.find((known) => known.name === inlineCode(name)[0]);
      const isFollowed = inlineCode(variants).some((variant) => mayBeFollowed(protocol, variant));
      expect(then.startsWith(isFollowed ? "followed" : "held only"), name).toBe(true);
    }
  });

  test("every variant of a mail is named", async () => {
    for (const [, name = "", variants = ""] of table(readme, "mails of")) {
      const folder = protocolFolders[inlineCode(name)[0] ?? ""] ?? inlineCode(name)[0];
      const source = (await readProject(`src/protocols/${folder}/detect.ts`)) + (await linkSource(folder));
      for (const variant of inlineCode(variants)) expect(source, name).toContain(`"${variant}"`);
    }
  });

  test("conditions, evidence, keywords and scopes are those of the program", async () => {
    const rules = section(readme, "## Rules");
    const [, listed = ""] = /Conditions are (.*?);/s.exec(rules) ?? [];
    const paths = schemaPaths(configSchema(createConfigFiles("/", {}))).map((path) => path.join("."));
    const conditions = paths.flatMap((path) => /^policy\.\[\]\.when\.(\w+)/.exec(path)?.[1] ?? []);
    expect(inlineCode(listed).toSorted()).toEqual([...new Set(conditions)].toSorted());
    expect(named(table(readme, "scope"))).toEqual([...tokenScopes]);
    const source = await readProject("src/receiving/mark-message.ts");
    const keywords = [...source.matchAll(/"(\$Usher\w+)"/g)].map(([, keyword]) => keyword ?? "");
    for (const keyword of keywords) expect(inlineCode(readme)).toContain(keyword);
  });

  test("the exit codes are those of the program", () => {
    const codes = table(readme, "exit code").map(([code]) => Number(code));
    expect(codes).toEqual(Object.values(exitCodes));
  });

  test("keys of the configuration and limits that it mentions exist", () => {
    const paths = schemaPaths(configSchema(createConfigFiles("/", {})));
    const known = new Set(paths.map((path) => path.join(".").replaceAll(".[]", "[]")));
    const top = new Set(paths.map(([first]) => first));
    const mentioned = inlineCode(readme).filter(
      (code) => top.has(code.split(".")[0] ?? "") && /^[\w.]+$/.test(code),
    );
    expect(mentioned.length).toBeGreaterThan(8);
    expect(mentioned.filter((key) => !known.has(key))).toEqual([]);
    const bounds = [...readme.matchAll(/`limits\.(\w+)`/g)].map(([, name]) => name ?? "");
    expect(bounds.filter((name) => !Object.hasOwn(limits, name))).toEqual([]);
  });

  test("the reasons it names can occur", async () => {
    const sources = [
      "src/protocols/ox/troubles.ts",
      "src/protocols/ox/restrictions.ts",
      "src/http/failure.ts",
    ];
    const texts = [
      ...sources,
      "src/http/address-rules.ts",
      "src/http/target.ts",
      "src/http/guarded-client.ts",
      "src/receiving/abilities.ts",
      "src/protocols/instance-host.ts",
    ];
    const all = (await Promise.all(texts.map(readProject))).join("\n");
    const reasons = named(table(readme, "reason"));
    expect(reasons.length).toBeGreaterThan(8);
    for (const reason of reasons) expect(all).toContain(reason);
  });
});

describe("times and amounts", () => {
  const waits = new Map(
    table(readme, "work").map(([work = "", wait = "", end = ""]) => [work, `${wait} | ${end}`]),
  );

  test.each([
    [
      "connecting to a mail server",
      [doubled(limits.imapBackoffFirstMs, limits.imapBackoffMaxMs), span(limits.imapStableMs)],
    ],
    [
      "a refused mailbox login",
      [
        doubled(limits.imapAuthBackoffFirstMs, limits.imapAuthBackoffMaxMs),
        `after ${limits.imapAuthFailures} refusals or ${span(limits.imapAuthFailureMs)}`,
      ],
    ],
    [
      "following or leaving a share",
      [
        doubled(schedules.http.stepsMs[0], schedules.http.capMs),
        `up to ${span(limits.retryAfterMaxMs)}`,
        `after ${limits.followTries} tries`,
      ],
    ],
    [
      "sending an invitation",
      [
        `${schedules.mail.stepsMs.map((ms) => ms / 60_000).join(", ")} min, then every ${span(schedules.mail.capMs)}`,
        `after ${span(limits.sendForMs)}`,
      ],
    ],
    [
      "an invitation whose end is unknown",
      [`${span(limits.sendUnknownWaitMs)} at least`, `after ${limits.sendUnknownRepeats} repeats`],
    ],
    [
      "reading a mail",
      [doubled(schedules.imap.stepsMs[0], schedules.imap.capMs), `after ${limits.readTries} tries whole`],
    ],
  ])("%s: as the limits say", (work, said) => {
    for (const part of said) expect(waits.get(work)).toContain(part);
  });

  test("bounds in the text are those in force", () => {
    const text = readme.replaceAll(/\s+/g, " ");
    for (const bound of [
      `the text parts, at most ${limits.mailPrefixBytes / 1024} KiB`,
      `at most ${limits.scanTextBytes / 1024} KiB of each text part`,
      `nothing larger than ${limits.scanTextMailBytes / 1024 / 1024} MiB`,
      `at most four keys within ${span(limits.dkimLookupMs)}`,
      `are at most ${limits.dkimMailBytes / 1024} KiB`,
      `at most ${limits.noticesPerDay} a day`,
      `once, within ${span(limits.answerSecretMs)}`,
      `again every ${span(limits.dkimWaitMs)}, for ${span(limits.dkimPatienceMs)}utes`,
      `at most ${limits.imapHeaderFieldsBytes / 1024} KiB of deciding header fields`,
      `renewed within ${span(limits.imapIdleMs)}utes`,
      `more than ${limits.receivedFields} Received fields`,
      `${span(limits.httpTotalMs)} and ${limits.httpBodyBytes / 1024 / 1024} MiB in all`,
    ])
      expect(text).toContain(bound);
  });
});

function doubled(firstMs: number, mostMs: number): string {
  return `${span(firstMs)}, doubled up to ${span(mostMs)}`;
}

/** `30 s`, `10 min`, `6 h`, `3 days`. */
function span(ms: number): string {
  if (ms % 86_400_000 === 0 && ms > 86_400_000) return `${ms / 86_400_000} days`;
  if (ms % 3_600_000 === 0) return `${ms / 3_600_000} h`;
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}

describe("packages", () => {
  test("every one has a row with its licence, and no other", async () => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
      await readProject("package.json"),
    );
    const rows = table(readme, "package");
    const wanted = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
    expect(named(rows).toSorted()).toEqual(wanted.toSorted());
    for (const [names = "", reason = "", licence = "", care = ""] of rows) {
      expect(reason.length * care.length, names).toBeGreaterThan(0);
      for (const name of inlineCode(names)) {
        const path = `node_modules/${name}/package.json`;
        // Of the optional ones only that of this architecture is installed.
        if (!existsSync(new URL(path, root)) && Object.hasOwn(optionalDependencies, name)) continue;
        expect(licence, name).toBe(JSON.parse(await readProject(path)).license);
      }
    }
  });
});

describe.each([
  ["README.md", ""],
  ["src/README.md", "src/"],
  ["config/README.md", "config/"],
  ["templates/README.md", "templates/"],
  ["src/protocols/ox/README.md", "src/protocols/ox/"],
  ["src/protocols/README.md", "src/protocols/"],
  ["src/http/server/README.md", "src/http/server/"],
  ["src/instances/README.md", "src/instances/"],
  ["src/instances/sharings-api/README.md", "src/instances/sharings-api/"],
])("%s", (file, folder) => {
  test("links to what is there", async () => {
    const text = await readProject(file);
    for (const target of links(text).filter((link) => !link.startsWith("https://"))) {
      const [path = "", anchor] = target.split("#");
      const place = path === "" ? file : folder + path;
      expect(existsSync(new URL(place, root)), `${file}: ${target}`).toBe(true);
      if (anchor !== undefined) expect(anchors(await readProject(place))).toContain(anchor);
    }
  });

  test("names files that are there", async () => {
    const codes = inlineCode(await readProject(file));
    const paths = codes.filter((code) => /^[\w.-]+(\/[\w.-]+)+\.(ts|mjs|md|yaml|conf)$/.test(code));
    // The protocol references are no part of the project.
    for (const path of paths.filter((each) => !each.startsWith("reference/"))) {
      const isThere = [path, folder + path, `src/${path}`].some((each) => existsSync(new URL(each, root)));
      expect(isThere, `${file}: ${path}`).toBe(true);
    }
  });
});

describe("the map of the sources", () => {
  test("has every room, and every file beside them", () => {
    const present = readdirSync(new URL("src/", root), { withFileTypes: true })
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .filter((name) => name !== "README.md");
    expect(named(table(rooms, "place")).toSorted()).toEqual(present.toSorted());
  });

  test("has every rule between them", async () => {
    const rules = [...(await readProject(".dependency-cruiser.mjs")).matchAll(/name: "([^"]+)"/g)];
    const names = rules.map(([, name]) => name ?? "");
    expect(named(table(rooms, "rule")).toSorted()).toEqual(names.toSorted());
  });
});
