import { createHash, createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { SignedRequest } from "../../../../src/protocols/ocm/signatures/signed-request.ts";

/** The test vectors of reference/ocm.md 4.8, exactly. */

export const signedAtMs = Date.parse("2026-07-07T10:00:00Z");

export const body = Buffer.from(
  '{"recipientProvider":"receiver.example","token":"5f0f8a2e-7f0e-4b51-9d6c-0c1b2a3d4e5f","userID":"dora","userId":"dora","email":"dora@receiver.example","name":"Dora Example"}',
);

export const request: SignedRequest = {
  method: "POST",
  url: "https://sender.example/ocm/invite-accepted",
  headers: {
    host: "sender.example",
    "content-type": "application/json",
    "content-length": "173",
    date: "Tue, 07 Jul 2026 10:00:00 GMT",
  },
  body,
};

export function withHeaders(headers: Readonly<Record<string, string>>): SignedRequest {
  return { ...request, headers: { ...request.headers, ...headers } };
}

export const sha256 = "2gdUiL1HGVNH/kIrbM39q9PIxeaSku6RjyEeDEJ2ghI=";
export const sha512 =
  "Flc6WnobMZdOXmVM9pAVMNRwG+Xn8iTJ4yxpslSBZWvTOEUqct/wXHBoxGQO2VDC7L9d7t8QEkKi4lJi7T4YJw==";

/** PKCS #8 of an Ed25519 key is this and its seed (RFC 8410 section 7). */
const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");
const seed = createHash("sha256").update("ocm test vector ed25519").digest();

export const ed25519: { readonly keyId: string; readonly key: KeyObject } = {
  keyId: "https://receiver.example/ocm#ed25519-1",
  key: createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: "der", type: "pkcs8" }),
};

export const ed25519Jwk = {
  kty: "OKP",
  crv: "Ed25519",
  x: "iZiRc8axkEPpN07PkaOwkjJxZgVpeSOvgurUDNbBgXA",
  kid: "https://receiver.example/ocm#ed25519-1",
  alg: "Ed25519",
  use: "sig",
};

export const rfc9421 = {
  "content-digest": `sha-256=:${sha256}:`,
  "signature-input":
    'ocm=("@method" "@target-uri" "content-digest" "content-length" "date");created=1783418400;keyid="https://receiver.example/ocm#ed25519-1";tag="ocm"',
  signature: "ocm=:PRLrQXgE1tC44B3OYQYwazSnOa+Y9gotm7/fvKdpOLKw/7gaUNsams3bnGfEVjMwTd20aI2uQr0muOnS5pOUAw==:",
};

export const rfc9421Base = `"@method": POST
"@target-uri": https://sender.example/ocm/invite-accepted
"content-digest": sha-256=:${sha256}:
"content-length": 173
"date": Tue, 07 Jul 2026 10:00:00 GMT
"@signature-params": ("@method" "@target-uri" "content-digest" "content-length" "date");created=1783418400;keyid="https://receiver.example/ocm#ed25519-1";tag="ocm"`;

export const cavageKeyId = "https://receiver.example/ocm#signature";

export const cavagePem = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAx/zafmVVgYw1gHXfaUCp
kDQ02zXlwOHmF6nGLMql/w72y2cvWAHY/9uI8do7voO1EOKYRgd51XrQGzQb8vmA
JJsCzN9zKA0qCGLN2qe5i89mqUMZoN5Xs5EkB9DKpYJsBFZWUzWm73O1LVZYw2tG
FihtuqERE9g1pihNxj4G7mXTwVpO2y7DMg9If99uMmprkb7wYoacb8E/9SIOzKAd
8hbjk9xQ9iLsFUoWFVwrzFbLKgaRpXVa3Cc2K5ASh2UbqhKvC1lMTOFVEvNbgEV2
m0rFzlRxCj2gPL4oDi2DMu0vn0YyX+CjkxgUNkZSgR9Hbj9wnvdCEHpdmI9wZCsB
9wIDAQAB
-----END PUBLIC KEY-----
`;

export const cavageKey = createPublicKey(cavagePem);

const cavageSignatures = {
  "rsa-sha256":
    "iL0RKXkY0jyPH65BrlSFtqZjlWOVhBjnRvU4C7fEMoUjbNRzkTlhqdkCR2QzLRXb2s3D0CBvhybNbKh2KuU3GnitcwRBb3yUYGiDfvrIUsNKe0y+RcgObHPlj0WZnc/FvyLBPWrZA0cqiwaM75E12RiAe3YhhCnYJTOhpqvjykS4TQ/WygJnBnrZJ/AMTISvuKwsMfQUVeEkoYAzJbZcvFv9rwzzDE70AIEhSfnxlsELqbziK+GjOovEhefxPJiOLZIBpXmuO9w6sAE731uD8oK3kH+1lFvLfkJhzJWJ0qOiG/HReE6HclLpG6F/932VyKaS/ramx8uylGR/Re21Dg==",
  "rsa-sha512":
    "lZTVlHofiUFdXGHzpYlhjTGXeFsU8zQZRmieoy4RqMhmflpQyM5oXsVsAF597EJBmN9HWP9veg0vAKp3rmCIU3aAJsQibOO5WZgU/e0PUB6ThPCyS0iw7bkla4SH1DrZhHK6nZ3gtJloJ0ZR4GcX1zULjq7wK9O2x593VDc0kEYqF079+gwMqvt1HQ09UEQm02lpEGj7/DM+XgkKq5fDMu5Js75Lie7aFKt+B0Awn3uzNgV/Yb+Vbpfkg0ooLAW5j3ZmBiLASwUjuIP48/hRdEcCcLDVpv7WBMNnw7KJ76/4nqvVcfbmNiaLXj+ULzYsjy1zwbtFXOtrQh4RpDSZqg==",
} as const;

/** The fields `digest` and `signature`, as a peer sends them. */
export function cavage(algorithm: keyof typeof cavageSignatures): {
  readonly digest: string;
  readonly signature: string;
} {
  const digest = algorithm === "rsa-sha256" ? `SHA-256=${sha256}` : `SHA-512=${sha512}`;
  const headers = "(request-target) content-length date digest host";
  const signature = cavageSignatures[algorithm];
  return {
    digest,
    signature: `keyId="${cavageKeyId}",algorithm="${algorithm}",headers="${headers}",signature="${signature}"`,
  };
}
