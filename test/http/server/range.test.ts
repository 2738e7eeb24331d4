import { expect, test } from "vitest";
import { attachment } from "../../../src/http/server/range.ts";

test("a file is given whatever a stranger calls it, also where its name is cut in the middle of a sign", () => {
  for (const length of [253, 254, 255]) {
    const field = attachment(`${"a".repeat(length)}\u{1F4C4}.pdf`);
    expect(field).toMatch(/^attachment; filename="[\x20-\x7e]{1,255}"; filename\*=UTF-8''[\w.%-]+$/);
  }
});
