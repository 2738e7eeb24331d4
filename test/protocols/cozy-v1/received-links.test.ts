import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  answerAddress,
  readAuthorizeLink,
  readDiscoveryLink,
  readRequestLink,
} from "../../../src/protocols/cozy-v1/received-links.ts";
import { readReceivedSharing } from "../../../src/protocols/cozy-v1/received-sharing.ts";
import {
  authorizeLink,
  discoveryLink,
  type RequestLink,
  requestLink,
  sharecodeLink,
  writeSharing,
} from "../../../src/protocols/cozy-v1/wire.ts";

const jwt = `${btoa('{"alg":"HS512"}')}.${btoa('{"aud":"share"}').replaceAll("=", "")}.sig`.replaceAll(
  "=",
  "",
);
const asked: RequestLink = {
  at: "https://bob.cozy.example",
  appSlug: "photos",
  clientId: "7c1f0a90b3d54c0f9f5d2d4a6a00c1e7",
  redirectUri: "https://alice.cozy.example/sharings/answer",
  scope: "io.cozy.photos.albums:ALL:60cf951a io.cozy.files:ALL:io.cozy.photos.albums/60cf951a:referenced_by",
  sharingType: "master-master",
  state: "wccKeeGnAppnHgXWqBxKqSpKNpZiMeFR",
};

describe("request links", () => {
  test("are read as they are written", () => {
    expect(readRequestLink(requestLink(asked))).toEqual(asked);
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (scope, appSlug) => {
        fc.pre(!requestLink({ ...asked, scope, appSlug }).includes("#"));
        const read = readRequestLink(requestLink({ ...asked, scope, appSlug }));
        expect(read).toEqual({ ...asked, scope: scope.toWellFormed(), appSlug: appSlug.toWellFormed() });
      }),
    );
  });

  test("of another form are none", () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), (text) => readRequestLink(text) === null),
    );
    for (const redirectUri of [
      "http://alice.cozy.example/sharings/answer",
      "https://alice.cozy.example/other",
    ]) {
      expect(readRequestLink(requestLink({ ...asked, redirectUri }))).toBeNull();
    }
  });
});

describe("pages that ask for consent", () => {
  const link = { ...asked, state: jwt };

  test("are read as the rework writes them", () => {
    const { sharingType: _left, ...rest } = link;
    expect(readAuthorizeLink(authorizeLink(link))).toEqual(rest);
  });

  test.each([
    ["of another type", authorizeLink(link).replace("cozy_sharing", "code")],
    ["at another place", authorizeLink(link).replace("/auth/authorize", "/auth/login")],
    ["with another answer", authorizeLink({ ...link, redirectUri: "https://alice.cozy.example/x" })],
    ["with something more", `${authorizeLink(link)}&more=1`],
    ["without state", authorizeLink(link).replace(/&state=.*/, "")],
  ])("%s are none", (_, text) => expect(readAuthorizeLink(text)).toBeNull());
});

describe("discovery links", () => {
  const of = { address: "bob@example.org", recipientId: "c1", sharingId: asked.state };

  test("tell whom they are for, and what their form sends", () => {
    expect(readDiscoveryLink(discoveryLink("https://alice.cozy.example", of))).toEqual({
      url: "https://alice.cozy.example/sharings/discovery",
      address: "bob@example.org",
      fields: { recipient_email: "bob@example.org", recipient_id: "c1", sharing_id: asked.state },
    });
    const id = "ce8835a061d0ef68947afe69a0046722";
    expect(readDiscoveryLink(sharecodeLink("https://alice.cozy.example", id, jwt))).toEqual({
      url: `https://alice.cozy.example/sharings/${id}/discovery`,
      address: null,
      fields: { sharecode: jwt },
    });
    expect(readDiscoveryLink(requestLink(asked))).toBeNull();
  });
});

test("an answer carries the code where there is one", () => {
  const place = new URL(answerAddress(asked, "c/+&=d"));
  const known = { client_id: asked.clientId, state: asked.state };
  expect(Object.fromEntries(place.searchParams)).toEqual({ access_code: "c/+&=d", ...known });
  expect(Object.fromEntries(new URL(answerAddress(asked, null)).searchParams)).toEqual(known);
});

const written = (sharingType: string, sharer: object) =>
  writeSharing({
    id: "ce8835a061d0ef68947afe69a0046722",
    sharingType,
    description: "Sea",
    appSlug: "photos",
    previewPath: null,
    createdAt: 0,
    updatedAt: 0,
    sharer: { url: "https://alice.cozy.example", ...sharer },
    contact: { name: "Alice", address: "alice@example.org" },
  });

describe("what the sharer of the rework answers", () => {
  test("is read with what opens his Cozy, where the sharing goes both ways", () => {
    const keys = { client: { client_id: "c" }, access_token: { access_token: "t" } };
    expect(readReceivedSharing(written("two-way", keys))).toEqual({
      documentId: "ce8835a061d0ef68947afe69a0046722",
      sharingType: "two-way",
      description: "Sea",
      appSlug: "photos",
      credentials: { client: keys.client, tokens: keys.access_token },
      sharerName: "Alice",
      sharerAddress: "alice@example.org",
    });
    expect(readReceivedSharing(written("one-way", keys))?.credentials).toBeNull();
    expect(readReceivedSharing(written("one-shot", {}))).toMatchObject({ credentials: null });
  });

  test("is none where it lacks that, or is something else", () => {
    expect(readReceivedSharing(written("two-way", {}))).toBeNull();
    expect(readReceivedSharing(written("master-master", {}))).toBeNull();
    fc.assert(fc.property(fc.jsonValue(), (value) => readReceivedSharing(value) === null));
  });
});
