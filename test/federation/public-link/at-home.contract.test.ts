import { followWayContract, type OpenedWay } from "../../contract/origin.contract.ts";
import { startNextcloud } from "../../world/nextcloud/nextcloud.ts";
import { openFollowingWorld } from "../following-world.ts";
import { troubles } from "../received/received-world.ts";
import { announcedLink } from "./links.ts";

followWayContract(
  "A public link of Nextcloud, at the account's own Nextcloud",
  async (): Promise<OpenedWay> => {
    const world = await openFollowingWorld();
    const users = [{ uid: "eve" }, { uid: "dora" }];
    const eve = await world.stage.start(startNextcloud, "cloud.eve.example", { generation: 32, users });
    const home = await world.stage.start(startNextcloud, "cloud.ada.example", { generation: 32, users });
    const password = (): string => home.appPassword("dora");
    const homes = [{ kind: "nextcloud", baseUrl: home.origin, login: "dora", password }] as const;
    const { way } = world.protocol("public-link").way({ homes }, "s-token");
    const link = eve.link({ name: "Plans", files: { "plan.odt": "The plan." } });
    const nobodys = eve.link({ name: "Nothing", file: "" });
    const foreignShare = await announcedLink(world, nobodys.url, "Nothing");
    eve.unlink(nobodys.token);
    const share = await announcedLink(world, link.url, "Plans");
    // What is asked by Usher, and not by one of the two at the other.
    const asked = () => [
      ...eve.requests().filter(({ place }) => place === "page"),
      ...home.requests().filter(({ place }) => place === "home"),
    ];
    return {
      // What lies at home is looked at there.
      way: {
        follow: async (...given) => way.follow(...given),
        check: async (...given) => way.check(...given),
        leave: async (...given) => way.leave(...given),
      },
      share: { ...share, targets: [{ module: "files", folder: "Plans", item: null }] },
      foreignShare,
      hidesForeignShares: true,
      follower: { ...world.dora, homes: ["nextcloud"] },
      capabilities: { canRefuse: false, canFollow: true, canFollowAtHome: true, canBrowse: false },
      world: {
        ...troubles(home),
        slow: () => [eve, home].forEach((each) => each.misbehave({ kind: "slow", ms: 60_000 })),
        loseAnswer: (nth) => home.misbehave({ kind: "lost-answer" }, "home", 1, nth - 1),
        well: () => [eve, home].forEach((each) => each.behave()),
        revoke: async () => {
          eve.unlink(link.token);
          for (const sent of eve.sent()) if (sent.state !== "unshared") await eve.unshare(sent);
        },
        logins: () =>
          home.received("home").filter(({ method, path }) => method === "POST" && path.includes("/pending/"))
            .length,
        openSessions: () => 0,
        requests: () => asked().length,
        refusals: () => [...home.refusals(), ...eve.refusals()],
        subscriptions: () => home.taken().filter(({ state }) => state === "accepted").length,
        secrets: () => [link.token, password(), Buffer.from(`dora:${password()}`).toString("base64")],
      },
      [Symbol.asyncDispose]: async () => world[Symbol.asyncDispose](),
    };
  },
);
