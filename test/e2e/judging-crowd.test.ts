import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { addressOf, type Shared } from "../world/world.ts";
import { deliverAll } from "./deliver-all.ts";
import { openScene, type Scene, until } from "./scene.ts";

const bob = addressOf("bob");
const crowd = 100;
const deadShares = 12;
/** Room for the noise of a busy machine; behind a server that says nothing good ones would wait many times as long. */
const noticeably = 2;
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

function crowdOf(name: string): readonly Shared[] {
  return Array.from({ length: crowd }, (_, number) => share(`${name} ${number}`));
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

async function countOf(titles: string, state: "followed" | "accepted" | "held"): Promise<number> {
  const rows = scene.store.db.selectFrom("notification").select("id").where("title", "like", `${titles} %`);
  return (await rows.where("state", "=", state).execute()).length;
}

/** Milliseconds from the first delivery until all of a crowd are followed. */
async function timeToFollow(name: string, mails: readonly string[], many = crowd): Promise<number> {
  const startMs = performance.now();
  await deliverAll(scene.world, mails);
  await until(
    `all of "${name}" are followed`,
    async () => (await countOf(name, "followed")) === many,
    async () => [await countOf(name, "followed"), scene.daemon.text().slice(-2000)],
    60_000,
  );
  return performance.now() - startMs;
}

function expectEachVisitedOnce(shares: readonly Shared[]): void {
  const { origin } = scene.world;
  const logins = shares.map(({ token }) => origin.guestLogins(token));
  expect(logins).toEqual(shares.map(() => ({ successful: 1, failed: 0 })));
}

test("one bad mail, one bad account and one dead origin delay a hundred good shares by nothing worth naming", async () => {
  await timeToFollow(
    "Warm",
    crowdOf("Warm")
      .slice(0, 20)
      .map(({ mail }) => mail),
    20,
  );
  const quiet = crowdOf("Quiet");
  const quietMs = await timeToFollow(
    "Quiet",
    quiet.map(({ mail }) => mail),
  );
  expectEachVisitedOnce(quiet);

  await addBadAccount();
  const troubled = crowdOf("Troubled");
  const good = troubled.map(({ mail }) => mail);
  const middle = crowd / 2;
  // The dead ones come first: they hold whatever can be held while all the good ones wait behind them.
  const mails = [...deadMails(), ...good.slice(0, middle), badMail(), ...good.slice(middle)];
  const troubledMs = await timeToFollow("Troubled", mails);
  expectEachVisitedOnce(troubled);
  console.log(
    `A hundred shares: ${Math.round(quietMs)} ms quietly, ${Math.round(troubledMs)} ms among bad ones.`,
  );
  expect(troubledMs / quietMs).toBeLessThan(noticeably);

  expect(dead.connections()).toBeGreaterThan(0);
  await until(
    "the dead ones are accepted and wait",
    async () => (await countOf("Dead", "accepted")) === deadShares,
  );
  const follows = scene.store.db.selectFrom("job").select("id").where("kind", "=", "follow");
  expect(await follows.where("state", "in", ["ready", "leased"]).execute()).toHaveLength(deadShares);
  const doctor = await scene.usher("doctor");
  expect(doctor.out).toMatch(/mallory/);
  expect(scene.world.origin.openSessions()).toBe(0);
}, 180_000);
