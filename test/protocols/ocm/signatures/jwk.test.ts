import { generateKeyPairSync, type KeyObject } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { publicJwk, readJwk, readJwks, readRsaPem } from "../../../../src/protocols/ocm/signatures/jwk.ts";
import { cavagePem, ed25519, ed25519Jwk } from "./vectors.ts";

const kid = "https://receiver.example/ocm#k";
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
const rsaJwk = { ...rsa.publicKey.export({ format: "jwk" }), kid, alg: "RS256" };
const p256Jwk = { ...p256.publicKey.export({ format: "jwk" }), kid, alg: "ES256" };

function pem(key: KeyObject): string {
  return key.export({ format: "pem", type: "spki" }).toString();
}

function reason(jwk: Record<string, unknown>): string {
  const read = readJwk(jwk);
  return "because" in read ? read.because : read.algorithm;
}

describe("a JSON Web Key Set", () => {
  test("is written with our public key as in the vector, and nothing private", () => {
    expect(publicJwk(ed25519.key, ed25519.keyId)).toEqual(ed25519Jwk);
    expect(reason({ ...publicJwk(ed25519.key, ed25519.keyId) })).toBe("Ed25519");
  });

  test.each([
    [
      "as Nextcloud publishes it",
      { ...p256Jwk, kid: "https://cloud.example/ocm#ecdsa-p256-sha256-1", use: "sig" },
      "ES256",
    ],
    ["of RSA", rsaJwk, "RS256"],
    ["for verifying", { ...rsaJwk, key_ops: ["verify"] }, "RS256"],
    ["without kid", { ...rsaJwk, kid: undefined }, "kid-missing"],
    ["with a kid that is no text", { ...rsaJwk, kid: 5 }, "kid-missing"],
    ["with an endless kid", { ...rsaJwk, kid: "k".repeat(501) }, "kid-missing"],
    ["without alg", { ...rsaJwk, alg: undefined }, "alg-missing"],
    ["of alg none", { ...rsaJwk, alg: "none" }, "alg-not-taken"],
    ["of a shared secret", { kty: "oct", k: "c2VjcmV0", kid, alg: "HS256" }, "alg-not-taken"],
    ["of RSA with alg HS256", { ...rsaJwk, alg: "HS256" }, "alg-not-taken"],
    ["with an alg that every object has", { ...rsaJwk, alg: "constructor" }, "alg-not-taken"],
    ["of RSA with alg ES256", { ...rsaJwk, alg: "ES256" }, "key-of-other-type"],
    ["of P-256 with alg ES384", { ...p256Jwk, alg: "ES384" }, "key-of-other-type"],
    ["of P-256 with alg Ed25519", { ...p256Jwk, alg: "Ed25519" }, "key-of-other-type"],
    ["of a shared secret with alg RS256", { kty: "oct", k: "c2VjcmV0", kid, alg: "RS256" }, "key-unreadable"],
    ["of no type", { ...rsaJwk, kty: undefined }, "key-unreadable"],
    ["with a coordinate that is no text", { ...p256Jwk, x: 5 }, "key-unreadable"],
    ["of no point of the curve", { ...p256Jwk, x: p256Jwk.y }, "key-unreadable"],
    ["for encryption", { ...rsaJwk, use: "enc" }, "not-for-signatures"],
    ["for signing alone", { ...rsaJwk, key_ops: ["sign"] }, "not-for-signatures"],
  ])("has a key %s read as %s", (_, jwk, expected) => {
    expect(reason(jwk)).toBe(expected);
  });

  test("has RSA keys of 1024 bits refused", () => {
    const short = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" });
    expect(reason({ ...short, kid, alg: "RS256" })).toBe("key-too-short");
  });

  test("gives the public key alone where a private one is published by mistake", () => {
    const read = readJwk({ ...rsa.privateKey.export({ format: "jwk" }), kid, alg: "PS256" });
    expect("key" in read && read.key.type).toBe("public");
  });

  test("gives what can be used of it, and says why the rest cannot", () => {
    const read = readJwks({ keys: [ed25519Jwk, { ...rsaJwk, alg: "none" }, "text", { kty: "RSA" }] });
    expect(read?.keys.map((key) => key.kid)).toEqual([ed25519.keyId]);
    expect(read?.refused).toEqual([
      { kid, because: "alg-not-taken" },
      { kid: null, because: "kid-missing" },
    ]);
  });

  test("gives no key whose kid stands there twice", () => {
    const read = readJwks({ keys: [rsaJwk, p256Jwk, ed25519Jwk] });
    expect(read?.keys.map((key) => key.kid)).toEqual([ed25519.keyId]);
    expect(read?.refused.map(({ because }) => because)).toEqual(["kid-repeated", "kid-repeated"]);
  });

  test("is read up to twenty keys", () => {
    const many = Array.from({ length: 30 }, (_, at) => ({ ...ed25519Jwk, kid: `${kid}${at}` }));
    expect(readJwks({ keys: many })?.keys).toHaveLength(20);
  });

  test.each([null, "text", [], {}, { keys: {} }, { keys: null }])("is none: %j", (value) => {
    expect(readJwks(value)).toBeNull();
  });

  test("is read without throwing, whatever it is", () => {
    const member = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom("RSA", "OKP", "EC", "Ed25519", "RS256", "P-256", "AQAB"),
    );
    const names = fc.constantFrom("kty", "crv", "x", "y", "n", "e", "kid", "alg", "use", "key_ops", "d");
    const jwk = fc.dictionary(names, member);
    fc.assert(
      fc.property(fc.array(fc.oneof(jwk, fc.jsonValue())), (keys) => {
        expect(readJwks({ keys })).not.toBeNull();
      }),
    );
  });
});

describe("a key in PEM", () => {
  test("is taken where it is a public one, as Nextcloud publishes it", () => {
    expect(readRsaPem(cavagePem)).toHaveProperty("key");
    const privatePem = rsa.privateKey.export({ format: "pem", type: "pkcs8" }).toString();
    expect(readRsaPem(privatePem)).toEqual({ because: "key-unreadable" });
  });

  test("is refused where it is no RSA key of 2048 bits or more", () => {
    expect(readRsaPem(pem(p256.publicKey))).toEqual({ because: "key-of-other-type" });
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
    expect(readRsaPem(pem(publicKey))).toEqual({ because: "key-too-short" });
    for (const text of [
      "",
      "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
      cavagePem.padEnd(9000),
    ]) {
      expect(readRsaPem(text)).toEqual({ because: "key-unreadable" });
    }
  });
});
