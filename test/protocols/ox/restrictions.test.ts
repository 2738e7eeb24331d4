import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import { admit, foldersAmong } from "../../../src/protocols/ox/restrictions.ts";
import type { Follower, ShareFacts, ShareTarget } from "../../../src/protocols/protocol.ts";

const bob: Follower = {
  addresses: ["bob@example.org"],
  modules: ["files", "calendar"],
  accountId: "a1",
  instanceUrl: null,
  homes: ["ox"],
  locale: "en",
};
const folder: ShareTarget = { module: "files", folder: "39", item: null };

function share(targets: readonly ShareTarget[], variant = "share-created"): ShareFacts {
  return { origin: "https://share.cloud-a.example", variant, targets };
}

function reason(targets: readonly ShareTarget[], via: "usher" | "home" = "usher", who = bob): string {
  const admitted = admit(share(targets), who, via);
  if (admitted.kind !== "no") return "admitted";
  expect(admitted.state).toBe("UNSUPPORTED");
  expect(admitted.detail).toMatch(/^[A-Z].+;? .+\.$/u);
  return admitted.because;
}

describe("what can be followed at all", () => {
  test("a folder of files is followed both ways", () => {
    expect(reason([folder], "usher")).toBe("admitted");
    expect(reason([folder], "home")).toBe("admitted");
  });

  test("an anonymous link is not, whatever it names", () => {
    expect(admit(share([folder], "link-created"), bob, "usher")).toMatchObject({ because: "anonymous-link" });
  });

  test("an account without any address follows nothing", () => {
    expect(reason([folder], "usher", { ...bob, addresses: [] })).toBe("no-mail-address");
  });

  test("a link without a path names no folder", () => {
    expect(reason([])).toBe("no-folder");
    expect(reason([{ module: null, folder: null, item: null }])).toBe("no-folder");
    expect(reason([{ module: "files", folder: "", item: null }])).toBe("no-folder");
  });

  test("a single file, and a single entry of any module, is no folder", () => {
    expect(reason([{ module: "files", folder: "4711", item: "4711/9087" }])).toBe("single-file");
    expect(reason([{ module: "calendar", folder: "321", item: "5" }], "home")).toBe("single-file");
  });

  test("a calendar needs the account's own server", () => {
    const calendar: ShareTarget = { module: "calendar", folder: "cal://0/321", item: null };
    expect(reason([calendar], "usher")).toBe("calendar-needs-home");
    expect(reason([calendar], "home")).toBe("admitted");
  });

  test("address books, task lists and modules that nobody knows are not followed", () => {
    expect(reason([{ module: "contacts", folder: "7", item: null }], "home")).toBe("module-unsupported");
    expect(reason([{ module: "tasks", folder: "7", item: null }], "home")).toBe("module-unsupported");
    expect(reason([{ module: null, folder: "7", item: null }], "home")).toBe("module-unknown");
  });

  test("the account must have the module", () => {
    expect(reason([folder], "usher", { ...bob, modules: ["calendar"] })).toBe("module-not-available");
  });
});

describe("a share with several targets", () => {
  test("one folder is enough, and the others are left with their reasons", () => {
    const file: ShareTarget = { module: "files", folder: "4711", item: "4711/9087" };
    const calendar: ShareTarget = { module: "calendar", folder: "321", item: null };
    const admitted = admit(share([file, folder, calendar]), bob, "usher");
    expect(admitted).toMatchObject({
      kind: "admitted",
      folders: [folder],
      left: [
        { target: file, because: "single-file" },
        { target: calendar, because: "calendar-needs-home" },
      ],
    });
  });

  test("more folders than one visit looks at are left, and said to be", () => {
    const many = Array.from({ length: limits.oxFoldersPerShare + 2 }, (_, index) => ({
      ...folder,
      folder: String(index),
    }));
    const admitted = admit(share(many), bob, "usher");
    expect(admitted.kind === "admitted" && admitted.folders).toHaveLength(limits.oxFoldersPerShare);
    expect(admitted.kind === "admitted" && admitted.left.map(({ because }) => because)).toEqual([
      "too-many-folders",
      "too-many-folders",
    ]);
  });

  test("every target is either followed or left, and only folders of the account's modules are followed", () => {
    const target = fc.record({
      module: fc.constantFrom("files", "calendar", "contacts", "tasks", null),
      folder: fc.option(fc.constantFrom("39", "", "321")),
      item: fc.option(fc.constant("39/1")),
    });
    fc.assert(
      fc.property(fc.array(target, { maxLength: 6 }), fc.constantFrom("usher", "home"), (targets, via) => {
        const admitted = admit(share(targets), { ...bob, modules: ["files"] }, via);
        if (admitted.kind === "no") return;
        expect(admitted.folders.length + admitted.left.length).toBe(targets.length);
        expect(admitted.folders.every((each) => each.module === "files")).toBe(true);
        expect(foldersAmong(targets)).toEqual(expect.arrayContaining([...admitted.folders]));
      }),
      { numRuns: 300 },
    );
  });
});
