import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { usherJson } from "../world/site.ts";
import { startTrap, type Trap } from "../world/trap.ts";
import { addressOf } from "../world/world.ts";
import { deliverAndFind, notificationIn, openScene, outcomesOf, type Scene, until } from "./scene.ts";

let scene: Scene;
const traps: Trap[] = [];
beforeAll(async () => {
  scene = await openScene();
  await scene.start();
  const first = await startTrap("127.0.0.1");
  traps.push(first, await startTrap("::1", first.port));
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  for (const trap of traps) await trap[Symbol.asyncDispose]();
});

const bob = addressOf("bob");

/** The header block of a share mail, without its end. */
function shareHeaders(title: string): { readonly token: string; readonly headers: readonly string[] } {
  const { token, mail } = scene.world.share(bob, { title });
  const head = mail.slice(0, mail.indexOf("\r\n\r\n")).split("\r\n");
  const kept = head.filter((line) => !/^(Content-Type|MIME-Version|\s+boundary)/.test(line));
  return { token, headers: [...kept, "MIME-Version: 1.0"] };
}

/** Largest resident memory of the daemon so far, in MiB; undefined where the system does not tell. */
async function peakMemoryMb(): Promise<number | undefined> {
  const status = await readFile(`/proc/${scene.daemon.pid}/status`, "utf8").catch(() => "");
  const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  if (kib === undefined) console.log("Skipped: the peak of memory, which only /proc tells.");
  return kib === undefined ? undefined : Number(kib) / 1024;
}

/** The mail of a real share, but for the server in its link. */
function forged(title: string, origin: string): { readonly token: string; readonly mail: string } {
  const { link, token } = scene.world.share(bob, { title });
  const elsewhere = origin + new URL(link).pathname;
  return { token, mail: scene.world.share(bob, { title, mail: { link: elsewhere } }).mail };
}

function nothingWasReached(token: string): void {
  expect(traps.map(({ connections }) => connections)).toEqual([0, 0]);
  const asked = scene.world.origin.requests().map(({ path }) => path);
  expect(asked.filter((path) => path.includes(token.slice(0, 8)))).toEqual([]);
}

test("a share mail of 60 MB is understood from its beginning, within bounded memory", async () => {
  const { headers } = shareHeaders("Heavy");
  const line = `${"A".repeat(76)}\r\n`;
  const text = ["Content-Type: text/plain", "", "A folder and a very large picture.", "--seam"];
  const attached = ["Content-Type: image/png", "Content-Transfer-Encoding: base64", "", ""];
  const head = [
    ...headers,
    'Content-Type: multipart/mixed; boundary="seam"',
    "",
    "--seam",
    ...text,
    ...attached,
  ];
  const body = Buffer.alloc(60 * 1024 * 1024, line, "latin1");
  const mail = Buffer.concat([Buffer.from(head.join("\r\n")), body, Buffer.from("\r\n--seam--\r\n")]);
  await scene.world.dovecot.deliver(bob, mail);
  const { id } = await notificationIn(scene, "Heavy", "held");
  await scene.usher("notification", "accept", id, "--wait");
  await notificationIn(scene, "Heavy", "followed");
  const peakMb = await peakMemoryMb();
  if (peakMb !== undefined) expect(peakMb).toBeLessThan(300);
});

test("a share mail of 5,000 parts is held, and what was not read of it is on record", async () => {
  const { headers } = shareHeaders("Many parts");
  const parts = Array.from({ length: 5000 }, (_, number) => `--seam\r\n\r\npart ${number}`);
  const mail = [...headers, 'Content-Type: multipart/mixed; boundary="seam"', "", ...parts, "--seam--", ""];
  const { id } = await deliverAndFind(scene, mail.join("\r\n"), "Many parts");
  const explained = await scene.usherJson<{ record: readonly { kind: string; detail: object }[] }>(
    "notification",
    "explain",
    id,
  );
  const found = explained.record.find(({ kind }) => kind === "mail")?.detail;
  expect(found).toMatchObject({ problems: [expect.stringMatching(/part/)] });
  expect((await scene.usher("notification", "explain", id)).out).toMatch(/problems:\s+0: .*part/);
});

describe("a share header that was forged to lead inside", () => {
  test.each([
    ["a port of this machine", () => `https://127.0.0.1:${traps[0]?.port}`, "url-port"],
    ["this machine", () => "https://127.0.0.1", "address-not-public"],
    ["this machine in IPv6", () => `https://[::1]:${traps[1]?.port}`, "url-port"],
    ["this machine by another spelling", () => "https://2130706433", "address-not-public"],
    ["this machine by name", () => "https://localhost", "name-not-public"],
    ["a private network", () => "https://10.0.0.1", "address-not-public"],
    ["a metadata service", () => "https://169.254.169.254", "address-metadata"],
  ])("to %s is held, and when accepted refused before any connection", async (place, origin, reason) => {
    const title = `Forged to ${place}`;
    const { token, mail } = forged(title, origin());
    const { id } = await deliverAndFind(scene, mail, title);
    const run = await scene.usher("notification", "accept", id, "--wait");
    expect(run.code).toBe(1);
    expect(run.out).toContain("The outgoing guard refused the request to");
    expect(run.out).toContain("an exception under outbound.exceptions would let it pass");
    expect(await outcomesOf(scene, id)).toEqual([`follow ${reason}`]);
    const shown = await scene.usherJson<object>("notification", "show", id);
    expect(shown).toMatchObject({ state: "failed", reason });
    expect((await scene.usher("notification", "explain", id)).out).toContain(reason);
    nothingWasReached(token);
  });

  test("by a redirect of its origin is not followed there", async () => {
    const { origin } = scene.world;
    const { id } = await deliverAndFind(
      scene,
      scene.world.share(bob, { title: "Redirected inside" }).mail,
      "Redirected inside",
    );
    origin.setHabits({ redirectTo: `https://127.0.0.1:${traps[0]?.port}/appsuite/ui` });
    const run = await scene.usher("notification", "accept", id, "--wait");
    origin.setHabits({ redirectTo: null });
    expect(run.out).toContain("leads to another server, which Usher does not follow");
    expect(await outcomesOf(scene, id)).toEqual(["follow redirect-elsewhere"]);
    expect(traps.map(({ connections }) => connections)).toEqual([0, 0]);
  });

  test("without https is no share notification at all, and the log says why", async () => {
    const { token, mail } = forged("Forged without TLS", `http://127.0.0.1:${traps[0]?.port}`);
    await scene.world.deliver("bob", mail);
    await until("the mail is read", () =>
      scene.daemon.log.some(
        (line) =>
          line.event === "mail-passed-over" &&
          line["reason"] === "share-url-not-https" &&
          line["account"] === "bob" &&
          typeof line["uid"] === "number",
      ),
    );
    const list = await scene.usherJson<readonly { title: string }[]>("notification", "list");
    expect(list.filter(({ title }) => title === "Forged without TLS")).toEqual([]);
    const file = join(scene.world.directory, "forged.eml");
    await writeFile(file, mail);
    expect(await usherJson(scene.world.configFile, ["inspect", file])).toMatchObject({
      verdict: "none",
      because: "share-url-not-https",
    });
    nothingWasReached(token);
  });
});
