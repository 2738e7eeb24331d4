import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import * as fc from "fast-check";
import { parseDictionary, isInnerList, type InnerList } from "structured-headers";
import { describe, expect, test } from "vitest";
import { isSignatureOf, type KeyAlgorithm } from "../../../../src/protocols/ocm/signatures/algorithms.ts";
import { readJwk } from "../../../../src/protocols/ocm/signatures/jwk.ts";
import { signRfc9421 } from "../../../../src/protocols/ocm/signatures/rfc9421.ts";
import { signatureBase } from "../../../../src/protocols/ocm/signatures/signature-base.ts";
import type { SignedRequest } from "../../../../src/protocols/ocm/signatures/signed-request.ts";
import { readSignature, verifySignature } from "../../../../src/protocols/ocm/signatures/verify.ts";
import { body, ed25519, request, rfc9421, rfc9421Base, sha256, signedAtMs, withHeaders } from "./vectors.ts";

const created = Math.floor(signedAtMs / 1000);
const required = '"@method" "@target-uri" "content-digest" "content-length"';
const parameters = `;created=${created};keyid="${ed25519.keyId}";tag="ocm"`;

function peerKey(algorithm: KeyAlgorithm, key: KeyObject) {
  return { scheme: "rfc9421", jwk: { kid: ed25519.keyId, algorithm, key: createPublicKey(key) } } as const;
}

const peer = peerKey("Ed25519", ed25519.key);

function because(of: SignedRequest, key: ReturnType<typeof peerKey> = peer, nowMs = signedAtMs): string {
  const verdict = verifySignature(of, key, nowMs);
  return verdict.kind === "invalid" ? verdict.because : verdict.kind;
}

function innerList(text: string): InnerList {
  const member = parseDictionary(`x=${text}`).get("x");
  if (member === undefined || !isInnerList(member)) throw new Error(`${text} is no inner list.`);
  return member;
}

/** Signs by hand whatever the input says; `make` gives the bytes of the signature. */
function signedOver(
  input: string,
  {
    label = "ocm",
    of = request,
    make = ed25519Bytes,
  }: { label?: string; of?: SignedRequest; make?: (base: Buffer) => Buffer } = {},
): SignedRequest {
  const headers: Record<string, string> = { "content-digest": rfc9421["content-digest"], ...of.headers };
  const base = signatureBase({ ...of, headers }, innerList(input));
  const bytes = make(Buffer.from(typeof base === "string" ? base : "", "latin1"));
  const signature = `${label}=:${bytes.toString("base64")}:`;
  return { ...of, headers: { ...headers, "signature-input": `${label}=${input}`, signature } };
}

function ed25519Bytes(base: Buffer): Buffer {
  return sign(null, base, ed25519.key);
}

describe("signatures of RFC 9421", () => {
  test("have the base, and are the bytes, of the vector", () => {
    const input = rfc9421["signature-input"].slice("ocm=".length);
    expect(signatureBase(withHeaders(rfc9421), innerList(input))).toBe(rfc9421Base);
    expect(signRfc9421(request, ed25519, signedAtMs)).toEqual({ date: request.headers["date"], ...rfc9421 });
    expect(verifySignature(withHeaders(rfc9421), peer, signedAtMs)).toMatchObject({
      kind: "valid",
      scheme: "rfc9421",
      keyId: ed25519.keyId,
      algorithm: "Ed25519",
    });
  });

  test("of one request within one second differ by their nonces, and both are valid", () => {
    const [first, second] = ["one", "two"].map((nonce) =>
      verifySignature(withHeaders(signRfc9421(request, ed25519, signedAtMs, nonce)), peer, signedAtMs),
    );
    expect([first?.kind, second?.kind]).toEqual(["valid", "valid"]);
    expect(first).not.toEqual(second);
  });

  test("have the base of RFC 9421, appendix B.2.6, whose signature its key verifies", () => {
    const key = readJwk({
      kty: "OKP",
      crv: "Ed25519",
      kid: "test-key-ed25519",
      alg: "EdDSA",
      x: "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs",
    });
    if (!("key" in key)) throw new Error(key.because);
    const example: SignedRequest = {
      method: "POST",
      url: "https://example.com/foo?param=Value&Pet=dog",
      headers: {
        host: "example.com",
        date: "Tue, 20 Apr 2021 02:07:55 GMT",
        "content-type": "application/json",
        "content-length": "18",
      },
      body: Buffer.from('{"hello": "world"}'),
    };
    const input =
      '("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"';
    const base = signatureBase(example, innerList(input));
    expect(base).toBe(
      [
        '"date": Tue, 20 Apr 2021 02:07:55 GMT',
        '"@method": POST',
        '"@path": /foo',
        '"@authority": example.com',
        '"content-type": application/json',
        '"content-length": 18',
        `"@signature-params": ${input}`,
      ].join("\n"),
    );
    const signature =
      "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==";
    expect(
      isSignatureOf(
        Buffer.from(typeof base === "string" ? base : ""),
        Buffer.from(signature, "base64"),
        key.key,
        key.algorithm,
      ),
    ).toBe(true);
  });

  test("tell all parts of a request as RFC 9421, section 2.2, has them", () => {
    const of = { ...request, url: "https://Sender.Example:443/ocm/x?a=b&c=%20" };
    const base = signatureBase(
      of,
      innerList('("@target-uri" "@authority" "@scheme" "@request-target" "@path" "@query")'),
    );
    expect(base).toBe(
      [
        '"@target-uri": https://Sender.Example:443/ocm/x?a=b&c=%20',
        '"@authority": sender.example',
        '"@scheme": https',
        '"@request-target": /ocm/x?a=b&c=%20',
        '"@path": /ocm/x',
        '"@query": ?a=b&c=%20',
        '"@signature-params": ("@target-uri" "@authority" "@scheme" "@request-target" "@path" "@query")',
      ].join("\n"),
    );
    expect(signatureBase(request, innerList('("@query")'))).toContain('"@query": ?\n');
  });
});

