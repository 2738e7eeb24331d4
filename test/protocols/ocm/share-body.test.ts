import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readPermissions } from "../../../src/protocols/ocm/permissions.ts";
import { type OfferedShare, readShare } from "../../../src/protocols/ocm/share-body.ts";
import { writeShare } from "../../../src/protocols/ocm/write-share.ts";

const secret = "hamburger-secret";
const pointer = "{http://open-cloud-mesh.org/ns}share-permissions";

function body(change: object = {}): object {
  return {
    shareWith: "dora@https://receiver.example",
    shareType: "user",
    name: "report.pdf",
    resourceType: "file",
    providerId: "17",
    owner: "ada@sender.example",
    sender: "ada@sender.example",
    protocol: { name: "webdav", options: { sharedSecret: secret, permissions: pointer } },
    ...change,
  };
}

function share(change: object): OfferedShare {
  const read = readShare(body(change));
  if (read.kind !== "share") throw new Error(JSON.stringify(read));
  return read.share;
}

function multi(webdav: object, more: object = {}): object {
  return { protocol: { name: "multi", options: {}, webdav }, ...more };
}

describe("share bodies (reference/ocm.md 4.3, 6.2, 6.3)", () => {
  test("Nextcloud: webdav with options; permissions stand elsewhere, so only reading is sure", () => {
    expect(share({ senderDisplayName: "ada", expiration: 1798761600 })).toEqual({
      shareWith: "dora@https://receiver.example",
      name: "report.pdf",
      providerId: "17",
      owner: "ada@sender.example",
      sender: "ada@sender.example",
      ownerName: null,
      senderName: "ada",
      resourceType: "file",
      expiresAt: 1798761600_000,
      form: "webdav",
      webdavUri: null,
      secret,
      permissions: ["read"],
      requirements: [],
    });
  });

  test("Nextcloud of the master line: both, and the requirement counts", () => {
    const uri = "https://sender.example/public.php/webdav/";
    const webdav = {
      uri,
      sharedSecret: secret,
      permissions: ["read"],
      requirements: ["must-exchange-token"],
    };
    const protocol = { name: "webdav", options: { sharedSecret: secret, permissions: pointer }, webdav };
    expect(share({ protocol })).toMatchObject({
      form: "webdav",
      webdavUri: uri,
      requirements: ["must-exchange-token"],
    });
  });

  test.each([
    ["a relative uri", { uri: "7f2c" }, "7f2c"],
    [
      "an absolute uri",
      { uri: "https://sender.example/dav/ocm/7f2c" },
      "https://sender.example/dav/ocm/7f2c",
    ],
    ["url, as OpenCloud of early 2025", { url: "https://sender.example/dav" }, "https://sender.example/dav"],
    ["both: uri, as newer servers have it", { uri: "7f2c", url: "https://sender.example/x" }, "7f2c"],
    ["URI, as ocm-stub", { URI: "https://sender.example/webdav-api/" }, "https://sender.example/webdav-api/"],
  ])("multi with %s", (_what, where, expected) => {
    const found = share(multi({ ...where, sharedSecret: secret, permissions: ["read", "write", "share"] }));
    expect(found).toMatchObject({ form: "multi", webdavUri: expected, secret });
    expect(found.permissions).toEqual(["read", "write", "share"]);
  });

  test("OCM 1.2: a code has to be exchanged first", () => {
    const found = share(multi({ URI: "https://sender.example/dav" }, { code: "123456" }));
    expect(found).toMatchObject({ secret: "123456", requirements: ["must-exchange-token"] });
  });

  test("a secret beside a code opens by itself", () => {
    const found = share(multi({ uri: "7f2c", sharedSecret: secret }, { code: "123456" }));
    expect(found).toMatchObject({ secret, requirements: [] });
  });

  test("Seafile: sharedBy where there is no sender, and permissions in letters", () => {
    const options = { sharedSecret: secret, permissions: "rw" };
    const found = share({
      sender: undefined,
      sharedBy: "eve@sender.example",
      protocol: { name: "webdav", options },
    });
    expect(found).toMatchObject({ sender: "eve@sender.example", permissions: ["read", "write"] });
  });

  test("beside other protocols, and other ways to get it, WebDAV is taken", () => {
    const webdav = { uri: "7f2c", sharedSecret: secret, accessTypes: ["remote", "datatx"] };
    const webapp = { uri: "https://sender.example/app", sharedSecret: "another", permissions: ["view"] };
    const found = share({ protocol: { name: "multi", options: {}, webapp, webdav } });
    expect(found).toMatchObject({ webdavUri: "7f2c", secret, requirements: [] });
  });

  test("an id may be a number", () => {
    expect(share({ providerId: 17 }).providerId).toBe("17");
  });

  test("an expiration that is no time is none", () => {
    for (const expiration of ["soon", -1, 0, 1e300, null, {}])
      expect(share({ expiration }).expiresAt).toBeNull();
  });
});

