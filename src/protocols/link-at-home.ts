import { z } from "zod";
import { limits } from "../domain/limits.ts";
import { oneLine } from "../domain/one-line.ts";
import type { OutboundClient } from "../http/outbound.ts";
import { askHome, notUnderstood } from "./home-request.ts";
import type { Ask, FollowerHome, FollowWay, NotFollowed, TryLater } from "./protocol.ts";
import type { PublicLinkWay } from "./public-link-way.ts";

/**
 * Turns public links of Nextcloud into shares with the account at its own Nextcloud (reference/ocm.md 5.2), which asks the link's
 * server and accepts what comes. Links of other servers are Usher's: what it follows itself is known by its way.
 */
export function linkAtHome(
  http: OutboundClient,
  home: FollowerHome,
  {
    atHome,
    byUsher,
  }: { readonly atHome: Omit<FollowWay, "browse" | "open">; readonly byUsher: PublicLinkWay },
): FollowWay {
  return {
    follow: async (share, who, ask) => {
      if (await byUsher.isFollowing(share, who)) return byUsher.follow(share, who, ask);
      const server = await byUsher.serverOf(share, ask);
      if (server.kind === "no" || server.kind === "try-later") return server;
      if (server.kind === "owncloud") return byUsher.follow(share, who, ask);
      const asked = await askForShare(http, home, { ...server, password: share.password }, ask);
      return asked.kind === "asked" ? atHome.follow(share, who, ask) : asked;
    },
    check: async (share, who, ask) => {
      const way = (await byUsher.isFollowing(share, who)) ? byUsher : atHome;
      return way.check(share, who, ask);
    },
    leave: async (share, who, ask) => {
      const way = (await byUsher.isFollowing(share, who)) ? byUsher : atHome;
      return way.leave(share, who, ask);
    },
    browse: async (share, who, path, ask) =>
      (await byUsher.isFollowing(share, who)) ? byUsher.browse(share, who, path, ask) : liesAtHome(home),
    open: async (share, who, wanted, ask) =>
      (await byUsher.isFollowing(share, who)) ? byUsher.open(share, who, wanted, ask) : liesAtHome(home),
  };
}

function liesAtHome({ baseUrl }: FollowerHome): NotFollowed {
  const detail = `The share lies among the account's files at ${new URL(baseUrl).host}; open it there.`;
  return { kind: "no", state: "UNSUPPORTED", because: "lies-at-home", detail };
}

const refused = z.object({ message: z.string() });

/** POST askForFederatedShare; the link's server says through the home server why it does not. */
async function askForShare(
  http: OutboundClient,
  home: FollowerHome,
  link: { readonly base: string; readonly token: string; readonly password: string | null },
  ask: Ask,
): Promise<{ readonly kind: "asked" } | NotFollowed | TryLater> {
  const { base, token, password } = link;
  const request = {
    what: "ask the link's server through home",
    method: "POST",
    path: "/index.php/apps/federatedfilesharing/askForFederatedShare",
    headers: { "ocs-apirequest": "true" },
    body: new URLSearchParams({ token, remote: base, password: password ?? "" }),
  } as const;
  const answer = await askHome(http, home, request, ask);
  if (answer.kind === "try-later") return answer;
  if (answer.status === 200) return { kind: "asked" };
  const { message = null } = refused.safeParse(answer.body).data ?? {};
  if (answer.status !== 400 || message === null) return notUnderstood(home);
  return refusal(message, { host: new URL(base).host, password });
}

function refusal(
  message: string,
  { host, password }: { readonly host: string; readonly password: string | null },
): { readonly kind: "asked" } | NotFollowed | TryLater {
  // What waits or was accepted at home is found there.
  if (/already shared with/i.test(message)) return { kind: "asked" };
  if (/^No permission to access the share/i.test(message)) {
    const because = password === null ? "guest-password-needed" : "guest-password-rejected";
    const detail = `The link at ${host} is protected by a password; give Usher the right one.`;
    return { kind: "no", state: "ADDABLE_WITH_PASSWORD", because, detail };
  }
  if (/could not find/i.test(message)) {
    const detail = `${host} cannot reach the account's own server now; Usher asks again later.`;
    return { kind: "try-later", because: "home-not-reached", detail, retryAfterMs: null };
  }
  const said = oneLine(message, limits.remoteTextChars);
  const detail = `The link at ${host} was not turned into a share; the account's own server says: ${said}`;
  return { kind: "no", state: "UNRESOLVABLE", because: "link-not-converted", detail };
}
