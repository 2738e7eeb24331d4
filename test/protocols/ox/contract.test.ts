import { afterAll, beforeAll } from "vitest";
import { type FollowWorld, followWayContract, type OpenedWay } from "../../contract/origin.contract.ts";
import { noWayOut } from "../../../src/no-way-out.ts";
import { createOx } from "../../../src/protocols/ox/ox.ts";
import type { SharedContent } from "../../contract/browse.contract.ts";
import { contentOf } from "../../world/ox/documents.ts";
import type { OxHome } from "../../world/ox/home.ts";
import type { OxOrigin } from "../../world/ox/origin.ts";
import type { Certificates } from "../../world/tls.ts";
import { bob, openCertificates, openHome, openOrigin, shareOf } from "./ox-world.ts";

let certificates: (Certificates & AsyncDisposable) | undefined;
beforeAll(async () => {
  certificates = await openCertificates();
});
afterAll(async () => certificates?.[Symbol.asyncDispose]());

function ready(): Certificates {
  if (certificates === undefined) throw new Error("The certificates are not made yet.");
  return certificates;
}

followWayContract("OX, by Usher at the origin", async (): Promise<OpenedWay> => {
  const opened = await openOrigin(ready());
  const { origin, guest, way, share } = opened;
  const world: FollowWorld = {
    ...trouble(origin),
    revoke: () => origin.revoke(guest.token),
    setPassword: (password) => origin.setPassword(guest.token, password),
    logins: () => Object.values(origin.counters().logins).reduce((sum, each) => sum + each.successful, 0),
    openSessions: () => origin.openSessions(),
    secrets: () => origin.secrets(),
  };
  return {
    way,
    share,
    follower: bob,
    foreignShare: foreignShare(origin),
    world,
    capabilities,
    shared: sharedContent(origin, origin),
    [Symbol.asyncDispose]: async () => opened[Symbol.asyncDispose](),
  };
});

followWayContract("OX, through the account's own server", async (): Promise<OpenedWay> => {
  const opened = await openHome(ready());
  const { origin, home, guest, way, share } = opened;
  const world: FollowWorld = {
    ...trouble(home),
    revoke: () => origin.revoke(guest.token),
    setPassword: (password) => origin.setPassword(guest.token, password),
    logins: () => home.logins().successful,
    openSessions: () => home.openSessions() + origin.openSessions(),
    refusals: () => [...home.refusals(), ...origin.refusals()],
    subscriptions: () => home.subscriptions().length,
    secrets: () => [...home.secrets(), ...origin.secrets()],
  };
  return {
    way,
    share,
    follower: { ...bob, homes: ["ox"] },
    foreignShare: foreignShare(origin),
    world,
    capabilities,
    shared: sharedContent(origin, home),
    [Symbol.asyncDispose]: async () => opened[Symbol.asyncDispose](),
  };
});

function trouble(server: OxOrigin | OxHome) {
  return {
    down: async () => server.goDown(),
    up: async () => server.comeUp(),
    slow: () => server.misbehave({ kind: "slow", ms: 60_000 }),
    lie: () => server.misbehave({ kind: "nonsense" }),
    overload: (seconds: number) =>
      server.misbehave({ kind: "status", status: 503, retryAfter: String(seconds) }),
    forbid: () => server.misbehave({ kind: "status", status: 403, retryAfter: null }),
    loseAnswer: (nth: number) => server.misbehave({ kind: "lost-answer" }, "all", 1, nth - 1),
    well: () => server.behave(),
    requests: () => server.requests().length,
    refusals: () => server.refusals(),
  };
}

const { capabilities } = createOx({ http: noWayOut });
const film = { id: "9100", name: "Ebbe & Flut 100%.mkv", sizeBytes: 5000 };

function sharedContent(origin: OxOrigin, server: OxOrigin | OxHome): SharedContent {
  origin.addFolder({ id: "40", title: "Für später?", parent: "39", files: [film] });
  return {
    folder: "Für später?",
    file: `Für später?/${film.name}`,
    bytes: contentOf(film),
    breakOff: (afterBytes) => server.misbehave({ kind: "cut", afterBytes }, "document"),
  };
}

function foreignShare(origin: OxOrigin) {
  const carla = origin.addGuest({ mail: "carla@example.com" });
  origin.addFolder({ id: "47", title: "Somebody else's", guests: [carla.token] });
  return shareOf(origin, carla.token, "47");
}
