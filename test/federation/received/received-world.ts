import { z } from "zod";
import type { Share } from "../../../src/protocols/protocol.ts";
import { followedShareById } from "../../../src/store/ocm-followed-shares.ts";
import type { ReceivedShareRow } from "../../../src/store/ocm-received-shares.ts";
import type { SharedContent } from "../../contract/browse.contract.ts";
import type { FollowWorld, OpenedWay } from "../../contract/origin.contract.ts";
import type { Fault } from "../../world/faulty-answers.ts";
import type { OcmPlace, OcmServer } from "../../world/ocm/server.ts";
import { type FollowingWorld, openFollowingWorld } from "../following-world.ts";

/** What a test shares: names that need encoding, and enough bytes for ranges. */
export const content = {
  name: "Ausflug & Fotos",
  folder: "Für später?",
  file: "Für später?/Ebbe & Flut 100%.txt",
  bytes: Buffer.from("sand and sea, ".repeat(100)),
} as const;

export const files = { [content.file]: content.bytes, "readme.txt": "Hello.\n" };

/** The last share of an account that came from a host, as its row stands. */
export async function lastReceived(
  { usher }: Pick<FollowingWorld, "usher">,
  account: string,
): Promise<ReceivedShareRow> {
  const id = z
    .object({ id: z.string() })
    .parse(
      await usher.site.store.db
        .selectFrom("ocm_received_share")
        .select("ocm_received_share.id")
        .innerJoin("account", "account.id", "ocm_received_share.account_id")
        .where("account.name", "=", account)
        .orderBy("ocm_received_share.created_at", "desc")
        .executeTakeFirst(),
    ).id;
  const row = await followedShareById(usher.site.store.db, id);
  if (row === undefined) throw new Error("No share was received.");
  return row;
}

/** The last share that an account received, as its way is given it. */
export async function receivedShare(world: FollowingWorld, account: string): Promise<Share> {
  const { notification_id: id, name } = await lastReceived(world, account);
  if (id === null) throw new Error("The share has no notification.");
  return { ...(await world.shareOf(id)), targets: [{ module: "files", folder: name, item: null }] };
}

/** What one family of servers does its own way. */
export interface Family<Cloud> {
  start(world: FollowingWorld): Promise<Cloud>;
  /** Shares the content with that address, and gives what takes it back. */
  share(
    cloud: Cloud,
    address: string,
  ): Promise<{ revoke(): Promise<unknown> | void; secrets(): readonly string[] }>;
}

/** The contract of all ways over a share that such a server posts. */
export async function openReceived<Cloud extends OcmServer>(family: Family<Cloud>): Promise<OpenedWay> {
  const world = await openFollowingWorld();
  const cloud = await family.start(world);
  await family.share(cloud, world.address("carl"));
  const foreignShare = await receivedShare(world, "carl");
  const way = world.way("federated-share", "ocm-share");
  // What the server says of itself is kept for a day, and a server whose discovery failed is left alone for minutes.
  await way.check(foreignShare, await world.follower("carl"), {
    signal: AbortSignal.timeout(60_000),
    record: () => undefined,
  });
  let shared = await family.share(cloud, world.address("dora"));
  const before = cloud.requests().length;
  const far: FollowWorld = {
    ...troubles(cloud),
    revoke: async () => void (await shared.revoke()),
    inviteAgain: async () => {
      shared = await family.share(cloud, world.address("dora"));
      return receivedShare(world, "dora");
    },
    logins: () =>
      cloud.requests().filter(({ place, method }) => place === "webdav" && method === "PROPFIND").length,
    openSessions: () => 0,
    requests: () => cloud.requests().length - before,
    refusals: () => cloud.refusals(),
    secrets: () => shared.secrets(),
  };
  const breakOff: SharedContent["breakOff"] = (afterBytes) =>
    cloud.misbehave({ kind: "cut", afterBytes }, "webdav", 1, 1);
  return {
    way,
    share: await receivedShare(world, "dora"),
    follower: world.dora,
    foreignShare,
    capabilities: world.protocol("federated-share").capabilities,
    shared: { folder: content.folder, file: content.file, bytes: content.bytes, breakOff },
    world: far,
    [Symbol.asyncDispose]: async () => world[Symbol.asyncDispose](),
  };
}

/** Faults that befall every request of a server. */
export function troubles(cloud: OcmServer) {
  const fault = (what: Fault, where: OcmPlace | "all" = "all") => cloud.misbehave(what, where);
  return {
    down: async () => cloud.goDown(),
    up: async () => cloud.comeUp(),
    slow: () => fault({ kind: "slow", ms: 60_000 }),
    lie: () => fault({ kind: "nonsense" }),
    overload: (seconds: number) => fault({ kind: "status", status: 503, retryAfter: `${seconds}` }),
    forbid: () => fault({ kind: "status", status: 403, retryAfter: null }),
    loseAnswer: (nth: number) => cloud.misbehave({ kind: "lost-answer" }, "all", 1, nth - 1),
    well: () => cloud.behave(),
  };
}
