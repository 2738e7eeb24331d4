import { z } from "zod";
import { readBrand } from "../../../src/mail/templates/brand.ts";
import { exampleOf } from "../../../src/mail/templates/examples.ts";
import { shippedFolder } from "../../../src/mail/templates/folders.ts";
import type { TemplateName } from "../../../src/mail/templates/names.ts";
import { valueSchemas } from "../../../src/mail/templates/value-schema.ts";
import { valuesOf } from "../../../src/mail/templates/values.ts";

/** One variable as templates/README.md shows it. */
export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly example: string;
}

/** Every variable of a template by its schema, with the values of its example in English. */
export async function variablesOf(name: TemplateName): Promise<readonly Variable[]> {
  const brand = await readBrand([shippedFolder]);
  const values = valuesOf(exampleOf(name, "Example Cloud"), "en", brand.values);
  return below(valueSchemas[name], "", values);
}

function below(schema: z.core.$ZodType, name: string, value: unknown): readonly Variable[] {
  if (schema instanceof z.ZodObject) {
    return Object.entries<z.core.$ZodType>(schema.shape).flatMap(([key, inner]) =>
      below(inner, name === "" ? key : `${name}.${key}`, valueAt(value, key)),
    );
  }
  if (schema instanceof z.ZodArray && schema.element instanceof z.ZodObject) {
    const inner = below(schema.element, `${name}[]`, Array.isArray(value) ? value[0] : undefined);
    return [{ name, type: "list", example: Array.isArray(value) ? `${value.length} entries` : "" }, ...inner];
  }
  return [{ name, type: typeOf(schema), example: shown(value) }];
}

function valueAt(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

function typeOf(schema: z.core.$ZodType): string {
  if (schema instanceof z.ZodString) return "text";
  if (schema instanceof z.ZodNumber) return "number";
  if (schema instanceof z.ZodBoolean) return "true or false";
  if (schema instanceof z.ZodArray) return "list of texts";
  throw new Error("There is no word for this type.");
}

function shown(value: unknown): string {
  if (value === undefined || value === "" || (Array.isArray(value) && value.length === 0)) return "(empty)";
  if (Array.isArray(value)) return value.join(" / ");
  return typeof value === "string" ? value : JSON.stringify(value);
}
