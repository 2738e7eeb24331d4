import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readDiscovery } from "../../../src/protocols/ocm/discovery.ts";
import type { Peer } from "../../../src/protocols/ocm/peer.ts";

const host = "cloud.example";
const pem = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n";

function told(fields: object): object {
  return {
    enabled: true,
    apiVersion: "1.0-proposal1",
    endPoint: "https://cloud.example/ocm",
    resourceTypes: [{ name: "file", shareTypes: ["user"], protocols: { webdav: "/public.php/webdav/" } }],
    ...fields,
  };
}

function peer(fields: object): Peer {
  const read = readDiscovery(host, told(fields));
  if (read.kind !== "peer") throw new Error(read.because);
  return read.peer;
}

describe("discovery of each family (reference/ocm.md 4.1, 6.2, 6.3)", () => {
  test("Nextcloud 32", () => {
    const keyId = "https://cloud.example/ocm#signature";
    const found = peer({
      version: "1.1.0",
      endPoint: "https://cloud.example/index.php/ocm",
      publicKey: { keyId, publicKeyPem: pem },
      capabilities: ["/invite-accepted", "/notifications", "/shares"],
    });
    expect(found.endPoint).toBe("https://cloud.example/index.php/ocm");
    expect([...found.capabilities]).toEqual(["invites", "notifications", "shares"]);
    expect(found.publicKey).toEqual({ keyId, pem });
    expect(found.webdavPath).toBe("/public.php/webdav/");
    expect(found.form).toBe("webdav");
  });

  test("Nextcloud of the master line gives capabilities as an object with numbers for keys", () => {
    const found = peer({
      capabilities: { 0: "notifications", 2: "http-sig", 5: "exchange-token" },
      jwksUri: "https://cloud.example/.well-known/jwks.json",
      tokenEndPoint: "https://cloud.example/index.php/apps/cloud_federation_api/api/v1/access-token",
      inviteAcceptDialog: "",
    });
    expect([...found.capabilities].toSorted()).toEqual(["exchange-token", "http-sig", "notifications"]);
    expect(found.jwksUri).toBe("https://cloud.example/.well-known/jwks.json");
    expect(found.inviteAcceptDialog).toBeNull();
    expect(found.form).toBe("webdav");
  });

  test("ownCloud 10 calls resourceTypes shareTypes", () => {
    const shareTypes = [{ name: "file", protocols: { webdav: "/public.php/webdav/" } }];
    const found = peer({ resourceTypes: undefined, shareTypes });
    expect(found.webdavPath).toBe("/public.php/webdav/");
    expect(found.resourceTypes).toEqual(["file"]);
  });

  test("Seafile names its path without a slash, and ends endPoint with one", () => {
    const found = peer({
      endPoint: "https://cloud.example/ocm/",
      resourceTypes: [{ name: "file", protocols: { webdav: "seafdav" } }],
    });
    expect(found.endPoint).toBe("https://cloud.example/ocm");
    expect(found.webdavPath).toBe("/seafdav/");
  });

  test("Seafile's native provider gives resourceTypes as one object", () => {
    const found = peer({ resourceTypes: { name: "library", protocols: { "Seafile API": "/api2/" } } });
    expect(found.resourceTypes).toEqual(["library"]);
    expect(found.webdavPath).toBeNull();
  });

  test("OpenCloud and oCIS want the form multi, though they do not say protocol-object", () => {
    const resourceTypes = [{ name: "file", protocols: { webdav: "/dav/ocm" } }];
    const found = peer({ apiVersion: "1.1.0", resourceTypes, capabilities: ["/invite-accepted"] });
    expect(found.form).toBe("multi");
    expect(found.webdavPath).toBe("/dav/ocm/");
  });

  test("reva says protocol-object, whatever version it gives to whom", () => {
    expect(peer({ apiVersion: "1.1", capabilities: ["protocol-object"] }).form).toBe("multi");
    expect(peer({ apiVersion: undefined, capabilities: ["protocol-object"] }).form).toBe("multi");
  });

  test("ocm-stub serves a bare PEM, which names no key id", () => {
    expect(peer({ publicKey: "-----BEGIN RSA PUBLIC KEY-----\nMIIB" }).publicKey).toBeNull();
  });

  test("a key may call its id id; one of another form is none", () => {
    const id = "https://cloud.example/ocm#signature";
    expect(peer({ publicKey: { id, publicKeyPem: pem } }).publicKey).toEqual({ keyId: id, pem });
    expect(peer({ publicKey: { id, publicKeyPem: "-----BEGIN RSA PUBLIC KEY-----" } }).publicKey).toBeNull();
  });

  test("old capabilities get their new names, however they are spelled", () => {
    const capabilities = ["/Invite-Accepted", "invite-accepted", "/mfa-capable", "webdav-uri", "HTTP-SIG", 7];
    expect([...peer({ capabilities }).capabilities]).toEqual([
      "invites",
      "enforce-mfa",
      "webdav-uri",
      "http-sig",
    ]);
  });

  test("a server of the newest specification says in objects what it takes", () => {
    const protocols = {
      webdav: "/dav/ocm/",
      "webdav-receive": { uri: "absolute" },
      webapp: {},
      "webapp-receive": { targets: ["blank"] },
    };
    const resourceTypes = ["file", "folder"].map((name) => ({ name, shareTypes: ["user"], protocols }));
    const found = peer({ apiVersion: "1.4.0", resourceTypes, capabilities: ["protocol-object"] });
    expect(found).toMatchObject({
      resourceTypes: ["file", "folder"],
      webdavPath: "/dav/ocm/",
      form: "multi",
    });
  });

  test("old criteria get their new names", () => {
    const criteria = ["http-request-signatures", "token-exchange", "must-invite"];
    expect([...peer({ criteria }).criteria]).toEqual([
      "must-use-http-sig",
      "must-exchange-token",
      "must-invite",
    ]);
  });

  test("the page for invitations may be a path", () => {
    const found = peer({ inviteAcceptDialog: "/open-cloud-mesh/accept-invite" });
    expect(found.inviteAcceptDialog).toBe("https://cloud.example/open-cloud-mesh/accept-invite");
  });

  test("a provider's name is one line", () => {
    expect(peer({ provider: "Cloud\u202E\nof Eve" }).provider).toBe("Cloud of Eve");
  });
});

