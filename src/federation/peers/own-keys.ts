import { createPrivateKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
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

const generate = promisify(generateKeyPair);

/** Behind the site's address in the names of its keys (reference/ocm.md 4.1 and 4.8). */
const names: Readonly<Record<SignatureScheme, string>> = {
  cavage: "/ocm#signature",
  rfc9421: "/ocm#ed25519-1",
};

/**
 * The site's keys; made when they are first asked for, and then the same for ever, whatever becomes of `server.publicUrl`:
 * peers trust the first that they see of a host. Null while nothing is served. Throws SealError.
 */
export async function ownKeys({
  store,
  sealer,
  siteUrl,
}: Pick<FederationGround, "store" | "sealer" | "siteUrl">): Promise<OwnKeys | null> {
  const site = siteUrl();
  if (site === null) return null;
  const kept = await listSiteKeys(store.db);
  const missing = (["cavage", "rfc9421"] as const).filter(
    (scheme) => !kept.some((row) => row.scheme === scheme),
  );
  for (const scheme of missing) {
    const { privateKey, publicKey } = await newKeyPair(scheme);
    await insertSiteKey(store.db, {
      scheme,
      key_id: keyIdOf(scheme, site),
      private_sealed: sealer.seal(privateKey, sealPlace(scheme)),
      public_key: publicKey,
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

/** Both as PEM. RSA has 3072 bits: the key is to last. */
async function newKeyPair(
  scheme: SignatureScheme,
): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  const { privateKey, publicKey } =
    scheme === "cavage" ? await generate("rsa", { modulusLength: 3072 }) : await generate("ed25519");
  return {
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
  };
}