describe("what is refused", () => {
  test.each(["shareWith", "name", "providerId", "owner", "protocol"])("%s is required", (name) => {
    const errors = [{ name, message: "REQUIRED" }];
    expect(readShare(body({ [name]: undefined }))).toEqual({ kind: "invalid", errors });
  });

  test.each([[""], [{}], [["x"]], ["x".repeat(1001)]])("a name that is %j is invalid", (name) => {
    expect(readShare(body({ name }))).toMatchObject({ errors: [{ name: "name", message: "INVALID" }] });
  });

  test.each([null, [], "text", 7])("%j is no body", (value) => {
    expect(readShare(value)).toMatchObject({ kind: "invalid", errors: [{ name: "body" }] });
  });

  test("a share without a secret is invalid", () => {
    expect(readShare(body({ protocol: { name: "webdav", options: {} } }))).toMatchObject({
      errors: [{ name: "protocol.sharedSecret" }],
    });
  });

  test.each([
    ["share-type", { shareType: "group" }],
    ["share-type", { shareType: "federation" }],
    ["resource-type", { resourceType: "calendar" }],
    ["resource-type", { resourceType: "library" }],
    ["protocol", { protocol: { name: "Seafile API", options: { sharedSecret: secret } } }],
    ["protocol", { protocol: { name: "multi", ssh: { uri: "ada@sender.example:22/" } } }],
    ["protocol", { protocol: { name: "multi", webapp: { uriTemplate: "/app/{file}", viewMode: "read" } } }],
    ["protocol", { protocol: { name: "multi", datatx: { srcUri: "x", sharedSecret: secret, size: 1 } } }],
    ["protocol", multi({ uri: "x", sharedSecret: secret, accessTypes: ["datatx"] })],
    ["requirement", multi({ uri: "x", sharedSecret: secret, requirements: ["must-dance"] })],
    ["requirement", multi({ uri: "x", sharedSecret: secret, requirements: ["must-use-mfa"] })],
    ["requirement", multi({ uri: "x", sharedSecret: secret, requirements: "must-exchange-token" })],
    ["requirement", multi({ uri: "x", sharedSecret: secret, requirements: [{}] })],
    ["not-readable", multi({ uri: "x", sharedSecret: secret, permissions: ["write"] })],
  ])("not supported: %s", (because, change) => {
    expect(readShare(body(change))).toMatchObject({ kind: "unsupported", because });
  });

  test("no body makes reading throw, and none is taken for another kind than the three", () => {
    const fields = fc.record({ protocol: fc.jsonValue(), code: fc.jsonValue(), expiration: fc.jsonValue() });
    fc.assert(
      fc.property(fc.jsonValue(), fields, (value, change) => {
        for (const each of [value, body(change)]) {
          expect(["share", "invalid", "unsupported"]).toContain(readShare(each).kind);
        }
      }),
    );
  });
});

describe("permissions", () => {
  test.each([
    [["read"], ["read"]],
    [
      ["share", "read", "write", "view", "delete"],
      ["read", "write", "share"],
    ],
    [["write", "share"], []],
    [1, ["read"]],
    [19, ["read", "write", "share"]],
    ["31", ["read", "write", "share"]],
    [4, []],
    ['["share","read"]', ["read", "share"]],
    ["[broken", ["read"]],
    [pointer, ["read"]],
    ["r", ["read"]],
    [undefined, ["read"]],
    [null, ["read"]],
  ])("%j gives %j", (value, expected) => {
    expect(readPermissions(value)).toEqual(expected);
  });
});

describe("what is written (reference/ocm.md 6.1)", () => {
  const given = {
    shareWith: "bob@receiver.example",
    name: "Plans",
    providerId: "id-1",
    owner: "dora@usher.example",
    ownerName: "Dora",
    resourceType: "folder",
    expiresAt: 1798761600_000,
    secret,
    permissions: ["read"],
    requirements: [],
    webdavUrl: "https://usher.example/dav/ocm/id-1/",
  } as const;
  const peer = { capabilities: new Set<string>(), form: "webdav" } as const;

  test("for Nextcloud and its like: a file, options, sharedBy, and no webdav object", () => {
    const written = writeShare(given, "webdav", peer);
    expect(written).toMatchObject({ resourceType: "file", sharedBy: given.owner, sender: given.owner });
    expect(written).toMatchObject({ protocol: { name: "webdav", options: { sharedSecret: secret } } });
    expect(JSON.parse(JSON.stringify(written)).protocol).not.toHaveProperty("webdav");
  });

  test("for the reva family: no options, url and uri, the resource's own type", () => {
    const written = writeShare(given, "multi", { ...peer, form: "multi" });
    expect(written).toMatchObject({
      resourceType: "folder",
      expiration: 1798761600,
      protocol: { name: "multi", options: {}, webdav: { sharedSecret: secret, permissions: ["read"] } },
    });
  });

  test.each(["webdav", "multi"] as const)("%s is read again as what it was", (form) => {
    const read = readShare(JSON.parse(JSON.stringify(writeShare(given, form, peer))));
    expect(read).toMatchObject({
      kind: "share",
      share: { form, secret, providerId: "id-1", owner: given.owner, expiresAt: given.expiresAt },
    });
  });
});
