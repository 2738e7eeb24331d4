import { z } from "zod";

/** A value that was understood, or what is wrong with it. The words never hold a secret. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string; readonly remedy: string };

export function right<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

/** `message` follows the path of the key; `remedy` is a sentence. */
export function wrong<T>(message: string, remedy: string): Parsed<T> {
  return { ok: false, message, remedy };
}

/** One key whose value is read by `parse`, which may read files; missing is a problem of its own. */
export function field<T>(parse: (value: unknown) => Parsed<T> | Promise<Parsed<T>>) {
  return z.unknown().transform(async (value, context): Promise<T> => {
    const parsed = value === undefined ? wrong<T>("missing.", "Add this key.") : await parse(value);
    if (parsed.ok) return parsed.value;
    context.issues.push({
      code: "custom",
      message: parsed.message,
      input: value,
      params: { remedy: parsed.remedy },
    });
    return z.NEVER;
  });
}

/** The same key when it may be left out: null then. */
export function orNull<T>(schema: z.ZodType<T>) {
  return schema.optional().transform((value) => value ?? null);
}

/** A mapping whose keys all have defaults, so that it may be left out. */
export function section<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.preprocess((written) => written ?? {}, z.strictObject(shape));
}
