import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { limits } from "../../src/domain/limits.ts";
import { addressOf, type Shared } from "../world/world.ts";
import { deliverAll } from "./deliver-all.ts";
import { notificationIn, openScene, type Scene, until } from "./scene.ts";

const bob = addressOf("bob");
const crowd = 100;
/** The server that says nothing is left after 5 s each time: on the slowest machine its shares are not all tried by then. */
const deadShares = 60;
const deadHost = "dead.origin.example";

/** Takes every connection, and never says a word: nothing is deader than that. */
interface Silence extends AsyncDisposable {
  readonly port: number;
  readonly connections: () => number;
}

let scene: Scene;
let dead: Silence;
beforeAll(async () => {
  dead = await startSilence();
  scene = await openScene();
  const { world } = scene;
  const config = written.parse(parse(await readFile(world.configFile, "utf8")));
  const address = { cidr: "127.0.0.0/8", address: "127.0.0.1" };
  config.outbound.exceptions.push({ host: deadHost, port: dead.port, ...address });
  const policy = [{ when: { senderDomain: "origin.example" }, then: "accept" }];
  await writeFile(world.configFile, stringify({ ...config, policy }));
  await scene.start();
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await dead[Symbol.asyncDispose]();
});

const written = z.looseObject({ outbound: z.object({ exceptions: z.array(z.unknown()) }) });

async function startSilence(): Promise<Silence> {
  let connections = 0;
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    connections += 1;
    open.add(socket);
    socket.on("error", () => undefined);
    socket.resume();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The silent server has no port.");
  return {
    port: address.port,
    connections: () => connections,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

function share(title: string): Shared {
  return scene.world.share(bob, { title, files: ["quay.odt"], isAuthenticated: true });
}

/** Shares behind the server that says nothing, which the rule accepts like all others. */
function deadMails(): readonly string[] {
  return Array.from({ length: deadShares }, (_, number) => {
    const { link } = share(`Unused ${number}`);
    const elsewhere = `https://${deadHost}:${dead.port}${new URL(link).pathname}`;
    const mail = { link: elsewhere };
    return scene.world.share(bob, { title: `Dead ${number}`, isAuthenticated: true, mail }).mail;
  });
}

/** A share mail of 5,000 parts. */
function badMail(): string {
  const { mail } = share("Many parts");
  const head = mail.slice(0, mail.indexOf("\r\n\r\n")).split("\r\n");
  const kept = head.filter((line) => !/^(Content-Type|MIME-Version|\s+boundary)/.test(line));
  const parts = Array.from({ length: 5000 }, (_, number) => `--seam\r\n\r\npart ${number}`);
  const type = 'Content-Type: multipart/mixed; boundary="seam"';
  return [...kept, "MIME-Version: 1.0", type, "", ...parts, "--seam--", ""].join("\r\n");
}

/** An account whose mailbox lets nobody in. */
async function addBadAccount(): Promise<void> {
  const login = addressOf("mallory");
  await scene.usherJson("account", "add", "mallory", "--address", login);
  await scene.world.dovecot.setPassword(login, "another-password");
  const file = `${scene.world.directory}/user.pw`;
  await scene.usher(
    "mailbox",
    "add",
    "mallory",
    "--server",
    "local",
    "--login",
    login,
    "--password-file",
    file,
  );
}

async function countOf(titles: string, state: "followed" | "accepted"): Promise<number> {
  const rows = scene.store.db.selectFrom("notification").select("id").where("title", "like", `${titles} %`);
  return (await rows.where("state", "=", state).execute()).length;
}

/** Work at the dead origin: what nobody has tried yet, what is being tried, and what is left to do. */
async function deadWork(): Promise<{ untried: number; underWay: number; left: number }> {
  const jobs = await scene.store.db
    .selectFrom("job")
    .select(["state", "attempts"])
    .where("kind", "=", "follow")
    .where("lane", "like", `%${deadHost}%`)
    .execute();
  return {
    untried: jobs.filter(({ attempts }) => attempts === 0).length,
    underWay: jobs.filter(({ state }) => state === "leased").length,
    left: jobs.length,
  };
}

function expectEachVisitedOnce(shares: readonly Shared[]): void {
  const { origin } = scene.world;
  const logins = shares.map(({ token }) => origin.guestLogins(token));
  expect(logins).toEqual(shares.map(() => ({ successful: 1, failed: 0 })));
}

test("one bad mail, one bad account and one dead origin keep none of a hundred good shares waiting", async () => {
  await addBadAccount();
  await deliverAll(scene.world, deadMails());
  await until("all the dead ones are accepted", async () => (await deadWork()).left === deadShares);
  const good = Array.from({ length: crowd }, (_, number) => share(`Good ${number}`));
  const mails = good.map(({ mail }) => mail);
  const middle = crowd / 2;
  // All of them come behind the dead ones, which hold whatever can be held.
  await deliverAll(scene.world, [...mails.slice(0, middle), badMail(), ...mails.slice(middle)]);
  let mostUnderWay = 0;
  await until(
    "all the good ones are followed",
    async () => {
      mostUnderWay = Math.max(mostUnderWay, (await deadWork()).underWay);
      return (await countOf("Good", "followed")) === crowd;
    },
    async () => [await countOf("Good", "followed"), scene.daemon.text().slice(-2000)],
    120_000,
  );
  // They overtook dead ones that have not had their first turn, and the dead ones never took more than their share.
  const work = await deadWork();
  expect(work.untried).toBeGreaterThan(0);
  expect(work.left).toBe(deadShares);
  expect(mostUnderWay).toBe(limits.jobsPerLane);
  expect(dead.connections()).toBeGreaterThan(0);
  expect(await countOf("Dead", "accepted")).toBe(deadShares);
  expectEachVisitedOnce(good);
  await notificationIn(scene, "Many parts", "followed");
  expect(scene.world.origin.openSessions()).toBe(0);
  expect((await scene.usher("doctor")).out).toMatch(/mallory +auth-failed/);
});
