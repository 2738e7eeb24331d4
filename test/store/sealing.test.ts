import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Secret } from "../../src/config/secret.ts";
import { createSealer, generateKey, SealError } from "../../src/store/sealing.ts";

const place = { table: "notification", row: "n1", column: "link_sealed" };

function reasonOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof SealError) return error.reason;
  }
  return "none";
}

test("any text comes back as it was, and never looks the same twice", () => {
  const sealer = createSealer(generateKey());
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const sealed = sealer.seal(text, place);
      expect(sealer.open(sealed, place)).toBe(text);
      expect(sealer.seal(text, place)).not.toBe(sealed);
      if (text.length > 8) expect(sealed).not.toContain(text);
    }),
  );
});

test("a secret that was moved to another row, column or table cannot be opened", () => {
  const sealer = createSealer(generateKey());
  const sealed = sealer.seal("https://ox.example.org/share/abc", place);
  for (const moved of [{ row: "n2" }, { column: "password_sealed" }, { table: "sharing" }]) {
    expect(reasonOf(() => sealer.open(sealed, { ...place, ...moved }))).toBe("moved");
  }
});

test("another key is told from damage, and is named without being told", () => {
  const first = createSealer(generateKey());
  const second = createSealer(generateKey());
  const sealed = first.seal("secret", place);
  expect(reasonOf(() => second.open(sealed, place))).toBe("wrong-key");
  expect(() => second.open(sealed, place)).toThrow(`sealed with key ${first.keyId}`);
});

test("every changed character of a sealed text is noticed", () => {
  const sealer = createSealer(generateKey());
  const sealed = sealer.seal("secret", place);
  for (let index = 0; index < sealed.length; index += 1) {
    const other = sealed[index] === "A" ? "B" : "A";
    const changed = sealed.slice(0, index) + other + sealed.slice(index + 1);
    expect(
      reasonOf(() => sealer.open(changed, place)),
      changed,
    ).toBe("damaged");
  }
  for (const text of ["", "secret", sealed.slice(0, -1), `${sealed}A`, `${sealed}:x`]) {
    expect(
      reasonOf(() => sealer.open(text, place)),
      text,
    ).toBe("damaged");
  }
});

test("a key that is not 32 bytes in base64 is refused without being shown", () => {
  for (const text of ["", "short", "a".repeat(44), Buffer.alloc(31, 7).toString("base64"), "ä".repeat(32)]) {
    const act = (): unknown => createSealer(new Secret(text));
    expect(reasonOf(act), text).toBe("bad-key");
    if (text !== "") expect(act).not.toThrow(text);
  }
  expect(reasonOf(() => createSealer(new Secret(`${generateKey().reveal()}\n`)))).toBe("none");
});
