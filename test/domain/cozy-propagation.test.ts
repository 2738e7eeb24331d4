import { expect, test } from "vitest";
import {
  type DocumentEvent,
  propagates,
  type PropagatingSharing,
} from "../../src/domain/cozy-propagation.ts";
import type { DocumentFacts } from "../../src/domain/cozy-permissions.ts";

const events: readonly DocumentEvent[] = ["CREATED", "UPDATED", "DELETED"];
const album: DocumentFacts = { type: "io.cozy.photos.albums", id: "a1", referencedBy: [], folders: [] };
const photo: DocumentFacts = {
  ...album,
  type: "io.cozy.files",
  id: "p1",
  referencedBy: ["io.cozy.photos.albums/a1"],
};
const other: DocumentFacts = { ...photo, id: "p2", referencedBy: [] };

const permissions = {
  album: { type: "io.cozy.photos.albums", values: ["a1"] },
  files: { type: "io.cozy.files", values: ["io.cozy.photos.albums/a1"], selector: "referenced_by" },
};

function told(sharing: PropagatingSharing, document: DocumentFacts): readonly DocumentEvent[] {
  return events.filter((event) => propagates(sharing, event, document));
}

test.each([
  ["v1a", "one-shot", true, []],
  ["v1a", "master-slave", true, events],
  ["v1a", "master-slave", false, []],
  ["v1a", "master-master", true, events],
  ["v1a", "master-master", false, events],
  ["v1b", "one-way", true, events],
  ["v1b", "one-way", false, []],
  ["v1b", "two-way", false, events],
] as const)(
  "%s %s, owner %s: tells of %j, and never of other documents",
  (generation, sharingType, isOwner, all) => {
    const sharing = { generation, sharingType, isOwner, rules: permissions };
    expect([told(sharing, album), told(sharing, photo), told(sharing, other)]).toEqual([all, all, []]);
  },
);

test.each([
  ["continuous", true, events],
  ["once", true, []],
  ["continuous", false, []],
] as const)(
  "v2 %s, owner %s: tells of %j, types compared without regard to case",
  (sharingType, isOwner, all) => {
    const rules = [{ id: "a1", docType: "IO.Cozy.Photos.Albums" }];
    const sharing = { generation: "v2", sharingType, isOwner, rules } as const;
    expect([told(sharing, album), told(sharing, photo)]).toEqual([all, []]);
  },
);

test.each([
  [{ add: "push", update: "sync", remove: "none" }, ["CREATED", "UPDATED"], ["UPDATED"]],
  [{ add: "sync", update: "sync", remove: "sync" }, events, events],
  [{ remove: "revoke" }, [], []],
  [{}, [], []],
] as const)("v3 with %j tells as the owner of %j, as a member of %j", (actions, asOwner, asMember) => {
  const rules = [
    {
      title: "a",
      doctype: "io.cozy.files",
      values: ["io.cozy.photos.albums/a1"],
      selector: "referenced_by",
      ...actions,
    },
  ];
  const sharing = { generation: "v3", sharingType: "rules", rules } as const;
  expect(told({ ...sharing, isOwner: true }, photo)).toEqual(asOwner);
  expect(told({ ...sharing, isOwner: false }, photo)).toEqual(asMember);
  expect(told({ ...sharing, isOwner: true }, other)).toEqual([]);
});

test.each([null, 7, "x", [], [null], { a: 1 }])("rules that are %j tell of nothing", (rules) => {
  for (const generation of ["v2", "v1a", "v1b", "v3"] as const) {
    const sharing = { generation, sharingType: "master-master", isOwner: true, rules };
    expect(told(sharing, album)).toEqual([]);
  }
});
