import { isObject } from "../../domain/json.ts";
import { limits } from "../../domain/limits.ts";
import { httpsOrigin } from "../../domain/web-link.ts";
import { isEmpty, readRules, type WireRule } from "../../protocols/cozy-v2/wire.ts";

/** What an application asks to share. */
export interface NewSharing {
  readonly desc: string | null;
  readonly rules: readonly WireRule[];
  /** `https://host[:port]` of each recipient's Cozy, each once. */
  readonly targets: readonly string[];
  readonly continuous: boolean;
}

export type ReadNewSharing =
  | { readonly kind: "sharing"; readonly sharing: NewSharing }
  | { readonly kind: "wrong"; readonly error: string };

/** Reads the sharing object of the Cozy-sharing (v2) document; errors in the words of the data-system (reference/cozy.md 4.4). */
export function readNewSharing(body: unknown): ReadNewSharing {
  if (!isObject(body) || isEmpty(body["targets"]) || isEmpty(body["rules"]))
    return wrong("Body is incomplete");
  const rules = readRules(body["rules"]);
  if (rules === null) return wrong("Incorrect rule detected");
  if (new Set(rules.map(({ id }) => id)).size < rules.length) return wrong("A document is named twice");
  const targets = readTargets(body["targets"]);
  if (typeof targets === "string") return wrong(targets);
  const { desc, continuous } = body;
  const isText = typeof desc === "string" && desc !== "" && desc.length <= limits.cozyTextChars;
  // The document's default; that of the data-system is false.
  return {
    kind: "sharing",
    sharing: { desc: isText ? desc : null, rules, targets, continuous: continuous !== false },
  };
}

/** The addresses, or what is wrong with them. */
function readTargets(value: unknown): readonly string[] | string {
  const given = Array.isArray(value) ? value.map(urlIn) : [null];
  const urls = given.filter((url) => url !== null);
  if (urls.length < given.length) return "No url specified";
  if (urls.length > limits.cozyMembers) return `More than ${limits.cozyMembers} targets`;
  const targets = urls.map(httpsOrigin).filter((url) => url !== null);
  if (targets.length < urls.length) return "A url is not the https address of a Cozy";
  return new Set(targets).size < targets.length ? "A target is named twice" : targets;
}

function urlIn(target: unknown): string | null {
  // The first revisions of the data-system named it `url` (reference/cozy.md 4.2).
  const url = isObject(target) ? (target["recipientUrl"] ?? target["url"]) : null;
  return typeof url === "string" && url !== "" ? url : null;
}

function wrong(error: string): ReadNewSharing {
  return { kind: "wrong", error };
}
