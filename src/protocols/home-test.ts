import { inHomeSession } from "./ox/home-session.ts";
import type { OxParts } from "./ox/parts.ts";
import { isTrouble, replyTo } from "./ox/troubles.ts";
import { listRemoteShares } from "./nextcloud/remote-shares.ts";
import { listSharedWithMe } from "./opencloud/shared-with-me.ts";
import type { Ask, FollowerHome, NotFollowed, TryLater } from "./protocol.ts";
import { unreachable } from "../domain/unreachable.ts";

/** Whether a home server takes login and password, and answers as its kind does. */
export type HomeTested =
  /** `detail`: what it showed, for a person. */
  { readonly kind: "well"; readonly detail: string } | NotFollowed | TryLater;

/** Asks a home server for something that changes nothing. */
export async function testHome(
  parts: Omit<OxParts, "addressRules">,
  home: FollowerHome,
  ask: Ask,
): Promise<HomeTested> {
  switch (home.kind) {
    case "ox":
      return testOx(parts, home, ask);
    case "nextcloud":
    case "owncloud": {
      const pending = await listRemoteShares({ http: parts.http, home, ask }, "pending");
      return pending.kind === "try-later" ? pending : well(`${pending.shares.length} shares wait there`);
    }
    case "opencloud": {
      const shared = await listSharedWithMe({ http: parts.http, home, ask });
      return shared.kind === "try-later" ? shared : well(`${shared.items.length} shares are there`);
    }
    default:
      return unreachable(home.kind);
  }
}

async function testOx(
  parts: Omit<OxParts, "addressRules">,
  home: FollowerHome,
  ask: Ask,
): Promise<HomeTested> {
  const done = await inHomeSession({ parts, home, ask }, async () => well("a session was opened and closed"));
  return isTrouble(done) ? replyTo(done, "first", new URL(home.baseUrl).host) : done;
}

function well(detail: string): { readonly kind: "well"; readonly detail: string } {
  return { kind: "well", detail };
}
