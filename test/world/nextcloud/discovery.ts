import { discover as discoverAt, type Discovered } from "../ocm/discovery.ts";
import type { OcmGround } from "../ocm/server.ts";
import { publicWebdav } from "../ocm/share-root.ts";
import { json } from "../ocm/wire.ts";
import type { Reply } from "../faulty-answers.ts";
import type { Generation, NextcloudState } from "./state.ts";

export const userAgent = "Nextcloud Server Crawler";
const endPointPath = "/index.php/ocm";
export const tokenPath = "/index.php/apps/cloud_federation_api/api/v1/access-token";
const jwksPath = "/.well-known/jwks.json";
const dialogPath = "/index.php/apps/contacts/ocm/invite-accept-dialog";

/** GET /ocm-provider and its like (reference/ocm.md 6.2). */
export function serveDiscovery(state: NextcloudState): Reply {
  return json(200, discovery(state), [["X-NEXTCLOUD-OCM-PROVIDERS", "1"]]);
}

/** GET /.well-known/ocm: only the master line has it. */
export function serveWellKnown(state: NextcloudState): Reply {
  return state.generation === 32 ? json(404, { message: "ocm not supported" }) : serveDiscovery(state);
}

/** GET of the key set that `jwksUri` names. */
export function serveKeys(state: NextcloudState): Reply {
  if (state.key.kind === "message") return json(200, { keys: [state.key.own.jwk] });
  return json(404, { message: "There is nothing here." });
}

function discovery(state: NextcloudState): object {
  const { origin } = state;
  const common = {
    enabled: true,
    apiVersion: "1.0-proposal1",
    version: "1.1.0",
    endPoint: `${origin}${endPointPath}`,
    resourceTypes: [{ name: "file", shareTypes: ["user", "group"], protocols: { webdav: publicWebdav } }],
  };
  if (state.key.kind === "message") return { ...common, ...masterFields(state) };
  const { keyId, publicKeyPem } = state.key.own;
  const capabilities = ["/invite-accepted", "/notifications", "/shares"];
  return { ...common, publicKey: { keyId, publicKeyPem }, capabilities };
}

function masterFields({ origin, settings }: NextcloudState): object {
  const capabilities = [
    "notifications",
    "http-sig",
    "exchange-token",
    ...(settings.contactsApp ? ["invites", "invite-wayf"] : []),
  ];
  return {
    capabilities: settings.capabilitiesAsObject ? Object.fromEntries(capabilities.entries()) : capabilities,
    jwksUri: `${origin}${jwksPath}`,
    tokenEndPoint: `${origin}${tokenPath}`,
    ...(settings.contactsApp ? { inviteAcceptDialog: `${origin}${dialogPath}` } : {}),
  };
}

/** As this generation looks for others: 32 knows one path only. */
export async function discoverAs(
  generation: Generation,
  call: OcmGround["call"],
  host: string,
): Promise<Discovered | null> {
  return discoverAt(
    call,
    host,
    generation === 32 ? ["/ocm-provider/"] : ["/.well-known/ocm", "/ocm-provider/"],
  );
}
