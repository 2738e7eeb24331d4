import type { FederatingParts } from "./federation/sent/create.ts";
import { judgeUrl } from "./http/target.ts";
import type { CurrentConfig } from "./room.ts";
import type { Site } from "./site.ts";
import { newId } from "./store/ids.ts";

/** What planning shares over Open Cloud Mesh is given. */
export function federatingParts({ sealer, queue }: Site, current: CurrentConfig): FederatingParts {
  return {
    sealer,
    queue,
    newId,
    siteUrl: () => (current().ocm.enabled ? (current().server?.publicUrl ?? null) : null),
    whyNotReached: (url) => {
      const judged = judgeUrl(url, current().outbound.exceptions);
      return typeof judged === "string" ? judged : null;
    },
    expireAfterMs: () => current().sharing.expireAfterMs,
  };
}
