import { expect, test } from "vitest";
import { Secret } from "../../src/config/secret.ts";
import { createLog } from "../../src/observe/log.ts";
import { processorMs } from "../world/processor-time.ts";

function collect(format: "json" | "text", level: "debug" | "info" = "info") {
  const lines: string[] = [];
  return { lines, log: createLog({ level, format, write: (line) => lines.push(line) }) };
}

const oxToken = "1a2b3c4d00112233445566778899aabbccddeeff00112233";
let planted = 0;
/** A secret of which no other part of the test knows. */
function canary(): string {
  planted += 1;
  return `canary${planted}Qx7`;
}

test("an event is one line of JSON with its time, level and fields", () => {
  const { lines, log } = collect("json");
  log.info("mailbox-connected", { mailbox: "m1", folders: ["INBOX"], tookMs: 12, isFirst: true });
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toEqual({
    level: "info",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    event: "mailbox-connected",
    mailbox: "m1",
    folders: ["INBOX"],
    tookMs: 12,
    isFirst: true,
  });
});

test("text for a terminal keeps one line per event and no control characters", () => {
  const { lines, log } = collect("text");
  log.warn("mailbox-unreachable", { because: "no\nroute\u001B[31m \u202Eevil", mailbox: "m1" });
  expect(lines[0]).toMatch(
    /^\S+Z WARN {2}mailbox-unreachable because="no\\nroute\\u001b\[31m \\u202eevil" mailbox=m1$/,
  );
});

test("events below the level are not written, and the level can change while running", () => {
  const { lines, log } = collect("json");
  log.debug("too-much");
  expect(lines).toHaveLength(0);
  log.adjust({ level: "debug", format: "text" });
  log.debug("enough");
  expect(lines[0]).toMatch(/ DEBUG enough$/);
});

test("fields named like the line's own parts do not double a key", () => {
  const { lines, log } = collect("json");
  log.info("folder-scanned", { level: 3, time: 5, event: "x" });
  expect(lines[0]).toMatch(/"event":"folder-scanned"/);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "info", level_: 3, time_: 5, event_: "x" });
});

test("a share link keeps its server and the first eight digits of its token", () => {
  const { lines, log } = collect("json");
  log.info("share-found", { at: `https://ox.example.org/ajax/share/${oxToken}/1/8/Mzk`, shareId: oxToken });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    at: "https://ox.example.org/ajax/share/1a2b3c4d…/1/8/Mzk",
    shareId: "1a2b3c4d…",
  });
});

test("no secret planted in any kind of field reaches the log", () => {
  const secrets: string[] = [];
  const plant = () => {
    const secret = canary();
    secrets.push(secret);
    return secret;
  };
  const fault = new TypeError(`failed at https://h.example/p?token=${plant()}`, {
    cause: new Error(`LOGIN alice "${plant()}"`),
  });
  Object.assign(fault, { response: plant(), options: { auth: { pass: plant() } } });
  const fields = {
    password: plant(),
    newPassword: plant(),
    guest_password: plant(),
    "Set-Cookie": [plant()],
    headers: { authorization: `Basic ${plant()}`, cookie: `JSESSIONID=${plant()}`, "X-Api-Key": plant() },
    secret: new Secret(plant()),
    wrapped: { deep: [{ value: new Secret(plant()) }] },
    link: `https://cloud.example/${plant()}/x`,
    at: new URL(`https://alice:${plant()}@h.example/index.php/s/${plant()}?a=${plant()}#${plant()}`),
    path: `GET /sharings/discovery?sharecode=${plant()} HTTP/1.1`,
    header: `Authorization: Bearer ${plant()}`,
    imap: `A1 LOGIN alice ${plant()}`,
    sasl: `A2 AUTHENTICATE PLAIN ${plant()}`,
    text: `login with password=${plant()}; token: "${plant()}", {"session":"${plant()}"}`,
    body: Buffer.from(plant()),
    token: { value: plant() },
    pin: 493_817_261,
    bearer: `it said bearer ${plant()}`,
    jwt: `eyJhbGciOi.${plant()}.${plant()}`,
    cookies: new Map([["a", plant()]]),
    fault,
    [`https://h.example/?${plant()}`]: 1,
  };
  for (const format of ["json", "text"] as const) {
    const { lines, log } = collect(format, "debug");
    for (const level of ["debug", "info", "warn", "error"] as const) log[level]("planted", fields);
    log.info(`https://h.example/x?y=${plant()}`);
    const written = lines.join("\n");
    expect(written).toContain("h.example");
    expect(written).not.toContain("493817261");
    expect(secrets.filter((secret) => written.includes(secret))).toEqual([]);
  }
  expect(secrets.length).toBeGreaterThan(30);
});

test("hostile values neither stop the log nor flood it", async () => {
  const { lines, log } = collect("json");
  const ring: Record<string, unknown> = {
    big: "x".repeat(5_000_000),
    list: Array.from({ length: 10_000 }, () => "y"),
    n: 10n,
  };
  ring["self"] = ring;
  Object.defineProperty(ring, "trap", {
    enumerable: true,
    get() {
      throw new Error("no");
    },
  });
  ring["json"] = {
    toJSON() {
      throw new Error("no");
    },
  };
  const hostile = { ring, evil: "password".repeat(100_000), slashes: "/".repeat(1_000_000) };
  expect(await processorMs(() => log.error("hostile", hostile))).toBeLessThan(1000);
  expect(lines[0]?.length).toBeLessThan(12_000);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    ring: { self: "[circular]", trap: "[unreadable]", json: "[unreadable]", n: "10" },
  });
});

test("a fault keeps its name, message, code and place", () => {
  const { lines, log } = collect("json");
  log.error("fault", { error: Object.assign(new RangeError("too far"), { code: "E_FAR" }) });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    error: {
      name: "RangeError",
      message: "too far",
      code: "E_FAR",
      stack: expect.arrayContaining([expect.stringContaining("log.test")]),
    },
  });
});
