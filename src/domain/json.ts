import { limits } from "./limits.ts";

/** An object of a JSON text whose members are not known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Whether a parsed JSON value has more levels than anything that people and programs write: what goes through it level by level,
 * as JSON.stringify does, runs out of stack.
 */
export function isTooDeep(value: unknown, levels: number = limits.jsonLevels): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isTooDeep(each, levels - 1));
}
