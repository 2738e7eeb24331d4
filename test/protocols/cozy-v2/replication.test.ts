import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  isNewerRevision,
  readBulk,
  readMissing,
  readRevisions,
  writeReplicated,
} from "../../../src/protocols/cozy-v2/replication.ts";

const revision = fc.tuple(fc.integer({ min: 1, max: 99 }), fc.stringMatching(/^[0-9a-f]{8}$/));

test("a document is read as it was written", () => {
  const fields = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.jsonValue());
  fc.assert(
    fc.property(fields, revision, fc.boolean(), (own, [count, hash], isDeleted) => {
      const body = { ...own, docType: "event" };
      const document = { id: "evt-1", revision: `${count}-${hash}`, isDeleted, body };
      const read = readBulk({ docs: [writeReplicated(document, [])], new_edits: false });
      expect(read).toEqual([{ ...document, docType: "event" }]);
    }),
  );
});

test("revisions go along as far as they are known without a gap", () => {
  const document = { id: "evt-1", revision: "5-e", isDeleted: false, body: {} };
  expect(writeReplicated(document, ["4-d", "3-c", "1-a"])["_revisions"]).toEqual({
    start: 5,
    ids: ["e", "d", "c"],
  });
  expect(writeReplicated(document, ["3-c"])["_revisions"]).toEqual({ start: 5, ids: ["e"] });
});

test("of two revisions exactly one is newer", () => {
  fc.assert(
    fc.property(revision, revision, (one, other) => {
      const [a, b] = [one.join("-"), other.join("-")];
      fc.pre(a !== b);
      expect(isNewerRevision(a, b)).not.toBe(isNewerRevision(b, a));
    }),
  );
  expect(isNewerRevision("10-a", "9-f")).toBe(true);
});

test("documents without the sharer's own revisions are none", () => {
  const docs = [{ _id: "evt-1", _rev: "1-a", docType: "event" }];
  expect(readBulk({ docs })).toBeNull();
  expect(readBulk({ docs, new_edits: true })).toBeNull();
  expect(readBulk({ docs: [{ _id: "evt-1", docType: "event" }], new_edits: false })).toBeNull();
});

test("what CouchDB sends is read from anything without a throw", () => {
  fc.assert(
    fc.property(fc.anything(), (body) => {
      readBulk(body);
      readBulk({ docs: [body], new_edits: false });
      readRevisions(body);
      readMissing(body);
    }),
  );
});
