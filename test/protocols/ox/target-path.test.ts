import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type OxTarget, parseTargetPath } from "../../../src/protocols/ox/target-path.ts";

const encode = (text: string) => Buffer.from(text).toString("base64url");

describe("a target path", () => {
  test.each<[string, Partial<OxTarget>]>([
    ["/1/8/Mzk", { moduleId: 8, module: "files", folder: "39", item: null, additional: {} }],
    ["/1/8/NDcxMQ/NDcxMS85MDg3", { module: "files", folder: "4711", item: "4711/9087" }],
    ["/1/2/MzIx", { moduleId: 2, module: "calendar", folder: "321", item: null }],
    ["/1/8/MjA0OA", { module: "files", folder: "2048" }],
    ["/2/m8/fNDcxMg/aYw~Mw", { module: "files", folder: "4712", item: null, additional: { c: "3" } }],
    [`/1/2/${encode("cal://0/321")}`, { module: "calendar", folder: "cal://0/321" }],
    [
      `/2/aYw~Mw.${encode("d")}~${encode("x")}/i${encode("1/2")}/f${encode("1")}/m3`,
      { module: "contacts", folder: "1", item: "1/2", additional: { c: "3", d: "x" } },
    ],
    ["/1/1/Mzk", { module: "tasks" }],
    ["/1/99/Mzk", { moduleId: 99, module: null, folder: "39" }],
  ])("%s is read", (path, expected) => {
    expect(parseTargetPath(path)).toMatchObject(expected);
  });

  test.each([
    "",
    "/0a1b2c3d",
    "/0a1b2c3d/9",
    "/1",
    "/1/8",
    "/1/8/Mzk/Mzk/Mzk",
    "/1/files/Mzk",
    "/1/8/M",
    "/1/8/Mzk=",
    "/1/8/Mzl",
    "/1/8/gA",
    "/1/8/Mz+k",
    "/2/m8",
    "/2/fMzk",
    "/2/m8/fMzk/fNDA",
    "/2/m8/fMzk/xMzk",
    "/2/m8/fMzk/aYw",
    "/2/m8/fMzk/aYw~Mw~Mw",
    "/2/m8/fMzk/a",
    "/2/m8/f",
    "/3/8/Mzk",
  ])("%s names nothing that can be relied on", (path) => {
    expect(parseTargetPath(path)).toBeNull();
  });

  const name = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
    .filter((text) => text.isWellFormed());
  const moduleId = fc.integer({ min: 0, max: 999_999 });

  test("of the first version keeps any folder and item", () => {
    fc.assert(
      fc.property(moduleId, name, fc.option(name), (module, folder, item) => {
        const path = `/1/${module}/${encode(folder)}${item === null ? "" : `/${encode(item)}`}`;
        expect(parseTargetPath(path)).toMatchObject({ moduleId: module, folder, item, additional: {} });
      }),
    );
  });

  test("of the second version is the same in any order of its segments", () => {
    const pairs = fc.uniqueArray(fc.tuple(name, name), {
      selector: ([key]) => key,
      minLength: 1,
      maxLength: 4,
    });
    const order = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 });
    fc.assert(
      fc.property(moduleId, name, name, pairs, order, (module, folder, item, additional, places) => {
        const values = additional.map(([key, value]) => `${encode(key)}~${encode(value)}`).join(".");
        const segments = [`m${module}`, `f${encode(folder)}`, `i${encode(item)}`, `a${values}`];
        const path = `/2/${places.map((place) => segments[place]).join("/")}`;
        const parsed = parseTargetPath(path);
        expect(parsed).toMatchObject({ moduleId: module, folder, item });
        expect(new Map(Object.entries(parsed?.additional ?? {}))).toEqual(new Map(additional));
      }),
    );
  });

  test("never throws", () => {
    const segment = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[mfia][A-Za-z0-9_~.-]*$/),
      fc.constantFrom("1", "2"),
    );
    fc.assert(
      fc.property(fc.array(segment), (segments) => {
        parseTargetPath(`/${segments.join("/")}`);
      }),
    );
  });
});
