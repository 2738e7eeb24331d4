import type { Config, Endpoint } from "./config.ts";
import type { ConfigPath } from "./document.ts";
import { isLoopback } from "./values.ts";

interface Warning {
  readonly at: ConfigPath;
  readonly message: string;
  readonly remedy: string;
}

/** What works but is probably not meant. Pure. */
export function configWarnings(config: Config): Warning[] {
  return [...policyWarnings(config), ...cleartextWarnings(config)];
}

function policyWarnings({ policy, trustedAuthservIds }: Config): Warning[] {
  const warnings: Warning[] = [];
  for (const [index, rule] of policy.entries()) {
    if (rule.then === "accept" && rule.senderDomain === null) {
      warnings.push({
        at: ["policy", index],
        message: `rule ${index + 1} accepts shares from mail whose sender nobody has authenticated.`,
        remedy: "Add when.senderDomain, so that only authenticated mail is accepted.",
      });
    }
    if (rule.senderDomain !== null && trustedAuthservIds.length === 0) {
      warnings.push({
        at: ["policy", index, "when", "senderDomain"],
        message: `rule ${index + 1} can never match: no mail counts as authenticated.`,
        remedy: "Name the authserv-id of your own mail server in trustedAuthservIds.",
      });
    }
  }
  return warnings;
}

function cleartextWarnings({ mailServers, smtp }: Config): Warning[] {
  const endpoints: (readonly [ConfigPath, Endpoint])[] = Object.entries(mailServers).map(([name, server]) => [
    ["mailServers", name, "tls"],
    server,
  ]);
  if (smtp !== null) endpoints.push([["smtp", "tls"], smtp]);
  return endpoints
    .filter(([, endpoint]) => endpoint.tls === "none" && !isLoopback(endpoint.host))
    .map(([at, endpoint]) => ({
      at,
      message: `passwords and mail go to ${endpoint.host} without encryption.`,
      remedy: "Use implicit or starttls.",
    }));
}
