import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { OcmConfig } from "../../config/config.ts";
import { newSiteKeys, readSiteKeys } from "../../config/site-keys.ts";
import type { SignatureScheme } from "../../store/ocm-tables.ts";
import { insertSiteKey, listSiteKeys, renameSiteKey, type SiteKeyRow } from "../../store/site-keys.ts";
import type { Db } from "../../store/store.ts";
import type { FederationGround } from "../parts.ts";

/** One of the site's own keys. */
export interface OwnKey {
  /** `https://host/ocm#…` as it was when the key was made: peers know the key by it. */
  readonly keyId: string;
  /** The private key. */
  readonly key: KeyObject;
  /** SPKI. */
  readonly publicPem: string;
}

/** RSA for draft-cavage, Ed25519 for RFC 9421. */
export type OwnKeys = Readonly<Record<SignatureScheme, OwnKey>>;

/** Behind the site's address in the names of its keys (reference/ocm.md 4.1 and 4.8). */
const names: Readonly<Record<SignatureScheme, string>> = {
  cavage: "/ocm#signature",
  rfc9421: "/ocm#ed25519-1",
};

interface OwnKeyParts extends Pick<FederationGround, "store" | "sealer" | "siteUrl"> {
  readonly settings: () => Pick<OcmConfig, "keys">;
}

/**
 * The site's keys: those of the configuration (`ocm.keys`, made by `usher init`), or made when they are first asked for; and then
 * the same for ever, whatever becomes of the configuration: peers trust the first that they see of a host. Null while nothing is
 * served. Throws SealError.
 */
export async function ownKeys({ store, sealer, siteUrl, settings }: OwnKeyParts): Promise<OwnKeys | null> {
  const site = siteUrl();
  if (site === null) return null;
  const kept = await listSiteKeys(store.db);
  const missing = (["cavage", "rfc9421"] as const).filter(
    (scheme) => !kept.some((row) => row.scheme === scheme),
  );
  const keys = missing.length === 0 ? null : readSiteKeys(settings().keys?.reveal() ?? (await newSiteKeys()));
  for (const scheme of missing) {
    if (keys === null) throw new Error("The site's keys cannot be read.");
    await insertSiteKey(store.db, {
      scheme,
      key_id: keyIdOf(scheme, site),
      private_sealed: sealer.seal(privatePem(keys[scheme]), sealPlace(scheme)),
      public_key: createPublicKey(keys[scheme]).export({ type: "spki", format: "pem" }).toString(),
      created_at: Date.now(),
    });
  }
  const rows = missing.length === 0 ? kept : await listSiteKeys(store.db);
  return { cavage: opened("cavage"), rfc9421: opened("rfc9421") };

  function opened(scheme: SignatureScheme): OwnKey {
    const row = rows.find((each) => each.scheme === scheme);
    if (row === undefined) throw new Error(`The key for ${scheme} is gone.`);
    const key = createPrivateKey(sealer.open(row.private_sealed, sealPlace(scheme)));
    return { keyId: row.key_id, key, publicPem: row.public_key };
  }
}

/** Keys whose names are of another host than the site has now: peers refuse what is signed with them. */
export async function strayKeys(db: Db, siteUrl: string): Promise<readonly SiteKeyRow[]> {
  return (await listSiteKeys(db)).filter(({ scheme, key_id: keyId }) => keyId !== keyIdOf(scheme, siteUrl));
}

/** Names the site's keys after its present address. Peers that know it by the former one have to be told. */
export async function renameKeys(db: Db, siteUrl: string): Promise<void> {
  for (const { scheme } of await strayKeys(db, siteUrl)) {
    await renameSiteKey(db, scheme, keyIdOf(scheme, siteUrl));
  }
}

function keyIdOf(scheme: SignatureScheme, siteUrl: string): string {
  return siteUrl + names[scheme];
}

function sealPlace(scheme: SignatureScheme) {
  return { table: "site_key", row: scheme, column: "private_sealed" } as const;
}

function privatePem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}
