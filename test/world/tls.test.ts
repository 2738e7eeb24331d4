import { X509Certificate } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Certificates, makeCertificates } from "./tls.ts";

let directory: string;
let certificates: Certificates;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "usher-tls-"));
  certificates = await makeCertificates(directory);
});

afterAll(async () => rm(directory, { recursive: true, force: true }));

describe("the throw-away authority", () => {
  test("signs a certificate for names and addresses", async () => {
    const { cert } = await certificates.certificate(["ox.example.com", "127.0.0.1"]);
    const read = new X509Certificate(cert);
    expect(read.verify(new X509Certificate(certificates.ca).publicKey)).toBe(true);
    expect(read.checkHost("ox.example.com")).toBe("ox.example.com");
    expect(read.checkHost("other.example.com")).toBeUndefined();
    expect(read.checkIP("127.0.0.1")).toBe("127.0.0.1");
  });

  test("makes expired and self-signed ones on demand, many at once", async () => {
    const [expired, alone, again] = await Promise.all([
      certificates.certificate(["ox.example.com"], { expired: true }),
      certificates.certificate(["ox.example.com"], { selfSigned: true }),
      certificates.certificate(["ox.example.com"], { expired: true }),
    ]);
    expect(new X509Certificate(expired.cert).validToDate.getTime()).toBeLessThan(Date.now());
    expect(new X509Certificate(alone.cert).verify(new X509Certificate(certificates.ca).publicKey)).toBe(
      false,
    );
    expect(again).toEqual(expired);
  });
});
