import { describe, expect, test } from "vitest";
import { matching, type RemoteShare } from "../../../src/protocols/nextcloud/match.ts";

const waiting: RemoteShare = {
  id: "3",
  host: "sender.example",
  name: "Reports",
  owner: "alice",
  mountpoint: null,
};
const notice = { origin: "https://sender.example", title: "Reports", sharerName: "@alice@sender.example" };

function match(shares: readonly Partial<RemoteShare>[], told: Partial<typeof notice> = {}) {
  return matching(
    { ...notice, ...told },
    shares.map((share, at) => ({ ...waiting, id: `${at}`, ...share })),
  );
}

describe("a notice means an entry of the home server's list (reference/ocm.md 5.3)", () => {
  test.each([
    ["by the login of its owner", {}],
    ["by a display name that is the login otherwise written", { owner: "Alice" }],
    ["by his whole federated id", { owner: "alice@sender.example" }],
    ["by host and name alone, where its owner is shown under another name", { owner: "Ada Lovelace" }],
  ])("%s", (_by, share) => {
    expect(match([{ ...share }])).toMatchObject({ kind: "one", share: { id: "0" } });
  });

  test("with or without the slash before its name", () => {
    expect(match([{}], { title: "/Reports" })).toMatchObject({ kind: "one" });
  });

  test("and of several of the owner's with that name the oldest", () => {
    expect(match([{ owner: "bert" }, {}, {}])).toMatchObject({ kind: "one", share: { id: "1" } });
  });

  test.each([
    ["of another name", [{ name: "Minutes" }]],
    ["at another server", [{ host: "sender.example:8443" }]],
    ["whose server the list does not tell", [{ host: null }]],
    ["of two owners, neither of them the sharer", [{ owner: "bert" }, { owner: "carl" }]],
  ])("but none %s", (_which, shares) => {
    expect(match(shares)).toEqual({ kind: "none" });
  });
});
