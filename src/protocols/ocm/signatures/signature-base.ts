import { type InnerList, type Item, serializeInnerList, serializeItem } from "structured-headers";
import { limits } from "../../../domain/limits.ts";
import {
  authorityOf,
  type InvalidSignature,
  invalid,
  quoted,
  requestTargetOf,
  type SignedRequest,
} from "./signed-request.ts";

/**
 * The signature base of RFC 9421 section 2.5 for the components and parameters of one signature. Components with parameters
 * of their own (section 2.1.1 and others) are not taken: no OCM server sends any.
 */
export function signatureBase(request: SignedRequest, input: InnerList): string | InvalidSignature {
  const names = componentNames(input);
  if (!Array.isArray(names)) return names;
  const lines: string[] = [];
  for (const [at, name] of names.entries()) {
    const value = componentValue(request, name);
    if (value === null) return invalid("component-missing", `It covers ${quoted(name)}, which did not come.`);
    lines.push(`${serializeItem(input[0][at] ?? "")}: ${value}`);
  }
  return [...lines, `"@signature-params": ${serializeInnerList(input)}`].join("\n");
}

/** The names of what a signature covers. */
export function componentNames([items]: InnerList): string[] | InvalidSignature {
  const names = items.map(plainName);
  const plain = names.filter((name) => name !== null);
  if (plain.length !== names.length) {
    return invalid(
      "component-not-taken",
      "It covers something else than whole header fields and parts of the request.",
    );
  }
  if (new Set(plain).size !== plain.length || plain.length > limits.signedComponents) {
    return invalid("components-repeated", "It covers something twice, or too much.");
  }
  return plain;
}

function plainName([name, parameters]: Item): string | null {
  return typeof name === "string" && parameters.size === 0 ? name : null;
}

function componentValue(request: SignedRequest, name: string): string | null {
  if (name.startsWith("@")) return derivedValue(request, name);
  return Object.hasOwn(request.headers, name) ? (request.headers[name]?.trim() ?? null) : null;
}

/** RFC 9421 section 2.2. */
function derivedValue({ method, url }: SignedRequest, name: string): string | null {
  const target = requestTargetOf(url);
  const path = target.split("?", 1)[0] ?? "/";
  switch (name) {
    case "@method":
      return method;
    case "@target-uri":
      return url;
    case "@authority":
      return authorityOf(url);
    case "@scheme":
      return url.split(":", 1)[0]?.toLowerCase() ?? null;
    case "@request-target":
      return target;
    case "@path":
      return path;
    case "@query":
      return target.slice(path.length) || "?";
    default:
      return null;
  }
}
