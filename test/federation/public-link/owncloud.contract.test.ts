import { followWayContract, type OpenedWay } from "../../contract/origin.contract.ts";
import { startOwncloud } from "../../world/owncloud/owncloud.ts";
import { openFollowingWorld } from "../following-world.ts";
import { announcedLink } from "./links.ts";

const bytes = Buffer.from("minutes of the meeting, ".repeat(80));
const folder = "Für später?";
const file = `${folder}/Ebbe & Flut 100%.txt`;

followWayContract("A public link of ownCloud, as WebDAV", async (): Promise<OpenedWay> => {
  const world = await openFollowingWorld();
  const cloud = await world.stage.start(startOwncloud, "cloud.eve.example", { users: [{ uid: "eve" }] });
  const link = cloud.link({ name: "Minutes", files: { [file]: bytes, "readme.txt": "Hello.\n" } });
  const share = await announcedLink(world, link.url, "Minutes");
  const nobodys = cloud.link({ name: "Nothing", file: "" });
  const foreignShare = await announcedLink(world, nobodys.url, "Nothing");
  cloud.unlink(nobodys.token);
  return {
    way: world.way("public-link", "s-token"),
    share: { ...share, targets: [{ module: "files", folder: "Minutes", item: null }] },
    follower: world.dora,
    foreignShare,
    hidesForeignShares: true,
    capabilities: { ...world.protocol("public-link").capabilities },
    shared: {
      folder,
      file,
      bytes,
      breakOff: (afterBytes) => cloud.misbehave({ kind: "cut", afterBytes }, "webdav", 1, 1),
    },
    world: {
      revoke: () => cloud.unlink(link.token),
      setPassword: (password) => cloud.lock(link.token, password),
      down: async () => cloud.goDown(),
      up: async () => cloud.comeUp(),
      slow: () => cloud.misbehave({ kind: "slow", ms: 60_000 }),
      lie: () => cloud.misbehave({ kind: "nonsense" }),
      overload: (seconds) => cloud.misbehave({ kind: "status", status: 503, retryAfter: `${seconds}` }),
      forbid: () => cloud.misbehave({ kind: "status", status: 403, retryAfter: null }),
      loseAnswer: (nth) => cloud.misbehave({ kind: "lost-answer" }, "all", 1, nth - 1),
      well: () => cloud.behave(),
      logins: () =>
        cloud.requests().filter(({ place, method }) => place === "webdav" && method === "PROPFIND").length,
      openSessions: () => 0,
      requests: () => cloud.requests().length,
      refusals: () => cloud.refusals(),
      secrets: () => [link.token, nobodys.token],
    },
    [Symbol.asyncDispose]: async () => world[Symbol.asyncDispose](),
  };
});
