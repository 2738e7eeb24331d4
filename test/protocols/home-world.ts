import { createGuardedClient } from "../../src/http/guarded-client.ts";
import type { OutboundClient } from "../../src/http/outbound.ts";
import type { HomeKind } from "../../src/domain/home.ts";
import type { Follower, FollowerHome, Share } from "../../src/protocols/protocol.ts";
import type { FollowWorld } from "../contract/origin.contract.ts";
import type { OcmServer } from "../world/ocm/server.ts";

/** A way out that may reach these servers by their names, which listen on loopback. */
export function wayOutTo(
  servers: Readonly<Record<string, OcmServer>>,
  ca: string,
): OutboundClient & AsyncDisposable {
  const exceptions = Object.entries(servers).map(([host, { port }]) => ({
    host,
    port,
    cidr: "127.0.0.0/8",
    scheme: "https" as const,
    address: "127.0.0.1",
    ca,
  }));
  return createGuardedClient({
    settings: () => ({ userAgent: "Usher-Test/1", exceptions }),
    log: () => undefined,
  });
}

/** A user of a server as the account's home. */
export function homeAt(
  kind: HomeKind,
  server: { readonly origin: string },
  login: string,
  password: string,
): FollowerHome {
  return { kind, baseUrl: server.origin, login, password: () => password };
}

export const dora: Follower = {
  accountId: "a1",
  instanceUrl: null,
  addresses: ["dora@example.org"],
  modules: ["files"],
  homes: ["nextcloud"],
  locale: "en",
};

/** What the home server's notice tells of a share. */
export function noticed(
  from: { readonly origin: string; readonly host: string },
  owner: string,
  title: string | null,
): Share {
  return {
    notificationId: "n1",
    title,
    sharerName: `@${owner}@${from.host}`,
    origin: from.origin,
    variant: "nextcloud-notification",
    link: "",
    password: null,
    targets: [{ module: "files", folder: title, item: null }],
  };
}

/** How a contract test troubles a home server. */
export function homeTrouble(
  home: OcmServer,
): Omit<FollowWorld, "revoke" | "logins" | "subscriptions" | "secrets"> {
  return {
    down: async () => home.goDown(),
    up: async () => home.comeUp(),
    slow: () => home.misbehave({ kind: "slow", ms: 60_000 }, "home"),
    lie: () => home.misbehave({ kind: "nonsense" }, "home"),
    overload: (seconds) =>
      home.misbehave({ kind: "status", status: 503, retryAfter: String(seconds) }, "home"),
    forbid: () => home.misbehave({ kind: "status", status: 403, retryAfter: null }, "home"),
    loseAnswer: (nth) => home.misbehave({ kind: "lost-answer" }, "home", 1, nth - 1),
    well: () => home.behave(),
    openSessions: () => 0,
    requests: () => home.requests().filter(({ place }) => place === "home").length,
    refusals: () => home.refusals(),
  };
}