describe("what signatures of RFC 9421 cover", () => {
  test("need no date among what they cover, for they tell when they were made", () => {
    expect(because(signedOver(`(${required})${parameters}`))).toBe("valid");
  });

  test.each(["@method", "@target-uri", "content-digest", "content-length"])("must cover %s", (name) => {
    const rest = required.split(" ").filter((each) => each !== `"${name}"`);
    expect(because(signedOver(`(${rest.join(" ")} "date")${parameters}`))).toBe("not-covered");
  });

  test("must cover whole things that came, each once", () => {
    expect(because(signedOver(`(${required} "x-absent")${parameters}`))).toBe("component-missing");
    expect(because(signedOver(`(${required} "@status")${parameters}`))).toBe("component-missing");
    expect(because(signedOver(`(${required} "@query-param";name="a")${parameters}`))).toBe(
      "component-not-taken",
    );
    expect(because(signedOver(`(${required} "@method")${parameters}`))).toBe("components-repeated");
    expect(
      because(signedOver(`("@method" "@target-uri" "content-digest";req "content-length")${parameters}`)),
    ).toBe("component-not-taken");
    expect(because(signedOver(`(${required} toString)${parameters}`))).toBe("component-not-taken");
    expect(because(signedOver(`(${required} "constructor")${parameters}`))).toBe("component-missing");
  });

  test.each([
    [300, "valid"],
    [301, "signature-too-old"],
    [-60, "valid"],
    [-61, "signature-from-future"],
  ])("created %i s ago are %s", (seconds, expected) => {
    expect(because(withHeaders(rfc9421), peer, signedAtMs + seconds * 1000)).toBe(expected);
  });

  test.each([
    [`;created=${created};expires=${created + 10};keyid="${ed25519.keyId}";tag="ocm"`, "signature-expired"],
    [`;created=${created};expires=${created + 11};keyid="${ed25519.keyId}";tag="ocm"`, "valid"],
    [`;created=${created};expires="never";keyid="${ed25519.keyId}";tag="ocm"`, "created-missing"],
    [`;keyid="${ed25519.keyId}";tag="ocm"`, "created-missing"],
    [`;created="${created}";keyid="${ed25519.keyId}";tag="ocm"`, "created-missing"],
    [`;created=${created};tag="ocm"`, "key-id-missing"],
    [`;created=${created};keyid=token;tag="ocm"`, "key-id-missing"],
    [`;created=${created};keyid="https://receiver.example/ocm#ed25519-2";tag="ocm"`, "key-of-other-id"],
    [`;created=${created};keyid="https://receiver.example/ocm#ED25519-1";tag="ocm"`, "key-of-other-id"],
  ])("with the parameters %s ten seconds later are %s", (text, expected) => {
    expect(because(signedOver(`(${required})${text}`), peer, signedAtMs + 10_000)).toBe(expected);
  });
});

describe("signatures of RFC 9421 among others", () => {
  test("are told apart by tag, and by the label where none has one", () => {
    const untagged = `(${required});created=${created};keyid="${ed25519.keyId}"`;
    const tagged = `${untagged};tag="ocm"`;
    expect(because(signedOver(tagged, { label: "sig1" }))).toBe("valid");
    expect(because(signedOver(untagged))).toBe("valid");
    expect(because(signedOver(untagged, { label: "sig1" }))).toBe("unsigned");
    expect(because(signedOver(`${untagged};tag="other"`))).toBe("unsigned");
    expect(because(signedOver(`${untagged};tag=ocm`))).toBe("unsigned");
  });

  test("are refused where more than one is for Open Cloud Mesh, and hold beside those of others", () => {
    const own = withHeaders(rfc9421).headers;
    const beside = (input: string): string =>
      because(
        withHeaders({
          ...rfc9421,
          "signature-input": `${own["signature-input"]}, ${input}`,
          signature: `${own["signature"]}, b=:AAAA:`,
        }),
      );
    expect(beside(`b=("@method");created=${created};tag="ocm"`)).toBe("signatures-several");
    expect(beside(`b=("@method");created=${created};tag="proxy"`)).toBe("valid");
    expect(beside(`b=("@method")`)).toBe("valid");
  });

  test("are refused where the body, or any digest of it that is known, is another", () => {
    const right = rfc9421["content-digest"];
    const changed = Buffer.from(body.toString().replace("dora", "dory"));
    expect(because({ ...withHeaders(rfc9421), body: changed })).toBe("digest-mismatch");
    const digests: [string, string][] = [
      [`${right}, sha-512=:AAAA:`, "digest-mismatch"],
      [`sha-512=:AAAA:, ${right}`, "digest-mismatch"],
      [`${right}, sha-512=5`, "digest-mismatch"],
      [`md5=:AAAA:, ${right}`, "valid"],
      ["md5=:AAAA:", "digest-unknown"],
      [`SHA-256=:${sha256}:`, "digest-unreadable"],
    ];
    for (const [digest, expected] of digests) {
      const of = withHeaders({ "content-digest": digest });
      expect([digest, because(signedOver(`(${required})${parameters}`, { of }))]).toEqual([digest, expected]);
    }
  });
});

