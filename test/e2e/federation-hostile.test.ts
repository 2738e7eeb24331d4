import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import { password, startApplication } from "../world/application/application.ts";
import {
  deepJson,
  endlessDiscovery,
  endlessMultistatus,
  entityBomb,
  hrefsOutside,
  multistatusOf,
  oddlyNamed,
  outerEntity,
} from "../world/hostile-peer/malice.ts";
import type { Manner } from "../world/hostile-peer/messages.ts";
import { type HostilePeer, startHostilePeer } from "../world/hostile-peer/peer.ts";
import { statusOf } from "../world/ocm/caller.ts";
import type { Stage } from "../world/ocm/stage.ts";
import { startOpenCloud } from "../world/opencloud/opencloud.ts";
import { startTrap, type Trap } from "../world/trap.ts";
import { comesTo, done, federate, fillApplication } from "./federation-acts.ts";
import { type FederationScene, openFederation } from "./federation-scene.ts";
import { accept, bodyOf, held, subscriptionIn } from "./followed.ts";
import { makeJobsDue, until } from "./scene.ts";

const hostile = async (stage: Stage, hostname: string): Promise<HostilePeer> =>
  stage.start(startHostilePeer, hostname, {});

const starters = {
  "files.example": async (stage: Stage, hostname: string) => stage.start(startApplication, hostname, {}),
  "cloud.example": async (stage: Stage, hostname: string) => stage.start(startOpenCloud, hostname, {}),
  "evil.example": hostile,
  "slow.example": hostile,
  "huge.example": hostile,
  "hop.example": hostile,
  "end-point.example": hostile,
  "token.example": hostile,
  "keys.example": hostile,
  "dialog.example": hostile,
} as const;

let scene: FederationScene<{
  readonly [Name in keyof typeof starters]: Awaited<ReturnType<(typeof starters)[Name]>>;
}>;
/** Stands for a server in the private network of the site. */
let trap: Trap;
let pid: number;

