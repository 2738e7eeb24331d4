import { generateKeyPairSync } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hostOfKeyId, isSignedFor } from "../../../../src/protocols/ocm/signatures/key-id.ts";
import { signCavage } from "../../../../src/protocols/ocm/signatures/cavage.ts";
import { signRfc9421 } from "../../../../src/protocols/ocm/signatures/rfc9421.ts";
import type { SignedRequest } from "../../../../src/protocols/ocm/signatures/signed-request.ts";
import {
  type PeerKey,
  readSignature,
  verifySignature,
} from "../../../../src/protocols/ocm/signatures/verify.ts";
import {
  cavage,
  cavageKey,
  cavageKeyId,
  ed25519,
  request,
  rfc9421,
  signedAtMs,
  withHeaders,
} from "./vectors.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const signer = { keyId: "https://sender.example/ocm#signature", key: rsa.privateKey };
const cavagePeer: PeerKey = { scheme: "cavage", keyId: cavageKeyId, key: cavageKey };
const ownCavage: PeerKey = { scheme: "cavage", keyId: signer.keyId, key: rsa.publicKey };
const rfcPeer: PeerKey = {
  scheme: "rfc9421",
  jwk: { kid: ed25519.keyId, algorithm: "Ed25519", key: ed25519.key },
};

describe("what a request says of its signature", () => {
  test("is scheme, key and host, or nothing", () => {
    expect(readSignature(request)).toEqual({ kind: "unsigned" });
    expect(readSignature(withHeaders(cavage("rsa-sha512")))).toEqual({
      kind: "signed",
      scheme: "cavage",
      keyId: cavageKeyId,
      host: "receiver.example",
    });
    expect(readSignature(withHeaders(rfc9421))).toMatchObject({ scheme: "rfc9421", keyId: ed25519.keyId });
    expect(readSignature(withHeaders({ signature: "x" }))).toMatchObject({ because: "signature-unreadable" });
    const hostless = cavage("rsa-sha512").signature.replace(cavageKeyId, "key one");
    expect(readSignature(withHeaders({ signature: hostless }))).toMatchObject({
      because: "key-id-without-host",
    });
  });

  test.each([
    ["https://receiver.example/ocm#signature", "receiver.example"],
    ["https://Receiver.Example:443/ocm#signature", "receiver.example"],
    ["http://receiver.example/ocm#signature", "receiver.example"],
    ["https://receiver.example:8443/ocm#k", "receiver.example:8443"],
    ["receiver.example#key1", "receiver.example"],
    ["receiver.example:8443#key1", "receiver.example:8443"],
    ["https://[::1]:8443/ocm#k", "[::1]:8443"],
    ["https://user@evil.example/ocm#k", null],
    ["https://receiver.example\\@evil.example/", null],
    ["receiver.example@evil.example", null],
    ["https://", null],
    ["https:///evil.example", null],
    ["//evil.example", null],
    ["mailto:a@evil.example", null],
    ["key one", null],
    ["", null],
    [`https://a.example/${"x".repeat(500)}`, null],
  ])("tells of the key id %s the host %s", (keyId, host) => {
    expect(hostOfKeyId(keyId)).toBe(host);
  });

  test.each([
    ["https://receiver.example/ocm#k", "receiver.example", true],
    ["https://receiver.example/ocm#k", "Receiver.Example", true],
    ["https://receiver.example/ocm#k", "receiver.example:443", true],
    ["https://receiver.example:443/ocm#k", "receiver.example", true],
    ["https://receiver.example:8443/ocm#k", "receiver.example:8443", true],
    ["https://receiver.example:8443/ocm#k", "receiver.example", false],
    ["https://receiver.example/ocm#k", "receiver.example:8443", false],
    ["https://evil.receiver.example/ocm#k", "receiver.example", false],
    ["https://receiver.example.evil.example/ocm#k", "receiver.example", false],
    ["https://receiver.example/ocm#k", "receiver.example/path", false],
    ["https://receiver.example/ocm#k", "user@receiver.example", false],
    ["https://receiver.example/ocm#k", "", false],
  ])("is for one host: %s and %s", (keyId, host, expected) => {
    expect(isSignedFor(keyId, host)).toBe(expected);
  });
});

