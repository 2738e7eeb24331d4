import { followWayContract, type OpenedWay } from "../../contract/origin.contract.ts";
import { startNextcloud } from "../../world/nextcloud/nextcloud.ts";
import { openFollowingWorld } from "../following-world.ts";
import { content, files, troubles } from "../received/received-world.ts";
import { announcedLink } from "./links.ts";

followWayContract("A public link of Nextcloud, as a share with the account", async (): Promise<OpenedWay> => {
  const world = await openFollowingWorld();
  const cloud = await world.stage.start(startNextcloud, "cloud.eve.example", {
    generation: 32,
    users: [{ uid: "eve" }],
  });
  // The site asks what a server says of itself with the first share that it signs: once a day, and not in the way's own name.
  await cloud.createShare(world.address("carl"), { name: "Before", file: "" });
  const link = cloud.link({ name: content.name, files });
  const share = await announcedLink(world, link.url, content.name);
  const nobodys = cloud.link({ name: "Nothing", file: "" });
  const foreignShare = await announcedLink(world, nobodys.url, "Nothing");
  cloud.unlink(nobodys.token);
  const forDora = cloud.sent().length;
  const asked = cloud.requests().length;
  const standing = () =>
    cloud
      .sent()
      .slice(forDora)
      .filter(({ state }) => state === "offered" || state === "accepted");
  return {
    way: world.way("public-link", "s-token"),
    share: { ...share, targets: [{ module: "files", folder: content.name, item: null }] },
    follower: world.dora,
    foreignShare,
    hidesForeignShares: true,
    capabilities: world.protocol("public-link").capabilities,
    shared: {
      folder: content.folder,
      file: content.file,
      bytes: content.bytes,
      breakOff: (afterBytes) => cloud.misbehave({ kind: "cut", afterBytes }, "webdav", 1, 1),
    },
    world: {
      ...troubles(cloud),
      revoke: () => {
        cloud.unlink(link.token);
        for (const each of standing()) each.state = "unshared";
      },
      logins: () =>
        cloud.requests().filter(({ place, method }) => place === "webdav" && method === "PROPFIND").length,
      openSessions: () => 0,
      requests: () => cloud.requests().length - asked,
      refusals: () => cloud.refusals(),
      subscriptions: () => standing().length,
      secrets: () => [link.token, ...cloud.sent().map(({ secret }) => secret)],
    },
    [Symbol.asyncDispose]: async () => world[Symbol.asyncDispose](),
  };
});