describe("keys and algorithms of RFC 9421", () => {
  test("verify with the keys that Nextcloud and others publish, by the algorithm of the key", () => {
    const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey;
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const pss = { padding: 6, saltLength: -1 };
    const cases: [KeyAlgorithm, KeyObject, (base: Buffer) => Buffer][] = [
      ["EdDSA", ed25519.key, ed25519Bytes],
      ["ES256", p256, (base) => sign("sha256", base, { key: p256, dsaEncoding: "ieee-p1363" })],
      ["ES384", p384, (base) => sign("sha384", base, { key: p384, dsaEncoding: "ieee-p1363" })],
      ["RS256", rsa, (base) => sign("sha256", base, rsa)],
      ["RS384", rsa, (base) => sign("sha384", base, rsa)],
      ["RS512", rsa, (base) => sign("sha512", base, rsa)],
      ["PS256", rsa, (base) => sign("sha256", base, { key: rsa, ...pss })],
      ["PS384", rsa, (base) => sign("sha384", base, { key: rsa, ...pss })],
      ["PS512", rsa, (base) => sign("sha512", base, { key: rsa, ...pss })],
    ];
    for (const [algorithm, key, make] of cases) {
      const of = signedOver(`(${required})${parameters}`, { make });
      expect([algorithm, because(of, peerKey(algorithm, key))]).toEqual([algorithm, "valid"]);
      for (const [other, otherKey] of cases) {
        if (other === algorithm || (algorithm === "EdDSA" && other === "Ed25519")) continue;
        expect([algorithm, other, because(of, peerKey(other, otherKey))]).toEqual([
          algorithm,
          other,
          "signature-wrong",
        ]);
      }
    }
  });

  test("take ECDSA in the form of RFC 9421 alone, not in DER", () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const of = signedOver(`(${required})${parameters}`, { make: (base) => sign("sha256", base, privateKey) });
    expect(because(of, peerKey("ES256", privateKey))).toBe("signature-wrong");
  });

  test.each([
    ["ed25519", "valid"],
    ["hmac-sha256", "algorithm-not-taken"],
    ["ecdsa-p256-sha256", "algorithm-not-taken"],
    ["none", "algorithm-not-taken"],
  ])("that name the algorithm %s beside an Ed25519 key are %s", (alg, expected) => {
    expect(because(signedOver(`(${required});alg="${alg}"${parameters}`))).toBe(expected);
  });

  test("are no secret shared with the key: the bytes of a public key make no signature", () => {
    const jwk = { kid: ed25519.keyId, algorithm: "RS256", key: createPublicKey(ed25519.key) } as const;
    expect(because(withHeaders(rfc9421), { scheme: "rfc9421", jwk })).toBe("signature-wrong");
  });
});

describe("fields of RFC 9421", () => {
  test.each([
    { "signature-input": "ocm" },
    { "signature-input": "ocm=5" },
    { "signature-input": 'ocm="text"' },
    { signature: "ocm=5" },
    { signature: "other=:AAAA:" },
    { signature: "ocm=(:AAAA:)" },
    { signature: "" },
    { "signature-input": `ocm=("${"a".repeat(9000)}")` },
    { "signature-input": "ocm=(" },
  ])("of another form are refused: %j", (headers) => {
    expect(["signature-unreadable", "key-id-missing"]).toContain(
      because(withHeaders({ ...rfc9421, ...headers })),
    );
  });

  test("are read without throwing, whatever stands in the fields", () => {
    const word = fc.constantFrom(
      ...'ocm=|(|)|"@method"|;created=1|;keyid="a"|;tag="ocm"|:AAAA:|,| |@9|@99999999999999|%"a%c3"|%"%01"|?1|-1.5|*|\\'.split(
        "|",
      ),
    );
    const field = fc.oneof(
      fc.string(),
      fc.array(word).map((words) => words.join("")),
    );
    fc.assert(
      fc.property(field, field, field, (input, signature, digest) => {
        const of = withHeaders({ "signature-input": input, signature, "content-digest": digest });
        readSignature(of);
        expect(["invalid", "unsigned"]).toContain(verifySignature(of, peer, signedAtMs).kind);
      }),
      { numRuns: 500 },
    );
  });
});
