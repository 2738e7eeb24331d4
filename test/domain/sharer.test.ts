import { describe, expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import { oneLine } from "../../src/domain/one-line.ts";
import { sharerOf } from "../../src/domain/sharer.ts";

const alice = { name: "Alice", address: "alice@mailhome.example" };

describe("the sharer", () => {
  test.each([
    "no-reply@cloud-a.example",
    "noreply@cloud-a.example",
    "sharing-noreply@cloud-a.example",
    "do_not_reply@a.example",
  ])("is who gets the replies where %s sent the mail", (address) => {
    expect(sharerOf({ from: [{ name: "Cloud", address }], replyTo: [alice] })).toEqual(alice);
  });

  test("is who sent the mail, where that is a person or nobody else is named", () => {
    const carla = { name: "Carla", address: "carla@cloud-a.example" };
    expect(sharerOf({ from: [carla], replyTo: [alice] })).toEqual(carla);
    const server = { name: "Cloud", address: "no-reply@cloud-a.example" };
    expect(sharerOf({ from: [server], replyTo: [] })).toEqual(server);
    expect(sharerOf({ from: [server], replyTo: [alice, carla] })).toEqual(server);
  });

  test("is nobody where the mail names nobody", () => {
    expect(sharerOf({ from: [], replyTo: [] })).toEqual({ name: "", address: "" });
  });

  test("has a name of one short line without tricks", () => {
    const name = `Alice\u202E\r\nBcc: x\u0007${"y".repeat(500)}`;
    const shown = sharerOf({ from: [{ ...alice, name }], replyTo: [] }).name;
    expect(shown).toMatch(/^Alice Bcc: x y+$/);
    expect(shown.length).toBe(limits.nameChars);
  });
});

test("a cut never leaves half of a character", () => {
  expect(oneLine("ab\u{1F4C1}", 3)).toBe("ab");
  expect(oneLine("ab\u{1F4C1}", 4)).toBe("ab\u{1F4C1}");
});
