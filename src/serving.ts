import { federatingParts } from "./federating-parts.ts";
import { ownKeys } from "./federation/peers/own-keys.ts";
import { ocmSiteUrl } from "./federation/site-url.ts";
import { createPages } from "./http/pages/pages.ts";
import { createServer, type Server } from "./http/server/server.ts";
import type { Origins } from "./origins.ts";
import { lookBehind, type LookBehind, notesInLog } from "./receiving/browse.ts";
import type { CurrentConfig } from "./room.ts";
import { servingAnswers } from "./serving-answers.ts";
import { servingSharings } from "./serving-sharings.ts";
import { planningParts } from "./sharing-parts.ts";
import type { Site } from "./site.ts";

/**
 * Serves the API and the pages; loaded only where the configuration says `server`. `origins` are asked for with the
 * first answer, the first look behind a subscription, or the first request for an account's own host; they have the way
 * out that the rest of the daemon has, so that all together keep the bounds of each origin. Throws ListenError where it cannot listen.
 */
export async function createServing(
  site: Site,
  current: CurrentConfig,
  origins: () => Promise<Origins>,
): Promise<Server> {
  const { server: first } = site.config;
  if (first === null) throw new Error("A server is wanted where the configuration names none.");
  // Before anybody asks: what is only looked at changes nothing.
  await ownKeys({ ...site, siteUrl: () => ocmSiteUrl(current()), settings: () => current().ocm });
  return createServer({
    ...site,
    // Taking `server` out of the configuration counts from the next start on.
    settings: () => current().server ?? first,
    answers: async () => servingAnswers((await origins()).parts),
    files: servingFiles(origins),
    sharings: servingSharings(planningParts(site, current), federatingParts(site, current)),
    invites: async () => {
      const { planningGround, servingInvites } = await import("./serving-invites.ts");
      return servingInvites(planningGround(site, current));
    },
    instanceRoutes: async () => (await origins()).routes,
    federationRoutes: async () => (await origins()).federationRoutes,
    pages: createPages(() => current().smtp?.from.name ?? "Usher"),
  });
}

/** Looks behind subscriptions, with the way out that is loaded with the first of them. */
function servingFiles(origins: () => Promise<Origins>): LookBehind {
  async function behind(): Promise<LookBehind> {
    const { parts } = await origins();
    return lookBehind(parts, notesInLog(parts));
  }
  return {
    browse: async (id, path, signal) => (await behind()).browse(id, path, signal),
    open: async (id, wanted, signal) => (await behind()).open(id, wanted, signal),
  };
}
