import { describe, expect, test } from "vitest";
import {
  contentDigestField,
  contentDigestProblem,
  digestField,
  digestProblem,
} from "../../../../src/protocols/ocm/signatures/digest.ts";
import { body, sha256, sha512 } from "./vectors.ts";

describe("the digest of a body", () => {
  test("is written as in the vectors", () => {
    expect(digestField(body, "sha256")).toBe(`SHA-256=${sha256}`);
    expect(digestField(body, "sha512")).toBe(`SHA-512=${sha512}`);
    expect(contentDigestField(body)).toBe(`sha-256=:${sha256}:`);
  });

  test.each([
    [`SHA-256=${sha256}`, null],
    [`SHA-512=${sha512}`, null],
    [`sha-512=${sha512}`, null],
    [`SHA-256=${sha256},SHA-512=${sha512}`, null],
    [`SHA-256=${sha256}, MD5=AAAA`, null],
    [`SHA-256=${sha256}, SHA-512=AAAA`, "digest-mismatch"],
    [`SHA-512=AAAA,SHA-256=${sha256}`, "digest-mismatch"],
    [`SHA-256=${sha512}`, "digest-mismatch"],
    [`SHA-256=${sha256},SHA-512=!`, "digest-mismatch"],
    ["SHA-256=", "digest-mismatch"],
    ["MD5=AAAA", "digest-unknown"],
    ["SHA-1=AAAA", "digest-unknown"],
    ["", "digest-unknown"],
  ])("holds in Digest as %s: %s", (field, expected) => {
    expect(digestProblem(field, body)?.because ?? null).toBe(expected);
  });

  test.each([
    [`sha-256=:${sha256}:`, null],
    [`sha-512=:${sha512}:`, null],
    [`sha-512=:${sha512}:, sha-256=:${sha256}:`, null],
    [`sha-256=:${sha256}:, unixsum=:AAAA:`, null],
    [`sha-256=:${sha256}:, sha-512=:AAAA:`, "digest-mismatch"],
    [`sha-256=(:${sha256}:)`, "digest-mismatch"],
    [`sha-256="${sha256}"`, "digest-mismatch"],
    ["sha-256", "digest-mismatch"],
    ["md5=:AAAA:", "digest-unknown"],
    ["", "digest-unknown"],
    [`sha-256=${sha256}`, "digest-unreadable"],
    ["sha-256=:A", "digest-unreadable"],
  ])("holds in Content-Digest as %s: %s", (field, expected) => {
    expect(contentDigestProblem(field, body)?.because ?? null).toBe(expected);
  });
});
