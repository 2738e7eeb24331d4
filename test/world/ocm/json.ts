/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Null where the text is no JSON, or another value than an object. */
export function readObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** What lies below the names; undefined where the way ends before. */
export function at(value: unknown, ...names: readonly string[]): unknown {
  let found = value;
  for (const name of names) found = isObject(found) ? found[name] : undefined;
  return found;
}

/** Empty where no text lies below the names. */
export function textAt(value: unknown, ...names: readonly string[]): string {
  const found = at(value, ...names);
  return typeof found === "string" ? found : "";
}

/** The texts of a list, or of an object with numeric keys as PHP makes it of a list with gaps. */
export function textsAt(value: unknown, ...names: readonly string[]): readonly string[] {
  const found = at(value, ...names);
  const each: readonly unknown[] = Array.isArray(found) ? found : isObject(found) ? Object.values(found) : [];
  return each.filter((one) => typeof one === "string");
}

/** The first element that is an object. */
export function firstObject(value: unknown): JsonObject | null {
  return Array.isArray(value) ? (value.find(isObject) ?? null) : null;
}
