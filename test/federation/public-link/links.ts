import type { Share } from "../../../src/protocols/protocol.ts";
import { parsePublicLink } from "../../../src/protocols/public-link/link.ts";
import type { FollowingWorld } from "../following-world.ts";

/** A public link as a mail to Dora tells of it. */
export async function announcedLink(world: FollowingWorld, href: string, title: string): Promise<Share> {
  const link = parsePublicLink(href);
  if (link === null) throw new Error("This is no public link.");
  return world.announced("dora", { origin: link.origin, link: href, shareId: link.shareId, title });
}
