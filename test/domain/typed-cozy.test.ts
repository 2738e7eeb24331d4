import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readTypedCozy } from "../../src/domain/typed-cozy.ts";

const domain = "share.example.org";

// reference/cozy.md 3.5
test.each([
  ["bob.cozy.example", "https://bob.cozy.example"],
  ["https://bob.cozy.example", "https://bob.cozy.example"],
  ["http://bob.cozy.example", "https://bob.cozy.example"],
  ["HTTPS://Bob.Cozy.Example/", "https://bob.cozy.example"],
  ["bob.cozy.example.", "https://bob.cozy.example"],
  ["  bob.cozy.example  ", "https://bob.cozy.example"],
  ["bob.cozy.example:8443", "https://bob.cozy.example:8443"],
  ["https://bob.cozy.example/apps/drive?x=1#/folder", "https://bob.cozy.example"],
  ["bob", "https://bob.share.example.org"],
  ["bob.mycosy.cloud", "https://bob.mycozy.cloud"],
  ["john-drive.mycozy.cloud", "https://john.mycozy.cloud"],
  ["john-drive.mycosy.cloud", "https://john.mycozy.cloud"],
  ["john-photos.cozy.rocks", "https://john.cozy.rocks"],
  ["john.cozy.rocks", "https://john.cozy.rocks"],
  ["john-drive.cozy.example", "https://john-drive.cozy.example"],
  ["https://john-drive.mycozy.cloud/#/folder/x", "https://john.mycozy.cloud"],
])("%s is the Cozy %s", (typed, url) => {
  expect(readTypedCozy(typed, domain)).toEqual({ kind: "cozy", url });
});

test.each(["bob@example.org", " bob@mycozy.cloud "])("%s is a mail address", (typed) => {
  expect(readTypedCozy(typed, domain)).toEqual({ kind: "mail-address" });
});

test.each(["", "https://", "...", "bob cozy", "https://user:pw@bob.cozy.example", "bob.cozy.example:port"])(
  "%j is none",
  (typed) => {
    expect(readTypedCozy(typed, domain).kind).toBe(typed.includes("@") ? "mail-address" : "not-an-address");
  },
);

test("whatever is typed is read as an https origin without more, or as none", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.domain()), (typed) => {
      const read = readTypedCozy(typed, domain);
      if (read.kind !== "cozy") return;
      const url = new URL(read.url);
      expect([url.protocol, url.origin]).toEqual(["https:", read.url]);
    }),
  );
});
