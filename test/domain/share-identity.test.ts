import { expect, test } from "vitest";
import { identityOf } from "../../src/domain/share-identity.ts";
import type { ShareNotification } from "../../src/domain/share.ts";

const notice: ShareNotification = {
  protocol: "federated-share",
  variant: "nextcloud-notification",
  origin: "https://cloud.uni-a.example",
  link: null,
  shareId: null,
  recipientKind: "unknown",
  module: "files",
  folder: null,
  item: "Fotos",
  sharer: { name: "Alice", address: "alice@cloud.uni-a.example" },
  title: null,
};

test("a share id or a link keeps a share apart, in however many mails", () => {
  for (const share of [
    { ...notice, shareId: "s1" },
    { ...notice, link: "https://a.example/x" },
  ]) {
    expect(identityOf(share, "<1@a.example>")).toEqual(
      identityOf({ ...share, title: "new" }, "<2@a.example>"),
    );
  }
  expect(identityOf({ ...notice, link: "https://a.example/x" }, "<1@a>")).not.toEqual(
    identityOf({ ...notice, link: "https://a.example/y" }, "<1@a>"),
  );
});

test("a notice without both is the same share when it is repeated, and another where it names something else", () => {
  const first = identityOf(notice, "<1@a.example>");
  expect(identityOf(notice, "<2@a.example>")).toEqual(first);
  expect(identityOf({ ...notice, item: "Texte" }, "<1@a.example>")).not.toEqual(first);
  const other = { ...notice, sharer: { name: "Carla", address: "carla@cloud.uni-a.example" } };
  expect(identityOf(other, "<1@a.example>")).not.toEqual(first);
});

test("a notice that names nothing is kept apart by its mail", () => {
  const bare = { ...notice, module: null, item: null, origin: null };
  expect(identityOf(bare, "<1@a.example>")).toMatchObject({ origin: "" });
  expect(identityOf(bare, "<1@a.example>")).not.toEqual(identityOf(bare, "<2@a.example>"));
});

test("no share id can pass for what another mail is known by", () => {
  const { secret } = identityOf(notice, "<1@a.example>");
  expect(secret.startsWith("[")).toBe(true);
});
