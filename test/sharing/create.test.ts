import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSharing, type NewSharingRequest } from "../../src/sharing/create.ts";
import { listSharings } from "../../src/store/sharings.ts";
import { openSharingWorld, request, type SharingWorld, smtpAt } from "./parts.ts";

let world: SharingWorld;

beforeEach(async () => {
  world = await openSharingWorld(smtpAt(1));
});

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

/** Why a request is refused; empty where it is not. Shows that a refused one leaves nothing behind. */
async function reasons(change: Partial<NewSharingRequest>): Promise<readonly string[]> {
  const before = await rowCounts();
  const created = await createSharing(world.parts, { ...request, ...change });
  if (created.kind === "created") return [];
  expect(await rowCounts()).toEqual(before);
  for (const { detail } of created.problems) expect(detail).not.toContain("0a1b2c3d4e5f");
  return created.problems.map((problem) => problem.because);
}

async function rowCounts(): Promise<readonly number[]> {
  const { db } = world.parts.store;
  const tables = ["sharing", "recipient", "invitation", "job", "record"] as const;
  return Promise.all(
    tables.map(async (table) => {
      const row = await db
        .selectFrom(table)
        .select(({ fn }) => fn.countAll<number>().as("rows"))
        .executeTakeFirstOrThrow();
      return row.rows;
    }),
  );
}

describe("a sharing", () => {
  it("plans one invitation and one piece of work per recipient, in the order of the request", async () => {
    const to = ["carla@example.com", "bob@example.net", "Alice@Example.NET"];
    const id = await world.share({ to, locale: "fr" });
    const recipients = await world.recipients(id);
    expect(recipients.map((recipient) => recipient.address)).toEqual(to);
    expect(recipients).toMatchObject(
      to.map(() => ({ state: "pending", mail: "planned", attempts: 0, locale: "fr" })),
    );
    for (const { messageId } of recipients) expect(messageId).toMatch(/^<i\w+\.invitation@example\.org>$/);
    expect(await rowCounts()).toEqual([1, 3, 3, 3, 4]);
    expect(await listSharings(world.parts.store.db, { account: "alice" })).toMatchObject([
      { id, account: "alice", recipients: 3, sent: 0, notSent: 0 },
    ]);
    expect(await listSharings(world.parts.store.db, { account: "bob" })).toEqual([]);
  });

  it("takes a thousand recipients, all or nothing, and speaks the account's language", async () => {
    const to = Array.from({ length: 1000 }, (_, place) => `bob+${place}@example.net`);
    const id = await world.share({ to });
    const recipients = await world.recipients(id);
    expect(recipients.map((recipient) => recipient.address)).toEqual(to);
    expect(recipients[0]?.locale).toBe("en");
    expect(await reasons({ to: [...to, "carla@example.com"] })).toEqual(["too-many-recipients"]);
  });

  it("keeps the link sealed, and tidies the texts", async () => {
    const id = await world.share({ title: "  Report\u202E ", message: "\r\nHello\r\nthere\t!\n\n" });
    const row = await world.parts.store.db.selectFrom("sharing").selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({ id, title: "Report", message: "Hello\nthere !" });
    expect(row.link_sealed).not.toContain("cloud.example.org");
  });
});

describe("a sharing is refused", () => {
  it.each<[string, Partial<NewSharingRequest>]>([
    ["no-account", { account: "carla" }],
    ["no-title", { title: " " }],
    ["bad-title", { title: "a\nBcc: x" }],
    ["title-too-long", { title: "x".repeat(201) }],
    ["message-too-long", { message: "x".repeat(2001) }],
    ["bad-link", { link: "cloud.example.org/s/1" }],
    ["link-not-https", { link: "http://cloud.example.org/s/0a1b2c3d4e5f" }],
    ["link-not-https", { link: "javascript:alert(1)" }],
    ["link-with-password", { link: "https://alice:hush@cloud.example.org/s/0a1b2c3d4e5f" }],
    ["link-too-long", { link: `https://cloud.example.org/${"x".repeat(2048)}` }],
    ["no-recipient", { to: [] }],
    ["bad-address", { to: ["Bob <bob@example.net>"] }],
    ["bad-address", { to: ["bob@example.net, carla@example.com"] }],
    ["bad-address", { to: ["bob@example.net\r\nBcc: carla@example.com"] }],
    ["duplicate-address", { to: ["bob@example.net", "bob@EXAMPLE.net"] }],
  ])("%s (%#)", async (reason, change) => {
    expect(await reasons(change)).toEqual([reason]);
  });

  it("with everything that is wrong at once, each bad address by name", async () => {
    const to = ["bob", "carla@", "bob@example.net"];
    const created = await createSharing(world.parts, { ...request, title: "", link: "ftp://x", to });
    if (created.kind === "created") throw new Error("It was created.");
    expect(created.problems.map((problem) => problem.because)).toEqual([
      "no-title",
      "link-not-https",
      "bad-address",
      "bad-address",
    ]);
    expect(created.problems[2]?.detail).toContain('"bob"');
    expect(created.problems[3]?.detail).toContain('"carla@"');
  });

  it("while no mail server is configured", async () => {
    world.smtp = null;
    expect(await reasons({})).toEqual(["no-smtp"]);
  });
});

describe("a link that the account follows as a guest", () => {
  const token = "0dd8aa6905b6b6ac5b4cd1b0de4d1b0d1c2d3e4f5a6b7c8d";

  async function follow(ended: boolean): Promise<void> {
    const { db } = world.parts.store;
    const key = createHash("sha256").update(token).digest("hex");
    const common = {
      account_id: "a1",
      protocol: "ox",
      origin: "https://ox.example.org",
      share_key: key,
      created_at: 0,
    };
    await db
      .insertInto("notification")
      .values({
        ...common,
        id: "n1",
        variant: "ox",
        share_hint: "0dd8aa69",
        link_sealed: "",
        recipient_kind: "named-guest",
        sharer_name: "",
        sharer_address: "",
        state: "followed",
        updated_at: 0,
      })
      .execute();
    await db
      .insertInto("subscription")
      .values({
        ...common,
        id: "s1",
        notification_id: "n1",
        via: "usher",
        state: "SUBSCRIBED",
        ended_at: ended ? 1 : null,
      })
      .execute();
  }

  it.each([
    `https://ox.example.org/ajax/share/${token}/1/8/Mzk`,
    `https://OX.example.org:443/ajax/share/${token.toUpperCase()}`,
    `https://ox.example.org/appsuite/?share=${token}`,
  ])("is not shared further, however it is written (%#)", async (followed) => {
    await follow(false);
    expect(await reasons({ link: followed })).toEqual(["re-sharing"]);
  });

  it("may be shared when it is another share or another server, or was left", async () => {
    await follow(true);
    expect(await reasons({ link: `https://ox.example.org/ajax/share/${token}/1/8/Mzk` })).toEqual([]);
    expect(await reasons({ link: `https://ox.example.net/ajax/share/${token}` })).toEqual([]);
    expect(await reasons({ link: `https://ox.example.org/ajax/share/${token.slice(1)}0` })).toEqual([]);
  });
});
