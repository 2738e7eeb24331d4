import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  readAnswer,
  readDelegated,
  readMissing,
  writeMembers,
  writeReplicated,
  writeRequest,
} from "../../../src/protocols/cozy/owner-wire.ts";
import { readMembers, readReplicated, readSharing } from "../../../src/protocols/cozy/wire.ts";
import { xorId } from "../../../src/protocols/cozy/xor-id.ts";

const key = fc.uint8Array({ minLength: 16, maxLength: 16, max: 15 });

describe("ids for a member", () => {
  test("are another's own, and come back by the same key", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-fxyz.-]*$/), key, (id, own) => {
        expect(xorId(xorId(id, own), own)).toBe(id);
        expect(xorId(id, own)).toHaveLength(id.length);
      }),
    );
  });

  test("change each hexadecimal digit and nothing else", () => {
    expect(xorId("00ff-io.cozy", new Uint8Array([1, 2, 3, 4]))).toBe("12cb-io.dozy");
    expect(xorId("00ff", new Uint8Array())).toBe("00ff");
  });
});

const member = fc.record({
  status: fc.constantFrom("owner", "mail-not-sent", "pending", "seen", "ready", "revoked"),
  publicName: fc.option(fc.constantFrom("Alice", "Bob")),
  address: fc.option(fc.constantFrom("alice@mail.example", "bob@mail.example")),
  instanceUrl: fc.option(fc.constantFrom("https://alice.cozy.example", "https://bob.cozy.example:8443")),
  isReadOnly: fc.boolean(),
  groups: fc.uniqueArray(fc.nat(3)),
  isOnlyInGroups: fc.boolean(),
});

const group = fc.record({
  id: fc.stringMatching(/^[0-9a-f]{8}$/),
  name: fc.string(),
  addedBy: fc.constant(0),
});

const rule = fc.record({
  title: fc.constantFrom("", "Holiday"),
  doctype: fc.constantFrom("io.cozy.files", "io.cozy.tests"),
  values: fc.array(fc.stringMatching(/^[0-9a-f]{32}$/), { minLength: 1, maxLength: 3 }),
  mime: fc.constantFrom("", "text/plain"),
  selector: fc.constantFrom("", "id", "referenced_by"),
  local: fc.boolean(),
  add: fc.constantFrom("", "push", "sync"),
  update: fc.constantFrom("", "push", "sync"),
  remove: fc.constantFrom("", "push", "sync", "revoke"),
});

describe("what an owner writes", () => {
  test("is read by a recipient as it was meant, with his ids in rules by id", () => {
    fc.assert(
      fc.property(
        fc.array(member, { minLength: 2, maxLength: 5 }),
        fc.array(rule, { minLength: 1, maxLength: 3 }),
        key,
        fc.boolean(),
        fc.array(group, { maxLength: 2 }),
        (members, rules, own, isOpen, groups) => {
          const written = writeRequest(
            {
              id: "91d600cd3832c94a9b538c9541472e1a",
              description: "Holiday",
              appSlug: null,
              previewPath: null,
              isOpen,
              rules,
              members,
              groups,
              createdAt: 0,
              updatedAt: 0,
            },
            own,
          );
          const read = readSharing(JSON.parse(JSON.stringify(written)));
          expect(read).toMatchObject({
            description: "Holiday",
            app_slug: "",
            open_sharing: isOpen,
            drive: false,
            groups,
          });
          expect(read?.members).toEqual(
            members.map(({ publicName, address, status, instanceUrl, isReadOnly }) => ({
              status,
              instanceUrl,
              isReadOnly,
              publicName: publicName ?? "",
              email: address ?? "",
            })),
          );
          const back = read?.rules.map(({ values, selector, ...each }) => ({
            ...each,
            selector,
            values: selector === "referenced_by" ? values : values.map((value) => xorId(value, own)),
          }));
          expect(back).toEqual(rules);
        },
      ),
    );
  });

  test("of members tells nobody where another one's Cozy is", () => {
    fc.assert(
      fc.property(fc.array(member, { minLength: 2, maxLength: 5 }), (members) => {
        const text = JSON.stringify(writeMembers(members, []));
        expect(text).not.toContain("https://");
        expect(readMembers(JSON.parse(text))?.map(({ status }) => status)).toEqual(
          members.map(({ status }) => status),
        );
      }),
    );
  });

  test("of a document has its history, and nothing but its end where it was deleted", () => {
    const document = { id: "a", revision: "3-ccc", ancestors: ["2-bbb", "1-aaa"], body: { name: "x" } };
    const written = writeReplicated({ ...document, isDeleted: false });
    expect(written).toEqual({
      name: "x",
      _id: "a",
      _rev: "3-ccc",
      _revisions: { start: 3, ids: ["ccc", "bbb", "aaa"] },
    });
    expect(readReplicated(written)).toMatchObject({
      id: "a",
      revision: "3-ccc",
      isDeleted: false,
      body: { name: "x" },
    });
    expect(writeReplicated({ ...document, isDeleted: true })).not.toHaveProperty("name");
  });
});

describe("what an owner reads", () => {
  test("never throws, whatever was sent", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        for (const read of [readAnswer, readDelegated, readMissing]) expect(() => read(body)).not.toThrow();
      }),
    );
  });

  test("of those whom a member invites: address, Cozy, rights", () => {
    const data = [
      { email: "dora@mail.example", instance: "" },
      { email: null, instance: "https://e.example", read_only: true },
    ];
    expect(readDelegated({ data: { relationships: { recipients: { data } } } })).toEqual([
      { address: "dora@mail.example", instance: null, isReadOnly: false },
      { address: null, instance: "https://e.example", isReadOnly: true },
    ]);
    expect(readDelegated({ data: { relationships: { recipients: { data: [] } } } })).toBeNull();
  });

  test("of missing revisions: the documents that lack some", () => {
    const body = {
      "io.cozy.files/a": { missing: ["1-a"] },
      "io.cozy.files/b": { missing: [] },
      "io.cozy.files/c": {},
    };
    expect(readMissing(body)).toEqual(new Set(["io.cozy.files/a"]));
    expect(readMissing([])).toBeNull();
  });
});
