import type { FastifyInstance } from "fastify";
import type { SiteRoute } from "../peer-route.ts";
import { securityHeaders } from "./headers.ts";
import type { ServerParts } from "./parts.ts";
import { mount, type PeerApp, peerApp } from "./peer-app.ts";
import type { WrongSecrets } from "./wrong-secrets.ts";

/** Where the paths of Open Cloud Mesh begin, whatever stands behind (reference/ocm.md 4.1). */
const beginnings = ["/.well-known/ocm", "/.well-known/jwks.json", "/ocm-provider", "/ocm", "/dav/ocm"];

/** Whether a path and query of the site belong to Open Cloud Mesh. */
export function isFederationPath(target: string): boolean {
  return beginnings.some(
    (path) => target === path || target.startsWith(`${path}/`) || target.startsWith(`${path}?`),
  );
}

/** What the site serves to other servers. It never listens: the site's app hands requests over. */
export async function buildFederationApp(
  parts: ServerParts,
  routes: readonly SiteRoute[],
  wrongSecrets: WrongSecrets,
): Promise<FastifyInstance> {
  const around: PeerApp<null> = {
    parts,
    wrongSecrets,
    hostOf: () => null,
    told: (_request, fields) => parts.log.debug("federation-request", fields),
  };
  const app = peerApp(around);
  app.addHook("onRequest", async (_request, reply) => {
    reply.headers(securityHeaders);
  });
  for (const route of routes) mount(app, route, around);
  await app.ready();
  return app;
}
