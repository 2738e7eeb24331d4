import { createHash, createPrivateKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import { cavageFields, cavageFlaw, isCavageSignedBy, newCavageKey, readCavage } from "./cavage.ts";
import {
  isMessageSignedBy,
  messageFields,
  messageFlaw,
  newMessageKey,
  readMessageSignature,
} from "./message-signature.ts";
import type { OcmRequest } from "./wire.ts";

// The vectors of reference/ocm.md 4.8.
const body =
  '{"recipientProvider":"receiver.example","token":"5f0f8a2e-7f0e-4b51-9d6c-0c1b2a3d4e5f","userID":"dora","userId":"dora","email":"dora@receiver.example","name":"Dora Example"}';
const date = new Date("2026-07-07T10:00:00Z");
const url = new URL("https://sender.example/ocm/invite-accepted");
const sha256 = "2gdUiL1HGVNH/kIrbM39q9PIxeaSku6RjyEeDEJ2ghI=";
const sha512 = "Flc6WnobMZdOXmVM9pAVMNRwG+Xn8iTJ4yxpslSBZWvTOEUqct/wXHBoxGQO2VDC7L9d7t8QEkKi4lJi7T4YJw==";
const publicKeyPem = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAx/zafmVVgYw1gHXfaUCp
kDQ02zXlwOHmF6nGLMql/w72y2cvWAHY/9uI8do7voO1EOKYRgd51XrQGzQb8vmA
JJsCzN9zKA0qCGLN2qe5i89mqUMZoN5Xs5EkB9DKpYJsBFZWUzWm73O1LVZYw2tG
FihtuqERE9g1pihNxj4G7mXTwVpO2y7DMg9If99uMmprkb7wYoacb8E/9SIOzKAd
8hbjk9xQ9iLsFUoWFVwrzFbLKgaRpXVa3Cc2K5ASh2UbqhKvC1lMTOFVEvNbgEV2
m0rFzlRxCj2gPL4oDi2DMu0vn0YyX+CjkxgUNkZSgR9Hbj9wnvdCEHpdmI9wZCsB
9wIDAQAB
-----END PUBLIC KEY-----
`;
const cavageVectors = [
  [
    "rsa-sha256",
    `SHA-256=${sha256}`,
    "iL0RKXkY0jyPH65BrlSFtqZjlWOVhBjnRvU4C7fEMoUjbNRzkTlhqdkCR2QzLRXb2s3D0CBvhybNbKh2KuU3GnitcwRBb3yUYGiDfvrIUsNKe0y+RcgObHPlj0WZnc/FvyLBPWrZA0cqiwaM75E12RiAe3YhhCnYJTOhpqvjykS4TQ/WygJnBnrZJ/AMTISvuKwsMfQUVeEkoYAzJbZcvFv9rwzzDE70AIEhSfnxlsELqbziK+GjOovEhefxPJiOLZIBpXmuO9w6sAE731uD8oK3kH+1lFvLfkJhzJWJ0qOiG/HReE6HclLpG6F/932VyKaS/ramx8uylGR/Re21Dg==",
  ],
  [
    "rsa-sha512",
    `SHA-512=${sha512}`,
    "lZTVlHofiUFdXGHzpYlhjTGXeFsU8zQZRmieoy4RqMhmflpQyM5oXsVsAF597EJBmN9HWP9veg0vAKp3rmCIU3aAJsQibOO5WZgU/e0PUB6ThPCyS0iw7bkla4SH1DrZhHK6nZ3gtJloJ0ZR4GcX1zULjq7wK9O2x593VDc0kEYqF079+gwMqvt1HQ09UEQm02lpEGj7/DM+XgkKq5fDMu5Js75Lie7aFKt+B0Awn3uzNgV/Yb+Vbpfkg0ooLAW5j3ZmBiLASwUjuIP48/hRdEcCcLDVpv7WBMNnw7KJ76/4nqvVcfbmNiaLXj+ULzYsjy1zwbtFXOtrQh4RpDSZqg==",
  ],
] as const;

function requestWith(headers: Readonly<Record<string, string>>): OcmRequest {
  return {
    method: "POST",
    host: url.host,
    target: url.pathname,
    path: url.pathname,
    query: new URLSearchParams(),
    headers: new Map(Object.entries({ host: url.host, "content-length": "173", ...headers })),
    body: Buffer.from(body),
    isTooLarge: false,
  };
}

const whenSigned = date.getTime();

describe("draft-cavage", () => {
  test.each(cavageVectors)(
    "the vector of %s verifies, and no other body does",
    (algorithm, digest, value) => {
      const field = `keyId="https://receiver.example/ocm#signature",algorithm="${algorithm}",headers="(request-target) content-length date digest host",signature="${value}"`;
      const request = requestWith({ date: date.toUTCString(), digest, signature: field });
      const read = readCavage(field);
      if (read === null) throw new Error("The field could not be read.");
      expect(cavageFlaw(request, read, url.host, whenSigned)).toBeNull();
      expect(isCavageSignedBy(publicKeyPem, request, read)).toBe(true);
      const changed = { ...request, body: Buffer.from(body.replace("dora", "doro")) };
      expect(cavageFlaw(changed, read, url.host, whenSigned)).toBe("the digest is of another body");
      const elsewhere = { ...request, target: "/ocm/shares" };
      expect(isCavageSignedBy(publicKeyPem, elsewhere, read)).toBe(false);
    },
  );

  test("what it signs, it verifies; blanks behind commas, an old date and a long body are refused", async () => {
    const key = await newCavageKey("https://receiver.example/ocm#signature");
    const fields = cavageFields(key, url, body, date);
    const request = requestWith(fields);
    const read = readCavage(fields["signature"] ?? "");
    if (read === null) throw new Error("The field could not be read.");
    expect(cavageFlaw(request, read, url.host, whenSigned + 300_000)).toBeNull();
    expect(isCavageSignedBy(key.publicKeyPem, request, read)).toBe(true);
    expect(readCavage((fields["signature"] ?? "").replaceAll(",", ", "))).toBeNull();
    expect(cavageFlaw(request, read, url.host, whenSigned + 301_000)).toContain("300 s");
    const long = { ...request, body: Buffer.alloc(50_001) };
    expect(cavageFlaw(long, read, url.host, whenSigned)).toContain("50000");
    const unsignedDate = { ...read, names: read.names.filter((name) => name !== "date") };
    expect(cavageFlaw(request, unsignedDate, url.host, whenSigned)).toBe("date is not signed");
  });
});

describe("RFC 9421", () => {
  const jwk = {
    kty: "OKP",
    crv: "Ed25519",
    x: "iZiRc8axkEPpN07PkaOwkjJxZgVpeSOvgurUDNbBgXA",
    kid: "https://receiver.example/ocm#ed25519-1",
    alg: "Ed25519",
    use: "sig",
  };
  const fields = {
    "content-digest": `sha-256=:${sha256}:`,
    "content-length": "173",
    date: date.toUTCString(),
    "signature-input":
      'ocm=("@method" "@target-uri" "content-digest" "content-length" "date");created=1783418400;keyid="https://receiver.example/ocm#ed25519-1";tag="ocm"',
    signature:
      "ocm=:PRLrQXgE1tC44B3OYQYwazSnOa+Y9gotm7/fvKdpOLKw/7gaUNsams3bnGfEVjMwTd20aI2uQr0muOnS5pOUAw==:",
  };

  test("the vector verifies, and is made from its seed", () => {
    const request = requestWith(fields);
    const read = readMessageSignature(request);
    if (read === null) throw new Error("The fields could not be read.");
    expect(messageFlaw(request, read, whenSigned)).toBeNull();
    expect(isMessageSignedBy(jwk, request, read, url.host)).toBe(true);
    expect(isMessageSignedBy(jwk, request, read, "other.example")).toBe(false);
    const seed = createHash("sha256").update("ocm test vector ed25519").digest();
    const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
    const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    const key = { kid: jwk.kid, alg: "Ed25519", privateKey, jwk } as const;
    expect(messageFields(key, url, body, date)).toEqual(fields);
  });

  test.each([
    ["a component that is left out", { "signature-input": fields["signature-input"].replace(' "date"', "") }],
    ["a keyid that is no URL", { "signature-input": fields["signature-input"].replace("https://", "") }],
    ["no created", { "signature-input": fields["signature-input"].replace(";created=1783418400", "") }],
    ["another digest", { "content-digest": `sha-256=:${sha256.replace("2", "3")}:` }],
  ])("%s is a flaw", (_, change) => {
    const request = requestWith({ ...fields, ...change });
    const read = readMessageSignature(request);
    expect(read === null ? null : messageFlaw(request, read, whenSigned)).toEqual(expect.any(String));
  });

  test("another label is not seen, and the time is bounded on both sides", async () => {
    const key = await newMessageKey("https://receiver.example/ocm#ecdsa-p256-sha256-1");
    const own = messageFields(key, url, body, date);
    const request = requestWith(own);
    const read = readMessageSignature(request);
    if (read === null) throw new Error("The fields could not be read.");
    expect(isMessageSignedBy(key.jwk, request, read, url.host)).toBe(true);
    expect(isMessageSignedBy({ ...key.jwk, alg: "none" }, request, read, url.host)).toBe(false);
    expect(messageFlaw(request, read, whenSigned + 300_000)).toBeNull();
    expect(messageFlaw(request, read, whenSigned + 301_000)).toContain("created");
    expect(messageFlaw(request, read, whenSigned - 60_000)).toBeNull();
    expect(messageFlaw(request, read, whenSigned - 61_000)).toContain("created");
    const relabelled = { "signature-input": `sig1${(own["signature-input"] ?? "").slice(3)}` };
    expect(readMessageSignature(requestWith({ ...own, ...relabelled }))).toBeNull();
  });
});
