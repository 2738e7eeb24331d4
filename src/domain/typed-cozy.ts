import { httpsOrigin } from "./web-link.ts";

export type TypedCozy =
  | {
      readonly kind: "cozy";
      /** `https://host[:port]`. */
      readonly url: string;
    }
  | { readonly kind: "mail-address" }
  | { readonly kind: "not-an-address" };

/** Hosts where an application's slug stands behind the name: `john-drive.mycozy.cloud` is `john.mycozy.cloud`. */
const hosted = ["mycozy.cloud", "cozy.rocks"];

/**
 * Reads what a person typed as the address of his Cozy, as Cozys do (reference/cozy.md 3.5): without scheme, with a path or a
 * full stop behind, misspelt, or only the name. `domain` (`host[:port]`) is put behind a name without a dot. Always https.
 */
export function readTypedCozy(typed: string, domain: string): TypedCozy {
  const bare = typed
    .trim()
    .replace(/^https?:\/\//i, "")
    .replace(/[/?#].*$/s, "")
    .replace(/\.+$/, "");
  if (/^[^@\s]+@[^@\s]+$/.test(bare)) return { kind: "mail-address" };
  if (bare === "") return { kind: "not-an-address" };
  const url = httpsOrigin(withoutSlug(bare.includes(".") ? bare.toLowerCase() : `${bare}.${domain}`));
  return url === null ? { kind: "not-an-address" } : { kind: "cozy", url };
}

function withoutSlug(host: string): string {
  const spelt = host.replace(/mycosy\.cloud$/, "mycozy.cloud");
  const suffix = hosted.find((each) => spelt.endsWith(`.${each}`));
  if (suffix === undefined) return spelt;
  const name = spelt.slice(0, -suffix.length - 1);
  return `${name.replace(/-[^-.]*$/, "")}.${suffix}`;
}
