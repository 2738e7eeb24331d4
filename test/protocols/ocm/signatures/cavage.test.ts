import { createSign, generateKeyPairSync } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCavage, signCavage } from "../../../../src/protocols/ocm/signatures/cavage.ts";
import type { SignedRequest } from "../../../../src/protocols/ocm/signatures/signed-request.ts";
import { verifySignature } from "../../../../src/protocols/ocm/signatures/verify.ts";
import { body, cavage, cavageKey, cavageKeyId, request, signedAtMs, withHeaders } from "./vectors.ts";

const peer = { scheme: "cavage", keyId: cavageKeyId, key: cavageKey } as const;
const own = generateKeyPairSync("rsa", { modulusLength: 2048 });
const signer = { keyId: "https://sender.example/ocm#signature", key: own.privateKey };
const ownKey = { scheme: "cavage", keyId: signer.keyId, key: own.publicKey } as const;
const allNames = ["(request-target)", "content-length", "date", "digest", "host"];

function because(
  of: SignedRequest,
  key: Parameters<typeof verifySignature>[1] = ownKey,
  nowMs = signedAtMs,
): string {
  const verdict = verifySignature(of, key, nowMs);
  return verdict.kind === "invalid" ? verdict.because : verdict.kind;
}

function sent(
  algorithm: "rsa-sha256" | "rsa-sha512" = "rsa-sha512",
  from: SignedRequest = request,
): SignedRequest {
  return { ...from, headers: { ...from.headers, ...signCavage(from, signer, algorithm, signedAtMs) } };
}

function sentBytes(bytes: number): SignedRequest {
  const headers = { ...request.headers, "content-length": `${bytes}` };
  return sent("rsa-sha512", { ...request, headers, body: Buffer.alloc(bytes, " ") });
}

/** Signed by hand, with any list of names; the texts are put in as they are told. */
function signedOver(names: readonly string[], values: Readonly<Record<string, string>> = {}): SignedRequest {
  const { digest } = cavage("rsa-sha512");
  const all: Record<string, string> = {
    "(request-target)": "post /ocm/invite-accepted",
    ...request.headers,
    digest,
    ...values,
  };
  const text = names.map((name) => `${name}: ${all[name] ?? ""}`).join("\n");
  const signature = createSign("sha512").update(text).sign(own.privateKey, "base64");
  const { "(request-target)": _, ...headers } = all;
  const list = names.join(" ");
  const field = `keyId="${signer.keyId}",algorithm="rsa-sha512",headers="${list}",signature="${signature}"`;
  return { ...request, headers: { ...headers, signature: field } };
}

