import { z } from "zod";

/** Segments of a schema path: a key, `[]` for each entry of a list, `<name>` for each key of a free mapping. */
type SchemaPath = readonly string[];

/** Every key that a schema knows, in order: leaves and the mappings round them. */
export function schemaPaths(schema: z.core.$ZodType, above: SchemaPath = []): SchemaPath[] {
  const kind = unwrapped(schema);
  if (kind instanceof z.ZodObject) {
    return Object.entries<z.core.$ZodType>(kind.shape).flatMap(([key, inner]) => {
      const path = [...above, key];
      return [path, ...schemaPaths(inner, path)];
    });
  }
  if (kind instanceof z.ZodRecord) return schemaPaths(kind.valueType, [...above, "<name>"]);
  if (kind instanceof z.ZodArray) return schemaPaths(kind.element, [...above, "[]"]);
  return [];
}

/** The schema inside of defaults, optionals and transformations. */
function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPipe)
    return unwrapped(schema.in instanceof z.ZodTransform ? schema.out : schema.in);
  const wraps =
    schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault;
  return wraps ? unwrapped(schema.def.innerType) : schema;
}

/** The keys that the mapping at `path` of a configuration may have. */
export function knownKeys(paths: readonly SchemaPath[], path: readonly (string | number)[]): string[] {
  return paths
    .filter((known) => known.length === path.length + 1 && path.every((part, at) => isAt(part, known[at])))
    .map((known) => known.at(-1) ?? "");
}

function isAt(part: string | number, known: string | undefined): boolean {
  return known === "<name>" || (typeof part === "number" ? known === "[]" : known === part);
}
