import type { Reply } from "../faulty-answers.ts";
import { json, type OcmRequest } from "../ocm/wire.ts";
import type { OpenCloudState } from "./state.ts";

/** `GET /.well-known/ocm`: OCM 1.1.0; reva 1.3.0, which tells Nextcloud 1.1 (reference/ocm.md 6.3). */
export function showDiscovery({ conduct, origin }: OpenCloudState, { headers }: OcmRequest): Reply {
  const isReva = conduct.family === "reva";
  const isNextcloud = (headers.get("user-agent") ?? "").includes("Nextcloud");
  const newest = isNextcloud ? "1.1" : "1.3.0";
  const protocols = { webdav: "/dav/ocm" };
  return json(200, {
    enabled: true,
    apiVersion: isReva ? newest : "1.1.0",
    endPoint: `${origin}/ocm`,
    provider: { opencloud: "OpenCloud", ocis: "oCIS", reva: "reva" }[conduct.family],
    resourceTypes: ["file", "folder"].map((name) => ({ name, shareTypes: ["user"], protocols })),
    ...(isReva ? revaFields(conduct.exchangesTokens, origin) : { capabilities: ["/invite-accepted"] }),
  });
}

function revaFields(exchangesTokens: boolean, origin: string) {
  const capabilities = ["invites", "protocol-object", "invite-wayf"];
  return {
    capabilities: exchangesTokens ? [...capabilities, "exchange-token"] : capabilities,
    criteria: ["must-invite"],
    inviteAcceptDialog: `${origin}/invite/accept`,
    ...(exchangesTokens ? { tokenEndPoint: `${origin}/ocm/token` } : {}),
  };
}

/** `GET /status.php`, by which public links of other products are told apart; not confirmed (reference/ocm.md 2.4). */
export function showStatus({ conduct, refuse }: OpenCloudState): Reply {
  if (conduct.family === "reva") refuse("status.php of reva");
  const productname = { opencloud: "OpenCloud", ocis: "ownCloud Infinite Scale", reva: "reva" };
  return json(200, { productname: productname[conduct.family] });
}
