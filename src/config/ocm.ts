import { z } from "zod";
import { limits } from "../domain/limits.ts";
import type { ConfigFiles } from "./files.ts";
import { field, orNull, section } from "./parsed.ts";
import { secretOf } from "./secret-of.ts";
import * as value from "./values.ts";

/** What the site is as a server of Open Cloud Mesh, and with whom. */
export function ocmConfig(files: ConfigFiles) {
  return section({
    enabled: field(value.yesOrNo).prefault(true),
    keys: orNull(field(secretOf(files, value.siteKeys, "pem"))),
    provider: field(value.text).prefault("Usher"),
    allow: orNull(z.array(field(value.originHost)).max(limits.ocmListedHosts)),
    deny: z.array(field(value.originHost)).max(limits.ocmListedHosts).default([]),
    mustInvite: field(value.yesOrNo).prefault(false),
    inviteLife: field(value.durationMs(limits.ocmInviteMinMs, limits.holdMaxMs)).prefault("30d"),
    servers: z
      .array(z.strictObject({ name: field(value.text), host: field(value.originHost) }))
      .max(limits.ocmListedHosts)
      .default([]),
  }).transform(({ inviteLife, ...ocm }) => ({ ...ocm, inviteLifeMs: inviteLife }));
}
