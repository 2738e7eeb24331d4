import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { InvitationTemplate } from "../../src/domain/invitation.ts";
import { composeMail } from "../../src/mail/compose.ts";
import { usher } from "../world/site.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "usher-inspect-usher-"));
});
afterAll(async () => rm(directory, { recursive: true }));

/** What usher inspect prints of a mail of another Usher whose text is empty. */
async function inspect(type: InvitationTemplate, link: string, ...args: readonly string[]): Promise<string> {
  const file = join(directory, `${type}.eml`);
  const raw = await composeMail({
    from: { name: "Alice via Example", address: "share@example.org" },
    replyTo: { name: "Alice", address: "alice@example.org" },
    to: { name: "", address: "bob@example.net" },
    subject: "A mail",
    messageId: "<i0.invitation@example.org>",
    inReplyTo: null,
    notice: null,
    share: { type, sharingId: "h0123456789", link, title: "Rapport d’été", expiresAtMs: null },
    date: 0,
    html: " ",
    text: " ",
  });
  await writeFile(file, raw);
  const { code, out, err } = await usher(join(directory, "missing.yaml"), ["inspect", ...args, file]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return out;
}

const token = "0a1B2c3D4e5F6g7";
const notification = {
  protocol: "public-link",
  variant: "s-token",
  origin: "https://cloud.example.org",
  link: `https://cloud.example.org/s/${token}`,
  shareId: token,
  recipientKind: "anonymous",
  module: "files",
  sharer: { name: "Alice", address: "alice@example.org" },
  title: "Rapport d’été",
};

test("a mail of Usher is recognised by its header fields alone", async () => {
  expect(JSON.parse(await inspect("invitation", notification.link, "--json", "--secrets"))).toMatchObject({
    verdict: "share-notification",
    because: null,
    notification,
    authentication: { from: "share@example.org", trusted: false, linkAligned: true },
  });
  expect(await inspect("invitation", notification.link, "--json")).not.toContain(token);
});

test("one that calls a share off says which, and keeps its secret", async () => {
  expect(JSON.parse(await inspect("revoked", notification.link, "--json", "--secrets"))).toMatchObject({
    verdict: "none",
    because: "share-revoked",
    notification: null,
    revoked: notification,
  });
  for (const args of [[], ["--json"]]) {
    const shown = await inspect("revoked", notification.link, ...args);
    expect(shown).toContain("share-revoked");
    expect(shown).toContain("Rapport d’été");
    expect(shown).not.toContain(token);
  }
});

test("a link that no protocol knows is a public link of Usher's own variant", async () => {
  const link = "https://files.example.org/view?id=7#page";
  expect(JSON.parse(await inspect("reminder", link, "--json", "--secrets")).notification).toMatchObject({
    protocol: "public-link",
    variant: "usher-invitation",
    origin: "https://files.example.org",
    link,
    shareId: null,
    recipientKind: "unknown",
  });
});
