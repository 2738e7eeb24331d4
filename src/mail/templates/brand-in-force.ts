import { type Brand, readBrand } from "./brand.ts";
import type { SearchOrder } from "./folders.ts";
import { orError } from "./load.ts";
import { TemplateError } from "./problem.ts";

/** The brand that mails are written with, and what is wrong with the one that should be. */
export interface BrandInForce {
  readonly brand: Brand;
  /** Null where the first `brand.yaml` itself is in force. */
  readonly fault: TemplateError | null;
}

/**
 * The first `brand.yaml`; where it cannot be used the last that could, and before there was one, those of the folders behind.
 * @throws TemplateError where Usher's own is broken.
 */
export async function brandInForce(search: SearchOrder, last: Brand | null = null): Promise<BrandInForce> {
  const brand = await orError(async () => readBrand(search));
  if (!(brand instanceof TemplateError)) return { brand, fault: null };
  if (last !== null) return { brand: last, fault: brand };
  const [, ...rest] = search;
  if (rest.length === 0) throw brand;
  return { brand: (await brandInForce(rest)).brand, fault: brand };
}