beforeAll(async () => {
  scene = await openFederation(starters);
  trap = await startTrap("127.0.0.1");
  fillApplication(scene.peers["files.example"]);
  scene.peers["cloud.example"].addUser({ login: "max", displayName: "Max M.", mail: "max@mail.example" });
  scene.peers["cloud.example"].trust(scene.bob.host);
  scene.peers["slow.example"].misbehave({ kind: "drip", everyMs: 50 }, "discovery");
  pid = scene.bob.daemon.pid;
});
afterAll(async () => {
  await trap[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

let shares = 0;

// Whatever was done to it, the daemon lives, serves others, and sent nothing into the private network.
afterEach(async () => {
  const resource = { name: `Honest ${(shares += 1)}`, files: { "a.txt": "A" } };
  const sent = await scene.peers["cloud.example"].share({ owner: "max", shareWith: bobs(), resource });
  expect(sent.status).toBe(201);
  await held(scene.bob, resource.name);
  expect(process.kill(pid, 0)).toBe(true);
  expect([trap.connections, trap.bytes]).toEqual([0, 0]);
});

const bobs = (): string => scene.bob.addressOf("bob");
const evil = (): HostilePeer => scene.peers["evil.example"];
const inside = (path = "/"): string => `https://127.0.0.1:${trap.port}${path}`;

/** Bob shares with Mallory at these hosts; gives the sharing's id. */
async function shareWith(title: string, ...hosts: readonly string[]): Promise<string> {
  const to = hosts.map((host) => `mallory@${host}`);
  return federate(scene.bob, "bob", scene.peers["files.example"], { path: "report.pdf", title, to });
}

interface Shown {
  readonly recipients: readonly { readonly address: string; readonly cloudError: string | null }[];
}

/** Why each recipient was not reached, as soon as there is a reason for all of them. */
async function reasons(sharing: string): Promise<ReadonlyMap<string, string>> {
  let errors = new Map<string, string>();
  await until(
    "each has a reason",
    async () => {
      const shown = await scene.bob.usherJson<Shown>("sharing", "show", sharing);
      errors = new Map(shown.recipients.map(({ address, cloudError }) => [address, cloudError ?? ""]));
      return [...errors.values()].every((reason) => reason !== "");
    },
    () => [...errors],
  );
  return errors;
}

/** Mallory shares her trove under a name of its own; what it says of WebDAV can be changed. Gives the status. */
async function trove(name: string, manner: Manner = {}, webdav: object = {}): Promise<number | null> {
  const body = evil().shareBody(bobs());
  const protocol = { ...body.protocol, webdav: { ...body.protocol.webdav, ...webdav } };
  return posted({ ...body, name, providerId: name, protocol }, manner);
}

async function posted(body: object | string, manner: Manner = {}): Promise<number | null> {
  const answer = await evil().post(scene.bob.host, "/shares", body, manner);
  return answer === null ? null : statusOf(answer);
}

// At the start, since Usher waits as long as it ever does; the last test looks at what became of it.
let slow: string;
test("a discovery that drips keeps nobody waiting", async () => {
  slow = await shareWith("Slow", scene.peers["slow.example"].host);
  await until("it is asked", () => scene.peers["slow.example"].requests().length > 0);
});

test("nobody is asked anything who names servers that are not his own, or lies in the private network", async () => {
  const fields = {
    "end-point.example": "endPoint",
    "token.example": "tokenEndPoint",
    "keys.example": "jwksUri",
    "dialog.example": "inviteAcceptDialog",
  } as const;
  const names = Object.keys(fields) as (keyof typeof fields)[];
  for (const name of names) scene.peers[name].tell({ [fields[name]]: inside(`/${fields[name]}`) });
  scene.peers["hop.example"].redirectTo("discovery", inside());
  const peers = [...names, "hop.example" as const].map((name) => scene.peers[name]);
  const hidden = ["localhost", `localhost:${trap.port}`];
  const found = await reasons(await shareWith("Astray", ...peers.map(({ host }) => host), ...hidden));
  expect(found.get("mallory@localhost")).toContain("name-not-public");
  expect(found.get(`mallory@localhost:${trap.port}`)).toContain("url-port");
  for (const { host } of peers.slice(0, -1))
    expect(found.get(`mallory@${host}`)).toContain("foreign-authority");
  expect(found.get(`mallory@${scene.peers["hop.example"].host}`)).toContain("redirect-elsewhere");
  for (const peer of peers) expect(peer.received("shares")).toEqual([]);
});

test("a discovery without end is left", async () => {
  const { host } = scene.peers["huge.example"];
  scene.peers["huge.example"].misbehave(endlessDiscovery, "discovery");
  await shareWith("Huge", host);
  const isLeft = (): boolean =>
    scene.bob.daemon.log.some((line) => line["host"] === host && line["reason"] === "answer-too-large");
  await until("it is left", isLeft, () => scene.bob.daemon.text().slice(-3000));
});

describe("a message", () => {
  test("of a server that signed once has to be signed, fresh, whole, and the first of its kind", async () => {
    expect(await trove("Signed")).toBe(201);
    expect(statusOf(await evil().replay())).toBe(401);
    expect(await trove("Unsigned", { signature: "none" })).toBe(401);
    expect(await trove("Old", { ageSeconds: 301 })).toBe(401);
    expect(await trove("Old", { ageSeconds: 301, signature: "cavage" })).toBe(401);
    expect(await trove("Swapped", { swappedBody: JSON.stringify(evil().shareBody(bobs())) })).toBe(401);
    const { out } = await scene.bob.usher("doctor", "peer", evil().host);
    expect(out).toContain("digest-mismatch");
    const shown = await scene.bob.api("bob", "GET", "/notifications?state=held");
    for (const name of ["Unsigned", "Old", "Swapped"]) expect(shown.text).not.toContain(`"${name}"`);
  });

  test("in another server's name is refused", async () => {
    const body = evil().shareBody(bobs());
    const owner = scene.peers["cloud.example"].addressOf("max");
    expect(await posted({ ...body, owner, sender: owner, providerId: "stolen" })).toBe(401);
  });

  test("that is too long or too deep is not read", async () => {
    const body = { ...evil().shareBody(bobs()), description: "x".repeat(limits.ocmBodyBytes) };
    expect(await posted(body)).toBe(413);
    expect(await posted(deepJson(5000))).toBe(400);
    expect(await posted("")).toBe(400);
  });
});

test("a changed key is refused, explained by the doctor, and taken once somebody forgets the first", async () => {
  expect(await trove("First key", { signature: "cavage" })).toBe(201);
  await evil().changeKey("cavage");
  await minutesPass();
  expect(await trove("Second key", { signature: "cavage" })).toBe(401);
  const { out } = await scene.bob.usher("doctor", "peer", evil().host);
  expect(out).toContain("key-changed");
  expect(out).toContain(`usher doctor peer ${evil().host} --forget-key`);
  await scene.bob.daemon.waitFor("peer-key-changed");
  await done(scene.bob, "doctor", "peer", evil().host, "--forget-key");
  expect(await trove("Second key", { signature: "cavage" })).toBe(201);
  await held(scene.bob, "Second key");
});

/** What Usher knows of Mallory's server was read so long ago that it may ask again. */
async function minutesPass(): Promise<void> {
  await scene.bob.store.db
    .updateTable("ocm_peer")
    .set({ discovered_at: Date.now() - 2 * limits.ocmDiscoveryPauseMs })
    .where("host", "=", evil().host)
    .execute();
}

describe("what Mallory shares", () => {
  test("lies at her own server, or is not asked for", async () => {
    for (const [at, uri] of [inside("/dav"), `https://${scene.peers["hop.example"].host}/dav`].entries()) {
      expect(await trove(`Foreign ${at}`, {}, { uri, url: uri })).toBe(201);
      const notification = await held(scene.bob, `Foreign ${at}`);
      await accept(scene.bob, "bob", notification);
      await comesTo(scene.bob, notification, "failed");
    }
    expect(scene.peers["hop.example"].received("webdav")).toEqual([]);
  });

  test("leads nowhere by redirects of any place", async () => {
    // Whoever answers no better is not asked again; what needs no such answer goes on.
    const ends = { webdav: "failed", token: "followed", notifications: "followed" } as const;
    // Usher may reach the second, which is another server all the same.
    const targets = [inside(), `${scene.peers["hop.example"].origin}/ocm/token`];
    for (const place of Object.keys(ends) as (keyof typeof ends)[]) {
      for (const [at, target] of targets.entries()) {
        const name = `Redirected ${place} ${at}`;
        expect(await trove(name)).toBe(201);
        const notification = await held(scene.bob, name);
        evil().redirectTo(place, target, 307);
        const before = evil().received(place).length;
        await accept(scene.bob, "bob", notification);
        await comesTo(scene.bob, notification, ends[place]);
        expect(evil().received(place).length).toBeGreaterThan(before);
        evil().answerWith(place, null);
      }
    }
    expect(scene.peers["hop.example"].received("token")).toEqual([]);
  });

  test("is a folder that never ends, a bomb, or names what is not in it: nothing of that is shown", async () => {
    expect(await trove("Trove")).toBe(201);
    const notification = await held(scene.bob, "Trove");
    await accept(scene.bob, "bob", notification);
    const subscription = await subscriptionIn(scene.bob, notification, "SUBSCRIBED");
    const browse = async () => scene.bob.api("bob", "GET", `/subscriptions/${subscription}/browse`);
    evil().misbehave(endlessMultistatus(evil().davBase), "webdav");
    expect((await browse()).status).toBeGreaterThanOrEqual(500);
    evil().behave();
    for (const bad of [entityBomb(evil().davBase), outerEntity(evil().davBase, inside())]) {
      evil().answerWith("webdav", bad);
      expect((await browse()).status).toBeGreaterThanOrEqual(500);
    }
    evil().answerWith("webdav", multistatusOf(evil().davBase, hrefsOutside(evil().davBase)));
    expect(bodyOf(await browse())["entries"]).toEqual([]);
    evil().answerWith("webdav", oddlyNamed(evil().davBase));
    const { code, out } = await scene.bob.usher("subscription", "browse", subscription);
    expect(code).toBe(0);
    expect(out.replaceAll("\n", "")).not.toMatch(/\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u);
    expect(out).not.toContain("..");
    evil().answerWith("webdav", null);
    expect(bodyOf(await browse())["entries"]).toMatchObject([{ name: "plan.md" }]);
  });
});

test("Mallory's invitation leads nowhere by a redirect", async () => {
  evil().redirectTo("invite", inside(), 307);
  const code = `5f0f8a2e-7f0e-4b51-9d6c-0c1b2a3d4e5f@${evil().host}`;
  const { id } = await scene.bob.usherJson<{ readonly id: string }>("notification", "add", "bob", code);
  await accept(scene.bob, "bob", id);
  await comesTo(scene.bob, id, "failed");
});

test("the discovery that dripped was left in the end", async () => {
  const { host } = scene.peers["slow.example"];
  await until(
    "it is left",
    async () => {
      await makeJobsDue(scene.bob, "tell-peer");
      return scene.bob.daemon.log.some((line) => line["host"] === host && line.event === "peer-not-told");
    },
    () => scene.bob.daemon.text().slice(-3000),
  );
  await done(scene.bob, "sharing", "revoke", slow);
});

test("nothing of all that was said with a secret in it", () => {
  for (const secret of ["secret-of-mallory", "token-of-mallory", password])
    expect(scene.bob.daemon.text()).not.toContain(secret);
});