describe("no authority confusion (reference/ocm.md 4.1, safety rule)", () => {
  const elsewhere = [
    "https://evil.example/ocm",
    "http://cloud.example/ocm",
    "https://cloud.example:8443/ocm",
    "https://cloud.example@evil.example/ocm",
    "https://user@cloud.example/ocm",
    "https://cloud.example.evil.example/ocm",
    "//evil.example/ocm",
    "https:\\\\evil.example/ocm",
    "javascript:alert(1)",
    "https://cloud.example/ocm#fragment",
    7,
  ];
  const fields = ["endPoint", "tokenEndPoint", "jwksUri", "inviteAcceptDialog"];

  test.each(fields.flatMap((field) => elsewhere.map((address) => [field, address] as const)))(
    "%s %s is refused",
    (field, address) => {
      const read = readDiscovery(host, told({ [field]: address }));
      expect(read).toMatchObject({ kind: "no-peer", because: "foreign-authority" });
      if (read.kind === "no-peer") expect(read.detail).toContain(field);
    },
  );

  test("a WebDAV path at another host is refused", () => {
    for (const webdav of ["https://evil.example/dav/", "//evil.example/dav/", "/\\evil.example/dav/"]) {
      const resourceTypes = [{ name: "file", protocols: { webdav } }];
      expect(readDiscovery(host, told({ resourceTypes }))).toMatchObject({ because: "foreign-authority" });
    }
  });

  test("an endPoint is absolute: a path is none", () => {
    expect(readDiscovery(host, told({ endPoint: "/ocm" }))).toMatchObject({ because: "foreign-authority" });
  });

  test("the port of https is the same as none", () => {
    expect(peer({ endPoint: "https://cloud.example:443/ocm" }).endPoint).toBe("https://cloud.example/ocm");
  });
});

test("what is no server of Open Cloud Mesh is told apart from one that is switched off", () => {
  for (const body of [null, "text", [], 7]) {
    expect(readDiscovery(host, body)).toMatchObject({ because: "no-discovery" });
  }
  expect(readDiscovery(host, {})).toMatchObject({ because: "no-end-point" });
  expect(readDiscovery(host, told({ enabled: false }))).toMatchObject({ because: "disabled" });
});

test("no document makes reading throw", () => {
  const keys = [
    "endPoint",
    "capabilities",
    "criteria",
    "resourceTypes",
    "shareTypes",
    "publicKey",
    "provider",
  ];
  const document = fc.record(Object.fromEntries(keys.map((key) => [key, fc.jsonValue()])));
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), document), (body) => {
      expect(["peer", "no-peer"]).toContain(readDiscovery(host, body).kind);
      expect(
        readDiscovery(host, told({ resourceTypes: body, publicKey: body, provider: body })).kind,
      ).toBeDefined();
    }),
  );
});
