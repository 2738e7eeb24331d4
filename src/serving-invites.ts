import { answering } from "./answering.ts";
import { bringInvite } from "./federation/invites/bring.ts";
import { giveInvites } from "./federation/invites/give.ts";
import { withdraw } from "./federation/invites/withdraw.ts";
import type { FederationGround } from "./federation/parts.ts";
import { federationGround } from "./federation-ground.ts";
import type { Invites } from "./http/server/invite-parts.ts";
import { noWayOut } from "./no-way-out.ts";
import { readPastedInvite } from "./protocols/ocm/given-invite.ts";
import type { CurrentConfig } from "./room.ts";
import type { Site } from "./site.ts";

/** What planning anything of Open Cloud Mesh needs: other servers are asked by the daemon alone. */
export function planningGround(site: Site, current: CurrentConfig): FederationGround {
  return federationGround(site, current, { http: noWayOut, receiving: () => answering(site, current) });
}

/** What the server passes on about invitations. */
export function servingInvites(ground: FederationGround): Invites {
  return {
    give: async (db, asked) => giveInvites(db, asked, ground),
    withdraw: async (db, withdrawal) => withdraw(db, withdrawal, ground),
    bring: async (db, { accountId, pasted }) => {
      const invite = readPastedInvite(pasted);
      return invite === null ? null : bringInvite(db, { accountId, invite }, ground);
    },
  };
}
