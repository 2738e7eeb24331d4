import type { Config } from "../config/config.ts";

/** `https://host[:port]` of the site as a server of Open Cloud Mesh; null while nothing is served, and where `ocm.enabled` says no. */
export function ocmSiteUrl({ server, ocm }: Pick<Config, "server" | "ocm">): string | null {
  return ocm.enabled ? (server?.publicUrl ?? null) : null;
}
