import {
  type Arbitrary,
  array,
  assert,
  constantFrom,
  oneof,
  property,
  record,
  string,
  stringMatching,
  subarray,
  tuple,
} from "fast-check";
import { describe, expect, test } from "vitest";
import {
  allVerbs,
  containsAll,
  type DocumentFacts,
  isSameSet,
  namesDocuments,
  opens,
  parseScope,
  type PermissionRule,
  permissionMap,
  printScope,
  readPermissions,
} from "../../src/domain/cozy-permissions.ts";

const id = stringMatching(/^[a-z0-9]{1,4}$/);
const type = constantFrom("io.cozy.files", "io.cozy.photos.albums", "io.cozy.tests");
const verbs = subarray([...allVerbs], { minLength: 1 });
const rule: Arbitrary<PermissionRule> = oneof(
  record({ type, verbs, values: array(id, { maxLength: 3 }) }).map((each) => ({
    ...each,
    title: "rule",
    description: null,
    selector: null,
  })),
  record({ type, verbs, values: array(tuple(type, id), { minLength: 1, maxLength: 3 }) }).map((each) => ({
    ...each,
    title: "rule",
    description: null,
    values: each.values.map(([of, one]) => `${of}/${one}`),
    selector: "referenced_by",
  })),
);
const rules = array(rule, { minLength: 1, maxLength: 4 }).map((all) =>
  all.map((each, place) => ({ ...each, title: `rule${place}` })),
);
const facts: Arbitrary<DocumentFacts> = record({
  type,
  id,
  referencedBy: array(
    tuple(type, id).map(([of, one]) => `${of}/${one}`),
    { maxLength: 2 },
  ),
  folders: array(id, { maxLength: 2 }),
});

describe("scopes", () => {
  test("are read back as they were printed", () => {
    assert(
      property(rules, (all) => {
        expect(parseScope(printScope(all))).toEqual(all);
      }),
    );
  });

  test("of any text are rules or none, and mean the same once printed", () => {
    assert(
      property(string(), (text) => {
        const read = parseScope(text);
        if (read !== null) expect(parseScope(printScope(read))).toEqual(read);
      }),
    );
  });

  test.each([
    ["io.cozy.files", "io.cozy.files:ALL"],
    ["io.cozy.files:GET,POST", "io.cozy.files:GET,POST"],
    [
      "io.cozy.photos.albums:ALL:60cf951a io.cozy.files:ALL:io.cozy.photos.albums/60cf951a:referenced_by",
      "io.cozy.photos.albums:ALL:60cf951a io.cozy.files:ALL:io.cozy.photos.albums/60cf951a:referenced_by",
    ],
    ["io.cozy.files:DELETE,GET,PATCH,POST,PUT:a", "io.cozy.files:ALL:a"],
  ])("%s is %s", (written, printed) => {
    expect(printScope(parseScope(written) ?? [])).toBe(printed);
  });

  test.each([
    "",
    " ",
    ":GET",
    "io.cozy.files:READ",
    "io.cozy.files:GET:a:tags",
    "io.cozy.files:GET:a:referenced_by",
    "io.cozy.files::a",
    "io.cozy.files:GET:",
    "io.cozy.files:GET:a,,b",
    "io.cozy.files:GET:a:referenced_by:x",
    "*:GET:a",
    Array.from({ length: 51 }, () => "io.cozy.files:GET:a").join(" "),
  ])("%j is none", (written) => {
    expect(parseScope(written)).toBeNull();
  });
});

describe("permissions of a sharing", () => {
  test("are read back as they are shown", () => {
    assert(
      property(rules, (all) => {
        expect(readPermissions(permissionMap(all))).toEqual({ kind: "rules", rules: all });
      }),
    );
  });

  test.each([
    [[], "permissions"],
    [{}, "permissions"],
    [{ a: 1 }, "permissions.a"],
    [{ a: { verbs: ["GET"] } }, "permissions.a.type"],
    [{ a: { type: "io.cozy.files", verbs: ["READ"] } }, "permissions.a.verbs"],
    [{ a: { type: "io.cozy.files", verbs: "GET" } }, "permissions.a.verbs"],
    [{ a: { type: "io.cozy.files", values: ["a b"] } }, "permissions.a.values"],
    [{ a: { type: "io.cozy.files", values: ["x"], selector: "calendar-id" } }, "permissions.a.selector"],
    [{ a: { type: "io.cozy.files", values: ["x"], selector: "referenced_by" } }, "permissions.a.values"],
  ])("%j are refused at %s", (written, field) => {
    expect(readPermissions(written)).toMatchObject({ kind: "wrong", problems: [{ field }] });
  });
});

