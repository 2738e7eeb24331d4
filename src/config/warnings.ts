import { impliesAuthentication, type Rule } from "../domain/policy.ts";
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
  return [...ruleWarnings(config.policy, config), ...cleartextWarnings(config), ...signingWarnings(config)];
}

/** What the settings say about who is believed. */
type Belief = Pick<Config, "trustedAuthservIds" | "dkim">;

/** Rules that do less than they say; `at` begins at `policy`. */
export function ruleWarnings(rules: readonly Rule[], belief: Belief): Warning[] {
  const isAnybodyBelieved = belief.trustedAuthservIds.length > 0 || belief.dkim.verify;
  return rules.flatMap((rule, index) => {
    if (impliesAuthentication(rule)) return isAnybodyBelieved ? [] : [neverMatches(index)];
    return rule.then === "accept" ? [acceptsAnybody(index)] : [];
  });
}

function acceptsAnybody(index: number): Warning {
  return {
    at: ["policy", index],
    message: `rule ${index + 1} says accept to mail whose sender nobody has authenticated; such mail is held all the same.`,
    remedy: "Add when.senderDomain, when.contact or evidence: [authenticated], which say what is meant.",
  };
}

function neverMatches(index: number): Warning {
  return {
    at: ["policy", index],
    message: `rule ${index + 1} can never match: no mail counts as authenticated.`,
    remedy: "Name the authserv-id of your own mail server in trustedAuthservIds, or set dkim.verify.",
  };
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

/** DMARC counts a signature only for a sender of the same organisation (RFC 7489 section 3.1.1). */
function signingWarnings({ smtp }: Config): Warning[] {
  const signing = smtp?.dkim?.domain ?? null;
  const sender = smtp?.from.address.split("@").at(-1) ?? "";
  if (signing === null || isAtOrBelow(signing, sender) || isAtOrBelow(sender, signing)) return [];
  return [
    {
      at: ["smtp", "dkim", "domain"],
      message: `mail from ${sender} is signed by ${signing}, which receivers may not count for the sender.`,
      remedy: "Sign with the domain of smtp.from.address.",
    },
  ];
}

function isAtOrBelow(domain: string, other: string): boolean {
  return domain === other || domain.endsWith(`.${other}`);
}
