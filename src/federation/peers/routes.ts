import type { PeerReply, PeerRequest, SiteRoute } from "../../http/peer-route.ts";
import { publicJwk } from "../../protocols/ocm/signatures/jwk.ts";
import type { FederationParts } from "../parts.ts";
import { type OwnKeys, ownKeys } from "./own-keys.ts";

/** Where each generation looks (reference/ocm.md 4.1); all are answered alike, and none leads elsewhere. */
const discoveryPaths = ["/.well-known/ocm", "/ocm-provider", "/ocm-provider/"];
const keysPath = "/.well-known/jwks.json";

/** What the site says of itself: discovery and keys. */
export function siteRoutes(parts: FederationParts): readonly SiteRoute[] {
  const served = [
    ...discoveryPaths.map((path) => ({ path, answer: discovery })),
    { path: keysPath, answer: keySet },
  ];
  return served.map(({ path, answer }) => ({
    method: "GET",
    path,
    operation: null,
    answer: async (request) => {
      const site = parts.siteUrl();
      const keys = await ownKeys(parts);
      return site === null || keys === null ? switchedOff : answer({ site, keys, parts, request });
    },
  }));
}

const switchedOff: PeerReply = { status: 404, body: { message: "Open Cloud Mesh is switched off here." } };

/** Peers keep it for a day; an hour lets them see a change sooner. */
const cacheable = { "cache-control": "public, max-age=3600" };

interface Asked {
  readonly site: string;
  readonly keys: OwnKeys;
  readonly parts: FederationParts;
  readonly request: PeerRequest<null>;
}

function keySet({ keys }: Asked): PeerReply {
  const { key, keyId } = keys.rfc9421;
  return { status: 200, headers: cacheable, body: { keys: [publicJwk(key, keyId)] } };
}

function discovery(asked: Asked): PeerReply {
  return { status: 200, headers: { ...cacheable, vary: "user-agent" }, body: describeSite(asked) };
}

/**
 * Fields of both generations: `publicKey`, `version` and old names of capabilities for those before the IETF drafts, the rest for
 * those after. `webdav-receive` is left out: servers of the oCIS family read `protocols` as texts alone.
 */
function describeSite({ site, keys, parts, request }: Asked): object {
  const { provider, allow, deny, mustInvite } = parts.settings();
  const version = versionFor(request);
  const { keyId, publicPem } = keys.cavage;
  const resourceTypes = ["file", "folder"].map((name) => ({
    name,
    shareTypes: ["user"],
    protocols: { webdav: "/dav/ocm/" },
  }));
  const criteria = [
    ...(deny.length > 0 ? ["denylist"] : []),
    ...(allow === null ? [] : ["allowlist"]),
    ...(mustInvite ? ["must-invite"] : []),
  ];
  return {
    enabled: true,
    apiVersion: version,
    version,
    endPoint: `${site}/ocm`,
    provider,
    resourceTypes,
    // ownCloud's name for them.
    shareTypes: resourceTypes,
    capabilities,
    criteria,
    inviteAcceptDialog: `${site}/ocm/invite-accept`,
    tokenEndPoint: `${site}/ocm/token`,
    jwksUri: `${site}${keysPath}`,
    publicKey: { keyId, id: keyId, publicKeyPem: publicPem },
  };
}

const capabilities = [
  "exchange-token",
  "http-sig",
  "invites",
  "invite-wayf",
  "notifications",
  "protocol-object",
  "/notifications",
  "/invite-accepted",
];

/** Nextcloud before 32 turns away what is not 1.0 or 1.1; reva answers it so, too (reference/ocm.md 6.3). */
function versionFor({ headers }: PeerRequest<null>): string {
  return headers["user-agent"]?.includes("Nextcloud") === true ? "1.1" : "1.4.0";
}
