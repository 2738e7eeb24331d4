import { describe, expect, test } from "vitest";
import { isJunk } from "../../src/domain/junk.ts";

const inbox = { folder: "INBOX", isJunkFolder: false, flags: ["\\Seen", "$NotJunk"] };

describe("a mail counts as junk", () => {
  test.each(["$Junk", "$Phishing", "$phishing", "Junk"])("by the keyword %s", (flag) => {
    expect(isJunk({ ...inbox, flags: [...inbox.flags, flag] })).toBe(true);
  });
  test.each(["Junk", "INBOX.Spam", "INBOX/Junk E-Mail"])("by the folder %s", (folder) => {
    expect(isJunk({ ...inbox, folder })).toBe(true);
  });
  test("by what the server says of the folder", () => {
    expect(isJunk({ ...inbox, folder: "Indésirables", isJunkFolder: true })).toBe(true);
  });
});

test.each(["INBOX", "Junkyard", "Junk/Sorted", "NotSpam"])("a mail in %s is no junk by that", (folder) => {
  expect(isJunk({ ...inbox, folder })).toBe(false);
});
