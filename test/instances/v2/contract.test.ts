import { createCozyV2 } from "../../../src/protocols/cozy-v2/cozy-v2.ts";
import { noWay } from "../../../src/protocols/no-way.ts";
import type { Follower, FollowWay, Share } from "../../../src/protocols/protocol.ts";
import { type FollowWorld, followWayContract, type OpenedWay } from "../../contract/origin.contract.ts";
import type { CozyV2 } from "../../world/cozy-v2/cozy.ts";
import { openV2World, type UsherV2 } from "./world.ts";

const event = { docType: "Event", title: "Ebbe & Flut 100%?", description: "sand and sea, ".repeat(100) };
const { capabilities } = createCozyV2(noWay);

/**
 * The answer in the name of the token, by which the way looks whether a share still stands: the sharer's proxy says 200, and 401
 * where the target is gone (reference/cozy.md 4.5).
 */
const answersToChecks = [
  "POST /services/sharing/answer: 403 The answer for this sharing has already been given, told as 200",
  "POST /services/sharing/answer: 401 Request unauthorized",
  "DELETE /services/sharing/target: 401 Request unauthorized",
];

followWayContract("Cozy of platform 2, by Usher as the recipient's Cozy", async (): Promise<OpenedWay> => {
  const world = await openV2World();
  const alice = await world.cozy("alice");
  const bob = await world.usher("bob");
  const id = alice.owner.keep(event);
  const { shareID, share } = await invite(alice, bob, id);
  return {
    way: wayOf(bob),
    share,
    follower: followerOf(bob),
    foreignShare: { ...share, targets: [{ module: "calendar", folder: "0".repeat(32), item: null }] },
    capabilities,
    shared: {
      folder: "",
      file: `${event.title}.json`,
      bytes: Buffer.from(JSON.stringify({ ...event, shareID })),
      isKeptHere: true,
    },
    world: {
      ...trouble(alice),
      revoke: async () => void (await alice.owner.revoke(shareID)),
      inviteAgain: async () => (await invite(alice, bob, id)).share,
    },
    [Symbol.asyncDispose]: async () => world[Symbol.asyncDispose](),
  };
});

async function invite(alice: CozyV2, bob: UsherV2, id: string): Promise<{ shareID: string; share: Share }> {
  const { body } = await alice.owner.share({
    desc: "Tides",
    rules: [{ id, docType: "event" }],
    targets: [{ recipientUrl: bob.origin }],
  });
  const folder = (await bob.received())?.sharing.document_id ?? "";
  const targets = [{ module: "calendar", folder, item: null }] as const;
  const share = {
    notificationId: "n1",
    title: null,
    sharerName: "Alice",
    origin: alice.origin,
    variant: "request",
    link: "",
    password: null,
    targets,
  };
  return { shareID: String(body["shareID"]), share };
}

function wayOf({ usher }: UsherV2): FollowWay {
  const protocol = usher.origins.parts.protocols.find(({ name }) => name === "cozy-v2");
  if (protocol === undefined) throw new Error("There is no such protocol.");
  return protocol.way({ homes: [] }, "").way;
}

function followerOf({ usher, origin }: UsherV2): Follower {
  const who = { addresses: ["bob@mail.example"], modules: [], homes: [], locale: "en" };
  return { ...who, accountId: usher.accountId, instanceUrl: origin };
}

function trouble(alice: CozyV2): Omit<FollowWorld, "revoke"> {
  return {
    down: async () => alice.goDown(),
    up: async () => alice.comeUp(),
    slow: () => alice.misbehave({ kind: "slow", ms: 60_000 }),
    lie: () => alice.misbehave({ kind: "nonsense" }),
    overload: (seconds) => alice.misbehave({ kind: "status", status: 503, retryAfter: String(seconds) }),
    forbid: () => alice.misbehave({ kind: "status", status: 403, retryAfter: null }),
    loseAnswer: (nth) => alice.misbehave({ kind: "lost-answer" }, "all", 1, nth - 1),
    well: () => alice.behave(),
    logins: () => alice.bodies("answer").length,
    openSessions: () => 0,
    requests: () => alice.requests().length,
    refusals: () => alice.refusals().filter((line) => !answersToChecks.includes(line)),
    subscriptions: () =>
      alice.sharings().flatMap(({ targets }) => targets.filter(({ state }) => state === "accepted")).length,
    secrets: () => [
      ...alice.secrets(),
      ...alice.bodies("answer").flatMap(({ token }) => (typeof token === "string" ? [token] : [])),
    ],
  };
}
