import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Rule } from "../../src/domain/policy.ts";
import type { ShareNotification } from "../../src/domain/share.ts";
import { shareWords } from "../../src/domain/share-words.ts";
import { type AnnouncedVoucher, judgeAnnounced } from "../../src/receiving/announced.ts";
import { closeHeld } from "../../src/receiving/through-instance.ts";
import { putContact } from "../../src/store/contacts.ts";
import { shownMail } from "../../src/store/kept-evidence.ts";
import { type NotificationRow, readNotification } from "../../src/store/notifications.ts";
import { type JudgeWorld, openJudgeWorld } from "./judge-world.ts";
import { acceptAll } from "./rules.ts";

let world: JudgeWorld;

beforeEach(async () => {
  world = await openJudgeWorld();
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const voucher: AnnouncedVoucher = {
  host: "cloud.example",
  keyId: "https://cloud.example/ocm#signature",
  scheme: "cavage",
  isContact: false,
};

const news: ShareNotification = {
  protocol: "federated-share",
  variant: "ocm-share",
  origin: "https://cloud.example",
  link: null,
  shareId: "cloud.example/17",
  recipientKind: "member",
  module: "files",
  folder: null,
  item: null,
  sharer: { name: "Ada", address: "ada@cloud.example" },
  title: "report.pdf",
};

async function announced(
  by: AnnouncedVoucher | null,
  change: Partial<ShareNotification> = {},
): Promise<NotificationRow> {
  const share = { ...news, ...change };
  const told = { accountId: "a-bob", share, key: `share ${share.shareId ?? ""}`, voucher: by };
  const id = await world.store.transaction(async (db) => judgeAnnounced(db, told, world.parts));
  const row = await readNotification(world.store.db, id);
  if (row === undefined) throw new Error("There is no notification.");
  return row;
}

/** What speaks for and against it, as pages say it. */
async function remarks({ id, origin, title }: NotificationRow): Promise<readonly string[]> {
  const evidence = shownMail(await world.record(id))?.evidence ?? null;
  const sharer = { name: "", address: "" };
  const share = { title, module: "files", sharer, origin, evidence, isInvitation: false };
  return shareWords(share, "en").remarks.map(({ text }) => text);
}

describe("a share that a server brought, under a rule that accepts all", () => {
  beforeEach(() => {
    world.settings.policy = [acceptAll];
  });

  test("unsigned: nobody vouches for it, so it is held", async () => {
    const row = await announced(null);
    expect(row).toMatchObject({ state: "held", reason: "not-believed" });
    expect(row.detail).toContain("its sender is not authenticated");
    expect(await remarks(row)).toEqual([expect.stringContaining("Nobody could verify the sender")]);
  });

  test("signed by a stranger: it is genuine, and held", async () => {
    const row = await announced(voucher);
    expect(row).toMatchObject({ state: "held", reason: "not-believed" });
    expect(row.detail).toContain("nobody whom the account has exchanged an invitation with, or trusts");
    expect(row.detail).not.toContain("not authenticated");
    expect(await remarks(row)).toEqual(["The sender is genuine: the share really comes from cloud.example."]);
  });

  test("signed, of somebody whom the account has exchanged an invitation with: accepted", async () => {
    const row = await announced({ ...voucher, isContact: true });
    expect(row.state).toBe("accepted");
    expect(await remarks(row)).toContain("The sender is one of your contacts.");
  });

  test("signed, of somebody whom the account trusts: accepted", async () => {
    await putContact(world.store.db, {
      account_id: "a-bob",
      address_key: "ada@cloud.example",
      address: "ada@cloud.example",
      name: null,
      trusted_at: 1,
      created_at: 1,
    });
    expect((await announced(voucher)).state).toBe("accepted");
    expect((await announced(null, { shareId: "cloud.example/18" })).state).toBe("held");
  });

  test("an invitation with somebody whose server imitates a known one is not enough", async () => {
    const known = { ...acceptAll, originHost: "cloud.example" } satisfies Rule;
    world.settings.policy = [known, acceptAll];
    const imitation = { ...voucher, host: "c1oud.example", isContact: true };
    const row = await announced(imitation, { origin: "https://c1oud.example" });
    expect(row).toMatchObject({ state: "held", reason: "not-believed" });
    expect(row.detail).toContain("looks like a host that the account knows");
  });

  test("the signature of another server says nothing", async () => {
    const row = await announced({ ...voucher, host: "elsewhere.example", isContact: true });
    expect(row).toMatchObject({ state: "held", reason: "not-believed" });
    expect(row.detail).toContain("its sender is not authenticated");
  });
});

test("rules can ask for the evidence of a signature, and for a contact", async () => {
  const contact: Rule = { ...acceptAll, evidence: ["authenticated", "link-aligned"], contact: "known" };
  world.settings.policy = [contact];
  expect(await announced(voucher)).toMatchObject({ state: "held", reason: null });
  const friend = await announced({ ...voucher, isContact: true }, { shareId: "cloud.example/18" });
  expect(friend.state).toBe("accepted");
});

test("what was taken back while it waited is put aside, and opened by a new share", async () => {
  const row = await announced(voucher);
  await world.store.transaction(async (db) => closeHeld(db, row.id, world.parts));
  expect(await readNotification(world.store.db, row.id)).toMatchObject({
    state: "ignored",
    reason: "taken-back",
  });
  const told = { accountId: "a-bob", share: news, key: "share anew", voucher };
  await world.store.transaction(async (db) => judgeAnnounced(db, told, world.parts));
  expect((await readNotification(world.store.db, row.id))?.state).toBe("held");
});

test("an answer stays what it was when its sharer takes back what it is about", async () => {
  world.settings.policy = [acceptAll];
  const row = await announced({ ...voucher, isContact: true });
  await world.store.transaction(async (db) => closeHeld(db, row.id, world.parts));
  expect((await readNotification(world.store.db, row.id))?.state).toBe("accepted");
});
