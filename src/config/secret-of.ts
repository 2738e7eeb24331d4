import type { ConfigFiles, SecretForm } from "./files.ts";
import { type Parsed, right } from "./parsed.ts";
import { Secret } from "./secret.ts";

/** Reads what a reference to a secret points to, and checks it. */
export function secretOf(files: ConfigFiles, check: (secret: string) => Parsed<string>, form?: SecretForm) {
  return async (written: unknown): Promise<Parsed<Secret>> => {
    const read = await files.secret(written, form);
    const checked = read.ok ? check(read.value) : read;
    return checked.ok ? right(new Secret(checked.value)) : checked;
  };
}
