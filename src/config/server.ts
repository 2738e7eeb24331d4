import { isAbsolute } from "node:path";
import { z } from "zod";
import type { ServerConfig } from "./config.ts";
import { field, type Parsed, right, wrong } from "./parsed.ts";
import * as value from "./values.ts";

/** The keys of the HTTP server. */
export function serverConfig() {
  return z.strictObject({
    publicUrl: field(value.publicUrl),
    listen: field(listen).prefault("127.0.0.1:8460"),
    trustedProxies: z.array(field(value.addressOrRange)).default([]),
  });
}

/** `address:port`, or `unix:/path` for a socket. */
function listen(written: unknown): Parsed<ServerConfig["listen"]> {
  const socket = typeof written === "string" ? /^unix:(.+)$/.exec(written)?.[1] : undefined;
  if (socket !== undefined && isAbsolute(socket)) return right({ socket });
  const [, name, digits] = typeof written === "string" ? (/^(.+):(\d{1,5})$/.exec(written) ?? []) : [];
  const host = value.host(name);
  const port = value.port(Number(digits));
  if (host.ok && port.ok) return right({ host: host.value, port: port.value });
  return wrong("not a place to listen at.", "Write address:port, for example 127.0.0.1:8460, or unix:/path.");
}
