import { expect, test } from "vitest";
import { newId } from "../../src/store/ids.ts";

test("ids are short, can be read aloud, and do not repeat", () => {
  const ids = Array.from({ length: 20_000 }, () => newId("n"));
  for (const id of ids) expect(id).toMatch(/^n[0-9a-hjkmnp-tv-z]{9}$/);
  expect(new Set(ids).size).toBe(ids.length);
});