describe("the verdict on a signature", () => {
  test("is not given with a key of the other scheme", () => {
    const confused: PeerKey = { scheme: "cavage", keyId: ed25519.keyId, key: cavageKey };
    expect(verifySignature(withHeaders(rfc9421), confused, signedAtMs)).toMatchObject({
      because: "key-of-other-scheme",
    });
    const jwk = { kid: cavageKeyId, algorithm: "RS512", key: cavageKey } as const;
    const other = verifySignature(withHeaders(cavage("rsa-sha512")), { scheme: "rfc9421", jwk }, signedAtMs);
    expect(other).toMatchObject({ because: "key-of-other-scheme" });
  });

  test("names a request by what was signed, however its signature is written, and until it is too old", () => {
    const fields = cavage("rsa-sha512");
    const first = verifySignature(withHeaders(fields), cavagePeer, signedAtMs);
    const unpadded = fields.signature.replace(/=="$/, '"').replaceAll(",", ", ");
    const again = verifySignature(
      withHeaders({ ...fields, signature: unpadded }),
      cavagePeer,
      signedAtMs + 1000,
    );
    expect(again).toEqual(first);
    if (first.kind !== "valid") throw new Error("The vector did not verify.");
    expect(verifySignature(withHeaders(fields), cavagePeer, first.untilMs - 1).kind).toBe("valid");
    expect(verifySignature(withHeaders(fields), cavagePeer, first.untilMs).kind).toBe("invalid");
    const later = withHeaders(signRfc9421(request, ed25519, signedAtMs + 1000));
    const other = verifySignature(withHeaders(rfc9421), rfcPeer, signedAtMs);
    expect(verifySignature(later, rfcPeer, signedAtMs)).not.toMatchObject({ ...other });
  });

  const change = fc.oneof(
    fc.record({
      kind: fc.constant("body" as const),
      at: fc.nat(172),
      bits: fc.integer({ min: 1, max: 255 }),
    }),
    fc.record({
      kind: fc.constant("signature" as const),
      at: fc.nat(63),
      bits: fc.integer({ min: 1, max: 255 }),
    }),
    fc.record({ kind: fc.constant("method" as const), to: fc.constantFrom("PUT", "GET", "DELETE") }),
    fc.record({
      kind: fc.constant("path" as const),
      to: fc.webPath().filter((path) => path !== "/ocm/invite-accepted"),
    }),
    fc.record({
      kind: fc.constant("host" as const),
      to: fc.domain().filter((host) => host !== "sender.example"),
    }),
    fc.record({ kind: fc.constant("query" as const), to: fc.webQueryParameters().map((text) => `?${text}`) }),
    fc.record({ kind: fc.constant("date" as const), to: fc.integer({ min: 1, max: 60 }) }),
  );

  test.each(["cavage", "rfc9421"] as const)("is never valid for a changed request: %s", (scheme) => {
    const fields =
      scheme === "cavage"
        ? signCavage(request, signer, "rsa-sha512", signedAtMs)
        : signRfc9421(request, ed25519, signedAtMs);
    const key = scheme === "cavage" ? ownCavage : rfcPeer;
    const signed = withHeaders({ ...fields });
    expect(verifySignature(signed, key, signedAtMs).kind).toBe("valid");
    fc.assert(
      fc.property(change, (what) => {
        expect(verifySignature(changed(signed, what), key, signedAtMs).kind).toBe("invalid");
      }),
      { numRuns: 300 },
    );
  });
});

type Change =
  | { readonly kind: "body" | "signature"; readonly at: number; readonly bits: number }
  | { readonly kind: "method" | "path" | "host" | "query"; readonly to: string }
  | { readonly kind: "date"; readonly to: number };

function changed(from: SignedRequest, what: Change): SignedRequest {
  switch (what.kind) {
    case "body":
      return { ...from, body: flipped(from.body, what.at, what.bits) };
    case "signature":
      return {
        ...from,
        headers: { ...from.headers, signature: otherSignature(from.headers["signature"] ?? "", what) },
      };
    case "method":
      return { ...from, method: what.to };
    case "path":
      return { ...from, url: `https://sender.example/${what.to.replace(/^\/+/, "")}` };
    case "host":
      return { ...from, url: from.url.replace("sender.example", what.to) };
    case "query":
      return { ...from, url: from.url + what.to };
    case "date": {
      const date = new Date(signedAtMs - what.to * 1000).toUTCString();
      return { ...from, headers: { ...from.headers, date } };
    }
    default:
      return what satisfies never;
  }
}

function flipped(bytes: Buffer, at: number, bits: number): Buffer {
  const other = Buffer.from(bytes);
  other[at] = (other[at] ?? 0) ^ bits;
  return other;
}

/** The base64 text at the end of either field, with other bytes behind it. */
function otherSignature(field: string, { at, bits }: { readonly at: number; readonly bits: number }): string {
  return field.replace(/[A-Za-z0-9+/]{86,}={0,2}(?=[":]$)/, (text) =>
    flipped(Buffer.from(text, "base64"), at, bits).toString("base64"),
  );
}
