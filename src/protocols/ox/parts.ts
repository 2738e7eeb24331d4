import { CookieJar } from "tough-cookie";
import type { AddressRules } from "../../domain/address.ts";
import { limits } from "../../domain/limits.ts";
import type { OutboundClient } from "../../http/outbound.ts";
import type { Ask } from "../protocol.ts";
import type { Line } from "./calls.ts";

/** What talking to OX servers needs. */
export interface OxParts {
  readonly http: OutboundClient;
  /** Asked once per login: a session keeps one User-Agent (reference/ox.md 4.3). That of the outgoing client unless given. */
  readonly userAgent?: () => string;
  /** How this site compares addresses; as given unless told otherwise. */
  readonly addressRules?: () => AddressRules;
  /** limits.oxJobPollMs unless given. */
  readonly jobPollMs?: number;
}

/** What one login is made with; its jar is its own. */
export function lineTo(apiBase: string, parts: Omit<OxParts, "addressRules">, ask: Ask): Line {
  const { http, userAgent, jobPollMs = limits.oxJobPollMs } = parts;
  return { http, apiBase, userAgent: userAgent?.() ?? null, jar: new CookieJar(), ask, jobPollMs };
}
