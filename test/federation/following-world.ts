import type { ShareNotification } from "../../src/domain/share.ts";
import type { Follower, FollowWay, Protocol, Share } from "../../src/protocols/protocol.ts";
import { readFollowingAccount } from "../../src/receiving/account.ts";
import { judgeAnnounced } from "../../src/receiving/announced.ts";
import { askFor } from "../../src/receiving/asking.ts";
import { readNotification } from "../../src/store/notifications.ts";
import { openStage, type Stage } from "../world/ocm/stage.ts";
import { startUsher, type Usher, type UsherOptions } from "./usher.ts";

/** Usher with Dora's account among emulated clouds, as ways to follow are given what they follow. */
export interface FollowingWorld extends AsyncDisposable {
  readonly stage: Stage;
  readonly usher: Usher;
  readonly dora: Follower;
  /** Another account. */
  follower(account: string): Promise<Follower>;
  /** OCM address of an account. */
  address(account: string): string;
  protocol(name: Protocol["name"]): Protocol;
  /** A notification of something, as if a mail had told of it. */
  announced(account: string, share: Partial<ShareNotification>): Promise<Share>;
  /** What a notification tells a way. */
  shareOf(notificationId: string): Promise<Share>;
  /** The way of an account to what has no home of its own. */
  way(protocol: Protocol["name"], variant: string): FollowWay;
}

const hosts = ["cloud.ada.example", "cloud.eve.example", "files.eve.example", "usher.dora.example"] as const;

export async function openFollowingWorld(options: Partial<UsherOptions> = {}): Promise<FollowingWorld> {
  await using stack = new AsyncDisposableStack();
  const stage = stack.use(await openStage(hosts));
  const hostname = "usher.dora.example";
  const usher = stack.use(await startUsher(stage, { accounts: ["dora", "carl"], ...options, hostname }));
  const { parts } = usher.origins;
  const { db } = parts.store;
  const follower: FollowingWorld["follower"] = async (name) => {
    const account = await readFollowingAccount(db, await usher.accountId(name), parts.sealer);
    if (account === undefined) throw new Error(`${name} has no account.`);
    return account.who;
  };
  const dora = await follower("dora");
  const shareOf: FollowingWorld["shareOf"] = async (id) => {
    const row = await readNotification(db, id);
    const asking = row === undefined ? undefined : await askFor(row, parts);
    if (asking === undefined) throw new Error("There is no such notification.");
    return asking.share;
  };
  const protocol: FollowingWorld["protocol"] = (name) => {
    const found = parts.protocols.find((each) => each.name === name);
    if (found === undefined) throw new Error(`There is no protocol ${name}.`);
    return found;
  };
  const owned = stack.move();
  return {
    stage,
    usher,
    dora,
    follower,
    address: (name) => `${name}@${usher.host}`,
    protocol,
    announced: async (name, share) => {
      const accountId = await usher.accountId(name);
      const news = {
        accountId,
        share: { ...nothing, ...share },
        key: `test ${Math.random()}`,
        voucher: null,
      };
      return shareOf(await parts.store.transaction(async (tx) => judgeAnnounced(tx, news, parts)));
    },
    shareOf,
    way: (name, variant) => protocol(name).way({ homes: [] }, variant).way,
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  };
}

const nothing: ShareNotification = {
  protocol: "public-link",
  variant: "s-token",
  origin: null,
  link: null,
  shareId: null,
  recipientKind: "anonymous",
  module: "files",
  folder: null,
  item: null,
  sharer: { name: "Eve Example", address: "eve@mail.example" },
  title: null,
};
