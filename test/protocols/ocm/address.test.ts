import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readOcmAddress, readPeerHost, writeOcmAddress } from "../../../src/protocols/ocm/address.ts";
import { readUserId } from "../../../src/protocols/ocm/user-id.ts";

describe("OCM addresses (reference/ocm.md 3.1)", () => {
  test.each([
    ["bob@receiver.example", "bob", "receiver.example"],
    // shareWith of Nextcloud 32.
    ["bob@https://receiver.example", "bob", "receiver.example"],
    ["bob@http://receiver.example/", "bob", "receiver.example"],
    ["a@b@host:8443", "a@b", "host:8443"],
    ["bob@receiver.example/", "bob", "receiver.example"],
    ["bob@receiver.example:443", "bob", "receiver.example"],
    ["Bob@RECEIVER.example", "Bob", "receiver.example"],
    ["bob@büro.example", "bob", "xn--bro-hoa.example"],
    ["a:b/c=@receiver.example", "a:b/c=", "receiver.example"],
    ["YWJjQGh0dHBzOi8vaG9zdA==@host.example", "YWJjQGh0dHBzOi8vaG9zdA==", "host.example"],
  ])("%s names %s at %s", (text, identifier, host) => {
    expect(readOcmAddress(text)).toEqual({ identifier, host });
  });

  test.each([
    "",
    "bob",
    "@receiver.example",
    "bob@",
    "bob@receiver.example/path",
    "bob@receiver.example?x",
    "bob@user:password@",
    "bob@https://",
    "bob@10.0.0.1",
    "bob@[::1]",
    "bob@receiver.example:99999",
    "bob@receiver .example",
    `bob@${"x".repeat(300)}`,
  ])("%s is none", (text) => {
    expect(readOcmAddress(text)).toBeNull();
  });

  test("what is written is read again, whatever the identifier", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (identifier) => {
        const address = { identifier, host: "receiver.example:8443" };
        expect(readOcmAddress(writeOcmAddress(address))).toEqual(address);
      }),
    );
  });

  test("no text makes reading throw", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const host = readPeerHost(text);
        expect(host === null || URL.canParse(`https://${host}/`)).toBe(true);
      }),
    );
  });
});

describe("userID (reference/ocm.md 3.1, deviations of 4.2)", () => {
  const host = "cloud.example";
  const encoded = btoa("0f1e-uuid@https://cloud.example");

  test.each([
    ["a bare id, as REVA gives it", "0f1e-uuid", "0f1e-uuid", "0f1e-uuid"],
    ["with the host behind it", "ada@cloud.example", "ada", "ada"],
    ["with the origin behind it", "ada@https://cloud.example", "ada", "ada"],
    ["taken away once", "ada@cloud.example@cloud.example", "ada@cloud.example", "ada@cloud.example"],
    ["another host stays", "ada@mail.example", "ada@mail.example", "ada@mail.example"],
    ["base64 of OpenCloud", encoded, encoded, "0f1e-uuid"],
    ["the same without padding", encoded.replace(/=+$/, ""), encoded.replace(/=+$/, ""), "0f1e-uuid"],
    ["base64 with the host behind it", `${encoded}@cloud.example`, encoded, "0f1e-uuid"],
  ])("%s", (_what, raw, identifier, shown) => {
    const read = readUserId(raw, host);
    expect(read.identifier).toBe(identifier);
    expect(read.shown).toBe(shown);
  });

  test("base64 of somebody at another host is shown as it is", () => {
    const raw = btoa("ceo@https://bank.example");
    expect(readUserId(raw, host)).toEqual({ identifier: raw, shown: raw });
  });

  test("no text makes reading throw", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String()), (raw) => {
        expect(raw.startsWith(readUserId(raw, host).identifier)).toBe(true);
      }),
    );
  });
});
