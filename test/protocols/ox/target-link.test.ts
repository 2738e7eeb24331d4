import { describe, expect, test } from "vitest";
import { parseOxLink } from "../../../src/protocols/ox/link.ts";
import type { FolderTarget } from "../../../src/protocols/ox/restrictions.ts";
import { issuedLink, linkTo } from "../../../src/protocols/ox/target-link.ts";

const door = "https://share.cloud-a.example/ajax/share/0e8bc1640c82ee5ee8bc163c82ee4187b3288c7d4ac636db";

function link(text: string) {
  const read = issuedLink(text);
  if (read.kind !== "link") throw new Error(`The link is not understood: ${read.because}.`);
  return read;
}

function files(folder: string): FolderTarget {
  return { module: "files", folder, item: null };
}

describe("the link to one folder of a guest", () => {
  test("is the mail's own link where that names the folder", () => {
    const second =
      "https://share.cloud-a.example/ajax/share/0e8bc1640c82ee5ee8bc163c82ee4187b3288c7d4ac636db/2/m8/fNDcxMg/aYw~Mw";
    expect(linkTo(link(second), files("4712"))).toBe(second);
  });

  test("is built for a folder that another mail named", () => {
    expect(linkTo(link(`${door}/1/8/MjA0OA`), files("39"))).toBe(`${door}/1/8/Mzk`);
    expect(linkTo(link(`${door}/1/8/NDcxMQ/NDcxMS85MDg3`), files("4711"))).toBe(`${door}/1/8/NDcxMQ`);
    const calendar: FolderTarget = { module: "calendar", folder: "321", item: null };
    expect(linkTo(link(`${door}/1/8/MjA0OA`), calendar)).toBe(`${door}/1/2/MzIx`);
  });

  test("names the folder for which it was built, for any name", () => {
    for (const folder of ["39", "cal://0/321", "Öffentlich/ß", "a".repeat(200)]) {
      const built = parseOxLink(linkTo(link(`${door}/1/8/MjA0OA`), files(folder)));
      expect(built).toMatchObject({ target: { module: "files", folder, item: null } });
    }
  });

  test("a link that no OX server can have issued is not asked at all", () => {
    const impossible = `https://share.cloud-a.example/ajax/share/${"f".repeat(16)}${"0".repeat(32)}/1/8/Mzk`;
    for (const text of [impossible, "https://share.cloud-a.example/s/abc", "not a link"]) {
      expect(issuedLink(text)).toMatchObject({ name: "link-malformed" });
    }
  });
});
