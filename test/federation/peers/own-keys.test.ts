import { createPublicKey } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Secret } from "../../../src/config/secret.ts";
import { newSiteKeys, readSiteKeys } from "../../../src/config/site-keys.ts";
import { ownKeys, renameKeys, strayKeys } from "../../../src/federation/peers/own-keys.ts";
import { signCavage } from "../../../src/protocols/ocm/signatures/cavage.ts";
import { signRfc9421 } from "../../../src/protocols/ocm/signatures/rfc9421.ts";
import { type PeerKey, verifySignature } from "../../../src/protocols/ocm/signatures/verify.ts";
import { createSealer, generateKey, SealError } from "../../../src/store/sealing.ts";
import { listSiteKeys } from "../../../src/store/site-keys.ts";
import { temporaryStore } from "../../store/temporary.ts";

const siteUrl = "https://usher.example.net";
const sealer = createSealer(generateKey());
let store: Awaited<ReturnType<typeof temporaryStore>>;

beforeAll(async () => {
  store = await temporaryStore();
});
afterAll(async () => store[Symbol.asyncDispose]());

function parts(url: string | null = siteUrl, keys: Secret | null = null) {
  return { store, sealer, siteUrl: () => url, settings: () => ({ keys }) };
}

/** In the order of the file: the first tests see a store without keys. */
describe("the site's own keys", () => {
  test("are not made while nothing is served", async () => {
    expect(await ownKeys(parts(null))).toBeNull();
    expect(await listSiteKeys(store.db)).toEqual([]);
  });

  test("are the same for all who ask first at the same time, and ever after", async () => {
    const both = await Promise.all([ownKeys(parts()), ownKeys(parts())]);
    const [first, second] = both.map((keys) => [keys?.cavage.publicPem, keys?.rfc9421.publicPem]);
    expect(first).toEqual(second);
    await using again = await store.again();
    const later = await ownKeys({ ...parts(), store: again });
    expect([later?.cavage.publicPem, later?.rfc9421.publicPem]).toEqual(first);
  });

  test("are those of the configuration where it has some, and stay where it has others later", async () => {
    await using other = await temporaryStore();
    const [pem, later] = [await newSiteKeys(), await newSiteKeys()];
    const first = await ownKeys({ ...parts(siteUrl, new Secret(pem)), store: other });
    const given = readSiteKeys(pem);
    if (given === null) throw new Error("The keys cannot be read.");
    for (const scheme of ["cavage", "rfc9421"] as const)
      expect(first?.[scheme].key.equals(given[scheme])).toBe(true);
    const then = await ownKeys({ ...parts(siteUrl, new Secret(later)), store: other });
    expect(then?.cavage.publicPem).toBe(first?.cavage.publicPem);
  });

  test("are named as other servers look for them", async () => {
    const keys = await ownKeys(parts());
    expect(keys?.cavage.keyId).toBe("https://usher.example.net/ocm#signature");
    expect(keys?.rfc9421.keyId).toBe("https://usher.example.net/ocm#ed25519-1");
  });

  test("are sealed at rest, and open with the key of the installation alone", async () => {
    const rows = await listSiteKeys(store.db);
    expect(JSON.stringify(rows)).not.toContain("PRIVATE KEY");
    const stranger = { ...parts(), sealer: createSealer(generateKey()) };
    await expect(ownKeys(stranger)).rejects.toThrow(SealError);
  });

  test("sign what their public halves verify, in both ways", async () => {
    const keys = await ownKeys(parts());
    if (keys === null) throw new Error("There are no keys.");
    const body = Buffer.from("{}");
    const url = "https://cloud.example.com/index.php/ocm/shares";
    const headers = { host: "cloud.example.com", "content-length": "2" };
    const request = { method: "POST", url, headers, body };
    const { cavage, rfc9421 } = keys;
    expect(createPublicKey(cavage.publicPem).asymmetricKeyDetails?.modulusLength).toBeGreaterThanOrEqual(
      2048,
    );
    const known: readonly [Readonly<Record<string, string>>, PeerKey][] = [
      [
        signCavage(request, cavage, "rsa-sha512", Date.now()),
        { scheme: "cavage", keyId: cavage.keyId, key: createPublicKey(cavage.publicPem) },
      ],
      [
        signRfc9421(request, rfc9421, Date.now()),
        {
          scheme: "rfc9421",
          jwk: { kid: rfc9421.keyId, algorithm: "Ed25519", key: createPublicKey(rfc9421.publicPem) },
        },
      ],
    ];
    for (const [fields, key] of known) {
      const signed = { ...request, headers: { ...headers, ...fields } };
      expect(verifySignature(signed, key, Date.now()).kind).toBe("valid");
    }
  });

  test("stay what they are when the site's address changes, until somebody says that it moved", async () => {
    const before = await ownKeys(parts());
    const moved = "https://share.example.org:8443";
    const after = await ownKeys(parts(moved));
    expect(after?.cavage.keyId).toBe(before?.cavage.keyId);
    expect(await strayKeys(store.db, siteUrl)).toEqual([]);
    expect(await strayKeys(store.db, moved)).toHaveLength(2);
    await renameKeys(store.db, moved);
    const renamed = await ownKeys(parts(moved));
    expect(renamed?.cavage.keyId).toBe("https://share.example.org:8443/ocm#signature");
    expect(renamed?.cavage.publicPem).toBe(before?.cavage.publicPem);
    expect(await strayKeys(store.db, moved)).toEqual([]);
  });
});
