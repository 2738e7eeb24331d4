import { describe, expect, test } from "vitest";
import { readAnalysis, readSubscribed } from "../../../src/protocols/ox/home-answers.ts";

function analysis(value: unknown) {
  return readAnalysis({ kind: "answer", fields: { data: value } });
}

describe("what the home server says about a link", () => {
  test("state names count in any case", () => {
    for (const state of ["ADDABLE_WITH_PASSWORD", "addable_with_password", "Addable_With_Password"]) {
      expect(analysis({ state })).toMatchObject({ kind: "analysis", state: "ADDABLE_WITH_PASSWORD" });
    }
  });

  test("names of account and folder are kept, as numbers or as text", () => {
    const told = { state: "SUBSCRIBED", account: 22, module: "infostore", folder: "xox://22/39" };
    expect(analysis(told)).toMatchObject({ account: "22", folder: "xox://22/39", code: null });
  });

  test("the reason's code is kept, and nothing of its text", () => {
    const told = { state: "FORBIDDEN", error: { code: "SHR-0027", error: "Not for bob@old.example" } };
    expect(analysis(told)).toMatchObject({ state: "FORBIDDEN", code: "SHR-0027" });
    expect(JSON.stringify(analysis(told))).not.toContain("old.example");
    expect(analysis({ state: "FORBIDDEN", error: { code: "no code" } })).toMatchObject({ code: null });
  });

  test("an unknown state, no state and no object are not understood", () => {
    for (const value of [{ state: "PERHAPS" }, { state: 7 }, {}, null, "SUBSCRIBED", []]) {
      expect(analysis(value)).toMatchObject({ name: "answer-not-understood" });
    }
  });

  test("a subscription without names stands all the same", () => {
    const answer = { kind: "answer", fields: { data: {} } } as const;
    expect(readSubscribed(answer)).toEqual({ kind: "names", account: null, folder: null });
    expect(readSubscribed({ kind: "answer", fields: {} })).toMatchObject({ name: "answer-not-understood" });
  });
});
