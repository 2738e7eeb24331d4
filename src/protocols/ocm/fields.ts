import { isObject, type JsonObject } from "../../domain/json.ts";
import { limits } from "../../domain/limits.ts";

/** Reading of what other servers write, whatever stands there instead of what should. */

/** A text of bounded length that is not empty; a whole number, as sloppy servers write ids, counts as text. Else null. */
export function textIn(
  from: JsonObject | null,
  key: string,
  mostChars: number = limits.ocmTextChars,
): string | null {
  const value = from?.[key];
  const text = typeof value === "number" && Number.isSafeInteger(value) ? `${value}` : value;
  return typeof text === "string" && text !== "" && text.length <= mostChars ? text : null;
}

/** The object under a key; null where there is none. */
export function objectIn(from: JsonObject, key: string): JsonObject | null {
  const value = from[key];
  return isObject(value) ? value : null;
}

/** Members of a list, or of an object with numbers for keys, which is how PHP writes a list with gaps. */
export function listIn(value: unknown): readonly unknown[] {
  const all = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
  return all.slice(0, limits.ocmListed);
}

/** Texts of such a list; others are left out. */
export function textsIn(value: unknown): readonly string[] {
  return listIn(value).filter(
    (each): each is string => typeof each === "string" && each !== "" && each.length <= limits.ocmTextChars,
  );
}
