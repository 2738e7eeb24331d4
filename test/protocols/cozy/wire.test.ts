import { assert, jsonValue, property, uint8Array, webUrl } from "fast-check";
import { describe, expect, test } from "vitest";
import {
  isMemberState,
  readAnswered,
  readBulk,
  readMembers,
  readReplicated,
  readRevisions,
  readSharing,
  readSource,
  stateInRedirect,
} from "../../../src/protocols/cozy/wire.ts";

const readers = {
  readSharing,
  readMembers,
  readAnswered,
  readSource,
  readBulk,
  readRevisions,
  readReplicated,
};
const id = "ce8835a061d0ef68947afe69a0046722";
const own = { instanceUrl: "https://bob.share.example", sharingId: id };

test.each(Object.entries(readers))("%s reads any JSON without throwing", (_, read) => {
  assert(
    property(jsonValue(), (value) => {
      read(value);
      read({ data: value });
      read({ data: { attributes: value, type: "io.cozy.sharings" } });
    }),
  );
});

describe("an address that discovery leads to", () => {
  test("is read where it lies at the account's own host", () => {
    assert(
      property(uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const state = Buffer.from(bytes).toString("base64url");
        const href = `${own.instanceUrl}/auth/authorize/sharing?sharing_id=${id}&state=${state}&shortcut=true`;
        expect([isMemberState(state), stateInRedirect(href, own)]).toEqual([true, state]);
      }),
    );
  });

  test("is never read at another host", () => {
    const query = `?sharing_id=${id}&state=eiJ3iepoaihohz1YQ9kLmA`;
    assert(
      property(webUrl(), (url) => {
        expect(stateInRedirect(`${new URL(url).origin}/auth/authorize/sharing${query}`, own)).toBeNull();
      }),
    );
  });
});

test("a request is read with the fields that Go leaves out or writes as null", () => {
  const members = [
    { instance: "https://alice.cozy.example/" },
    { instance: null, email: "bob@mail.example" },
  ];
  const attributes = { rules: [{ doctype: "io.cozy.files", values: ["a"] }], members, groups: null };
  const read = readSharing({ data: { type: "io.cozy.sharings", id, attributes } });
  expect(read?.members.map(({ instanceUrl }) => instanceUrl)).toEqual(["https://alice.cozy.example", null]);
  expect(read).toMatchObject({ description: "", open_sharing: false, drive: false, credentials: [] });
});

test("the fields that CouchDB keeps for itself are no part of a document", () => {
  const document = {
    _id: "a",
    _rev: "2-ab",
    _revisions: { start: 2, ids: ["ab"] },
    _attachments: {},
    name: "x",
  };
  expect(readReplicated(document)).toEqual({
    id: "a",
    revision: "2-ab",
    isDeleted: false,
    body: { name: "x" },
  });
});

test.each([
  ["a sharing", `io.cozy.sharings/${id}`, { sharingId: id }],
  ["a page", "io.cozy.apps/drive", "no-sharing"],
  ["a sharing with an id that is none", "io.cozy.sharings/../x", "no-sharing"],
])("a code for %s is told apart", (_, source, expected) => {
  expect(readSource({ data: { attributes: { source_id: source } } })).toEqual(expected);
});