describe("signatures of draft-cavage", () => {
  test.each(["rsa-sha256", "rsa-sha512"] as const)("verify by the vector of %s", (algorithm) => {
    expect(verifySignature(withHeaders(cavage(algorithm)), peer, signedAtMs)).toMatchObject({
      kind: "valid",
      scheme: "cavage",
      keyId: cavageKeyId,
      algorithm,
    });
  });

  test.each(["rsa-sha256", "rsa-sha512"] as const)(
    "are written in the form of the vector with %s",
    (algorithm) => {
      const fields = signCavage(request, { ...signer, keyId: cavageKeyId }, algorithm, signedAtMs);
      const vector = cavage(algorithm);
      const valueless = /signature=".*"$/;
      expect(fields.date).toBe(request.headers["date"]);
      expect(fields.digest).toBe(vector.digest);
      expect(fields.signature.replace(valueless, "")).toBe(vector.signature.replace(valueless, ""));
      expect(because(sent(algorithm))).toBe("valid");
    },
  );

  test("have no blanks behind commas: Nextcloud splits naively", () => {
    const { signature } = signCavage(request, signer, "rsa-sha512", signedAtMs);
    expect(signature).not.toMatch(/, | ,/);
    const parts = signature.split(",").map((part) => part.split("=", 1)[0]);
    expect(parts).toEqual(["keyId", "algorithm", "headers", "signature"]);
  });

  test("are read with blanks behind commas and around equals signs", () => {
    const { digest, signature } = cavage("rsa-sha512");
    const spaced = signature.replaceAll(",", ", \t").replace("keyId=", " keyId = ");
    expect(because(withHeaders({ digest, signature: spaced }), peer)).toBe("valid");
  });

  test("hold in any order of the covered fields, with more of them, and with the names in upper case", () => {
    expect(because(signedOver(allNames.toReversed()))).toBe("valid");
    expect(because(signedOver([...allNames, "content-type"]))).toBe("valid");
    const upper = signedOver(allNames);
    const signature = (upper.headers["signature"] ?? "").replace(
      allNames.join(" "),
      "(request-target) Content-Length Date Digest Host",
    );
    expect(because({ ...upper, headers: { ...upper.headers, signature } })).toBe("valid");
  });

  test.each(allNames)("must cover %s", (name) => {
    expect(because(signedOver(allNames.filter((each) => each !== name)))).toBe("not-covered");
  });

  test("must cover what came, and each field once", () => {
    expect(because(signedOver([...allNames, "x-absent"]))).toBe("header-missing");
    expect(because(signedOver([...allNames, "(created)"]))).toBe("header-missing");
    expect(because(signedOver([...allNames, "host"]))).toBe("headers-repeated");
  });

  test.each([
    [300, "valid"],
    [301, "signature-too-old"],
    [-60, "valid"],
    [-61, "signature-from-future"],
  ])("with a Date of %i s ago are %s", (seconds, expected) => {
    expect(because(sent(), ownKey, signedAtMs + seconds * 1000)).toBe(expected);
  });

  test.each(["2026-07-07T10:00:00Z", "1783418400", "Tue, 07 Jul 2026 10:00:00", ""])(
    "have a date in %j refused",
    (date) => {
      expect(because(signedOver(allNames, { date }))).toBe("date-unreadable");
    },
  );

  test("are refused with a body over 50000 bytes, which Nextcloud does not take either", () => {
    expect(because(sentBytes(50_000))).toBe("valid");
    expect(because(sentBytes(50_001))).toBe("body-too-long");
  });

  test("are refused where Content-Length or Digest is not that of the body", () => {
    expect(because(signedOver(allNames, { "content-length": "174" }))).toBe("length-mismatch");
    expect(because({ ...sent(), body: Buffer.from(body.toString().replace("dora", "dory")) })).toBe(
      "digest-mismatch",
    );
    expect(because(signedOver(allNames, { digest: "MD5=aaaa" }))).toBe("digest-unknown");
  });

  test("are bound to the host that the peer addressed, whatever a reverse proxy writes into Host", () => {
    const behindProxy = { ...sent().headers, host: "127.0.0.1:8080" };
    expect(because({ ...sent(), headers: behindProxy })).toBe("valid");
    expect(because({ ...sent(), url: "https://other.example/ocm/invite-accepted" })).toBe("signature-wrong");
    const withPort = signedOver(allNames, { host: "Sender.Example:443" });
    expect(because(withPort)).toBe("valid");
    expect(because(signedOver(allNames, { host: "evil.example" }))).toBe("signature-wrong");
  });

  test.each(["hs2019", "hmac-sha256", "rsa-sha1", "ecdsa-sha256", "ed25519", "none", "", "RSA-SHA512"])(
    "are refused with the algorithm %j",
    (algorithm) => {
      const of = sent();
      const signature = (of.headers["signature"] ?? "").replace("rsa-sha512", algorithm);
      expect(because({ ...of, headers: { ...of.headers, signature } })).toBe("algorithm-not-taken");
    },
  );

  test("do not verify as the other RSA algorithm, nor with a key of another type or of 1024 bits", () => {
    const of = sent();
    const signature = (of.headers["signature"] ?? "").replace("rsa-sha512", "rsa-sha256");
    expect(because({ ...of, headers: { ...of.headers, signature } })).toBe("signature-wrong");
    const ed25519 = generateKeyPairSync("ed25519").publicKey;
    expect(because(of, { ...ownKey, key: ed25519 })).toBe("key-of-other-type");
    const short = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey;
    expect(because(of, { ...ownKey, key: short })).toBe("key-too-short");
  });

  test("are refused under another key id than that of the peer's discovery", () => {
    expect(because(sent(), { ...ownKey, keyId: "https://sender.example/ocm#other" })).toBe("key-of-other-id");
  });

  test("of ocm-stub, which lists names with commas and signs values alone, do not verify", () => {
    const { digest } = cavage("rsa-sha256");
    const values = ["post /shares", "173", "sender.example", request.headers["date"], digest];
    const signature = createSign("sha256").update(values.join("\n")).sign(own.privateKey, "base64");
    const field = `keyId="stub.example",algorithm="rsa-sha256",headers="request-target,content-length,host,date,digest",signature="${signature}"`;
    const of = withHeaders({ digest, "request-target": "post /shares", signature: field });
    expect(because(of, { ...ownKey, keyId: "stub.example" })).toBe("not-covered");
  });

  test.each([
    'keyId="a",keyId="b",signature="aaaa"',
    'keyId="a"',
    'signature="aaaa"',
    'keyId="a",signature="not base64"',
    'keyId="a" signature="aaaa"',
    "abcdef",
    "",
    `keyId="${"a".repeat(9000)}",signature="aaaa"`,
  ])("of another form are not read: %j", (field) => {
    expect(readCavage(field)).toBeNull();
  });

  test("are read without throwing, whatever stands in the field", () => {
    const word = fc.constantFrom("keyId", "headers", "signature", "=", '"', ",", " ", "AAAA", "\\", "1");
    const field = fc.oneof(
      fc.string(),
      fc.array(word).map((words) => words.join("")),
    );
    fc.assert(
      fc.property(field, field, field, (signature, digest, date) => {
        const of = withHeaders({ signature, digest, date });
        expect(["invalid", "unsigned"]).toContain(verifySignature(of, ownKey, signedAtMs).kind);
      }),
    );
  });
});
