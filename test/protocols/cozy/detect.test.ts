import { describe, expect, test } from "vitest";
import { cozyMailReader } from "../../../src/protocols/cozy/detect.ts";
import { viewWith } from "../../world/mail-view.ts";

const short = "https://alice-drive.cozy.example/preview?sharecode=yzBxdiRqXM7e";

function jwtLink(host: string, issuer: string): string {
  const claims = Buffer.from(JSON.stringify({ aud: "share", iss: issuer })).toString("base64url");
  return `https://${host}/preview?sharecode=e30.${claims}.c2ln`;
}

function originOf(href: string, header = ""): unknown {
  const found = cozyMailReader.detect(viewWith(header, { ownLinks: [{ href, shown: null }] }));
  return found !== null && "origin" in found ? found.origin : found;
}

describe("the Cozy behind a preview link", () => {
  test("is the one that X-Cozy names, where the link lies on its apps", () => {
    expect(
      originOf("https://drive.alice-b.example/p?sharecode=yzBxdiRqXM7e", "X-Cozy: alice-b.example\n"),
    ).toBe("https://alice-b.example");
  });

  test.each([
    ["of a stranger", "X-Cozy: bob.elsewhere.example\n"],
    ["that is no host", "X-Cozy: http://x y\n"],
    ["that stands twice", "X-Cozy: alice.cozy.example\nX-Cozy: alice.cozy.example\n"],
    ["that is missing", ""],
  ])("is told by the host of the link beside an X-Cozy %s", (_, header) => {
    expect(originOf(short, header)).toBe("https://alice.cozy.example");
  });

  test("is the issuer of a JWT, where the link lies on his apps", () => {
    expect(originOf(jwtLink("photos.my-home.example", "my-home.example"))).toBe("https://my-home.example");
    expect(originOf(jwtLink("evil-drive.a.example", "alice.cozy.example"))).toBe("https://evil.a.example");
  });

  test("stays open where nothing tells it", () => {
    expect(originOf("https://alice.example/p?sharecode=yzBxdiRqXM7e")).toBeNull();
  });
});

describe("a Cozy mail", () => {
  const ownLinks = [{ href: short, shown: "Open" }];

  test("has the person in Reply-To, whatever the address of the server, and the title between stars", () => {
    const alice = { name: "Alice", address: "alice@mailhome.example" };
    const mail = viewWith("", {
      from: [{ name: "Alice", address: "contact@cozy.example" }],
      replyTo: [alice],
      ownLines: ["Alice shows you **Budget *2026*.ods**.", "Alice shows you **Budget.ods**."],
      ownLinks,
    });
    expect(cozyMailReader.detect(mail)).toMatchObject({ sharer: alice, title: "Budget.ods" });
  });

  test("with two different shares is none to act on; the same one twice is one", () => {
    const other = { href: short.replace("yz", "zz"), shown: null };
    expect(cozyMailReader.detect(viewWith("", { ownLinks: [...ownLinks, other] }))).toEqual({
      not: "several-shares",
    });
    expect(cozyMailReader.detect(viewWith("", { ownLinks: [...ownLinks, ...ownLinks] }))).toMatchObject({
      variant: "preview",
    });
  });

  test("without a share is none", () => {
    expect(cozyMailReader.detect(viewWith("X-Cozy: alice.cozy.example\n"))).toBeNull();
  });
});
