import type { PlanningParts, SharingSettings } from "./sharing/parts.ts";
import type { CurrentConfig } from "./room.ts";
import type { Site } from "./site.ts";
import { newId } from "./store/ids.ts";

/** What planning and changing sharings is given. */
export function planningParts(site: Site, current: CurrentConfig): PlanningParts {
  return {
    store: site.store,
    sealer: site.sealer,
    queue: site.queue,
    newId,
    sender: () => current().smtp?.from ?? null,
    settings: () => sharingSettings(current),
  };
}

/** What the configuration in force says of sharings. */
export function sharingSettings(current: CurrentConfig): SharingSettings {
  const { sharing, server } = current();
  return { ...sharing, publicUrl: server?.publicUrl ?? null };
}