function photo(referencedBy: readonly string[]): DocumentFacts {
  return { type: "io.cozy.files", id: "p", referencedBy, folders: [] };
}

function file(folders: readonly string[]): DocumentFacts {
  return { ...photo([]), folders };
}

describe("what rules open", () => {
  const album: readonly PermissionRule[] =
    parseScope("io.cozy.photos.albums:GET:a1 io.cozy.files:GET,PUT:io.cozy.photos.albums/a1:referenced_by") ??
    [];
  test("is the album and its photos, and no other document or verb", () => {
    const [itself] = [{ type: "io.cozy.photos.albums", id: "a1", referencedBy: [], folders: [] }];
    expect([
      opens(album, "GET", itself),
      opens(album, "PUT", itself),
      opens(album, "GET", { ...itself, id: "a2" }),
      opens(album, "PUT", photo(["io.cozy.photos.albums/a1"])),
      opens(album, "DELETE", photo(["io.cozy.photos.albums/a1"])),
      opens(album, "GET", photo(["io.cozy.photos.albums/a2"])),
      opens(album, "GET", { ...photo([]), id: "a1" }),
    ]).toEqual([true, false, false, true, false, false, false]);
  });

  test("is what lies in a shared folder, however deep, and not its neighbours", () => {
    const folder = parseScope("io.cozy.files:GET:f1") ?? [];
    expect(opens(folder, "GET", file(["f2", "f1", "root"]))).toBe(true);
    expect(opens(folder, "GET", file(["f2", "root"]))).toBe(false);
    expect(opens(folder, "GET", { ...file(["f1"]), type: "io.cozy.tests" })).toBe(false);
  });

  test("is only ever what some rule names: nothing else of its type, nothing of another", () => {
    assert(
      property(rules, constantFrom(...allVerbs), facts, (all, verb, document) => {
        const named = all.filter(({ values }) => values.length > 0);
        const marks = new Set([document.id, ...document.folders, ...document.referencedBy]);
        const mayOpen = named.some(
          (each) =>
            each.type === document.type &&
            each.verbs.includes(verb) &&
            each.values.some((value) => marks.has(value)),
        );
        if (opens(named, verb, document)) expect(mayOpen).toBe(true);
        expect(opens(named, verb, { ...document, id: "other", folders: [], referencedBy: [] })).toBe(false);
        for (const each of named) {
          const [first = ""] = each.values;
          const of = each.selector === null ? { id: first } : { referencedBy: [first] };
          expect(opens(named, each.verbs[0] ?? "GET", { ...photo([]), type: each.type, ...of })).toBe(true);
        }
      }),
    );
  });

  test("is never more than what a containing set opens", () => {
    assert(
      property(rules, rules, constantFrom(...allVerbs), facts, (wide, narrow, verb, document) => {
        const kept = narrow.filter((each) => containsAll(wide, [each]));
        if (opens(kept, verb, document)) expect(opens(wide, verb, document)).toBe(true);
      }),
    );
  });

  test("is the same for the same rules in another order, and not for others", () => {
    assert(
      property(rules, (all) => {
        expect(isSameSet(all, all.toReversed())).toBe(true);
        expect(isSameSet(all, [...all, ...(parseScope("io.cozy.onlyhere:GET:x") ?? [])])).toBe(false);
      }),
    );
  });

  test("and a set contains a narrower one, and no wider one", () => {
    const files = parseScope("io.cozy.files") ?? [];
    const one = parseScope("io.cozy.files:GET:f1") ?? [];
    expect([
      containsAll(files, one),
      containsAll(one, files),
      containsAll(one, parseScope("io.cozy.files:GET,PUT:f1") ?? []),
      containsAll(one, parseScope("io.cozy.files:GET:f1,f2") ?? []),
      containsAll(files, album),
    ]).toEqual([true, false, false, false, false]);
    expect([files, one, [...one, ...files]].map(namesDocuments)).toEqual([false, true, false]);
  });
});
