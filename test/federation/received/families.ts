import { type Nextcloud, startNextcloud } from "../../world/nextcloud/nextcloud.ts";
import { type OpenCloud, startOpenCloud } from "../../world/opencloud/opencloud.ts";
import { type Owncloud, startOwncloud } from "../../world/owncloud/owncloud.ts";
import { type Seafile, startSeafile } from "../../world/sloppy-peer/seafile.ts";
import { content, type Family, files } from "./received-world.ts";

type Tokens = "never" | "offered" | "must-exchange";

function nextcloud(generation: 32 | 34, tokens: Tokens): Family<Nextcloud> {
  return {
    start: async ({ stage }) =>
      stage.start(startNextcloud, "cloud.ada.example", {
        generation,
        users: [{ uid: "ada" }],
        settings: { tokens, sharesPer1200s: null },
      }),
    share: async (cloud, address) => {
      const made = await cloud.createShare(address, { name: content.name, files });
      if (made.kind !== "created") throw new Error("The share was not taken.");
      const { share } = made;
      return {
        revoke: () => void (share.state = "unshared"),
        secrets: () => [share.secret, share.accessToken?.token ?? share.secret],
      };
    },
  };
}

export const nextcloud32 = nextcloud(32, "never");
/** The master line, with what it asks of those who exchange tokens. */
export const nextcloud34 = nextcloud(34, "must-exchange");
export const nextcloudOffering = nextcloud(34, "offered");

export const owncloud: Family<Owncloud> = {
  start: async ({ stage }) => stage.start(startOwncloud, "cloud.ada.example", { users: [{ uid: "ada" }] }),
  share: async (cloud, address) => {
    const made = await cloud.createShare(address, { name: content.name, files });
    if (made.kind !== "created") throw new Error("The share was not taken.");
    const { share } = made;
    return { revoke: () => void (share.state = "unshared"), secrets: () => [share.secret] };
  },
};

export const seafile: Family<Seafile> = {
  start: async ({ stage }) => stage.start(startSeafile, "cloud.ada.example", {}),
  share: async (cloud, shareWith) => {
    const resource = { name: content.name, files };
    const { share, status } = await cloud.share({ owner: "ada@mail.example", shareWith, resource });
    if (status !== 201) throw new Error("The share was not taken.");
    return { revoke: () => void (share.isOver = true), secrets: () => [share.secret] };
  },
};

export function openCloud(
  options: Omit<Parameters<typeof startOpenCloud>[0], "tls" | "hostname" | "resolve">,
): Family<OpenCloud> {
  return {
    start: async ({ stage, usher }) => {
      const cloud = await stage.start(startOpenCloud, "cloud.ada.example", options);
      cloud.addUser({ login: "ada", displayName: "Ada Example", mail: "ada@mail.example" });
      cloud.trust(usher.host);
      return cloud;
    },
    share: async (cloud, shareWith) => {
      const { share, status } = await cloud.share({
        owner: "ada",
        shareWith,
        resource: { name: content.name, files },
        ...(options.exchangesTokens === true ? { mustExchangeToken: true } : {}),
      });
      if (status !== 201 && status !== 200) throw new Error("The share was not taken.");
      return {
        revoke: () => void (share.isRevoked = true),
        secrets: () => [share.secret, ...share.accessTokens],
      };
    },
  };
}
