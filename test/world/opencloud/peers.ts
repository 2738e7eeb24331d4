import type { Answered } from "../ocm/caller.ts";
import { at, isObject, type JsonObject, readObject, textAt } from "../ocm/json.ts";
import type { OcmGround } from "../ocm/server.ts";

type Calling = Pick<OcmGround, "call">;

/** Every post of this family is unsigned (reference/ocm.md 4.2, 4.8). */
export async function postJson({ call }: Calling, url: string, value: unknown): Promise<Answered> {
  const headers = { "Content-Type": "application/json" };
  return call({ method: "POST", url, headers, body: JSON.stringify(value) });
}

interface Discovered {
  /** Without a final slash. */
  readonly endPoint: string;
  readonly whole: JsonObject;
}

/**
 * By one path: reva asks at `/.well-known/ocm` alone, which is why it cannot federate with Nextcloud 32. Null where it
 * brings nothing usable.
 */
export async function discover(
  { call }: Calling,
  host: string,
  path = "/.well-known/ocm",
): Promise<Discovered | null> {
  const answer = await call({ method: "GET", url: `https://${host}${path}` });
  if (answer.kind !== "answered" || answer.status !== 200) return null;
  const whole = readObject(answer.text);
  const endPoint = textAt(whole, "endPoint").replace(/\/+$/, "");
  return whole === null || endPoint === "" ? null : { endPoint, whole };
}

/** The entry of a type of resource in a discovery; null where it is not advertised. */
export function resourceTypeIn({ whole }: Discovered, name: string): JsonObject | null {
  const types = at(whole, "resourceTypes");
  const each: readonly unknown[] = Array.isArray(types) ? types : [];
  return each.filter(isObject).find((type) => type["name"] === name) ?? null;
}
