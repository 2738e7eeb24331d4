import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mailMember } from "../../../src/sharing/member-mails.ts";
import { planningParts } from "../../../src/sharing-parts.ts";
import type { CozyV2 } from "../../world/cozy-v2/cozy.ts";
import { bodyOf, openV2World, type UsherV2, type V2World } from "./world.ts";

// What Alice sees of a sharing with Cozys of platform 2, which are asked at their addresses and never by mail.
let world: V2World;
let alice: UsherV2;
let bob: CozyV2;
let carol: CozyV2;

beforeEach(async () => {
  world = await openV2World();
  alice = await world.usher("alice");
  bob = await world.cozy("bob");
  carol = await world.cozy("carol");
});
afterEach(async () => {
  const { db } = alice.usher.site.store;
  expect(await db.selectFrom("invitation").select("id").execute()).toEqual([]);
  await world[Symbol.asyncDispose]();
});

const bobsHost = () => new URL(bob.origin).host;
const carolsHost = () => new URL(carol.origin).host;

async function share(): Promise<string> {
  const rule = await alice.keep("evt-1", { description: "Concert" });
  const targets = [bob, carol].map(({ origin }) => ({ recipientUrl: origin }));
  const shareID = await alice.share({ desc: "Concert tickets", rules: [rule], targets });
  await alice.work();
  return shareID;
}

/** The sharing as the API shows it. */
async function shown() {
  const id = (await alice.owned())?.sharing.sharing_id ?? "";
  const { status, text } = await alice.usher.api("GET", `/sharings/${id}`);
  expect(status).toBe(200);
  const sharing: {
    readonly title: string;
    readonly revoked_at: number | null;
    readonly recipients: readonly {
      readonly id: string;
      readonly address: string;
      readonly state: string;
      readonly reason: string | null;
      readonly mail: string | null;
      readonly messageId: string | null;
      readonly cozy: string | null;
      readonly cozyError: string | null;
      readonly timeline: readonly { readonly detail: Readonly<Record<string, unknown>> }[];
    }[];
  } = JSON.parse(text);
  return { id, ...sharing };
}

async function states() {
  return (await shown()).recipients.map(({ state }) => state);
}

async function accept(cozy: CozyV2): Promise<void> {
  expect((await cozy.owner.accept(cozy.pending()[0]?.id ?? "")).status).toBe(200);
  await alice.work();
}

test("a sharing is listed with its targets, each by the host of his Cozy, and nobody is mailed", async () => {
  await share();
  const { text } = await alice.usher.api("GET", "/sharings");
  expect(JSON.parse(text)).toMatchObject([
    { title: "Concert tickets", recipients: 2, sent: 0, notSent: 0, revoked_at: null },
  ]);
  const nobody = { mail: null, messageId: null, state: "pending", cozyError: null };
  expect((await shown()).recipients).toMatchObject([
    { address: bobsHost(), cozy: bob.origin, ...nobody },
    { address: carolsHost(), cozy: carol.origin, ...nobody },
  ]);
});

test("no mail can be planned to a target's host", async () => {
  await share();
  const { site } = alice.usher;
  const parts = planningParts(site, () => site.config);
  for (const { id } of (await shown()).recipients) {
    const mail = { recipientId: id, link: `${alice.origin}/x`, purpose: "invitation" } as const;
    const isPlanned = await site.store.transaction(async (db) => mailMember(db, mail, parts));
    expect(isPlanned).toBe(false);
  }
});

test("the targets' answers and ends are their states, and stand in the timeline", async () => {
  const shareID = await share();
  await accept(bob);
  expect((await carol.owner.refuse(carol.pending()[0]?.id ?? "")).status).toBe(200);
  expect(await states()).toEqual(["accepted", "refused"]);
  await alice.app("DELETE", `/services/sharing/sharer/${shareID}/`);
  await alice.work();
  const { recipients, revoked_at: revokedAt } = await shown();
  expect(revokedAt).not.toBeNull();
  expect(recipients.map(({ state }) => state)).toEqual(["revoked", "refused"]);
  expect(recipients[0]?.timeline.map(({ detail }) => detail["what"])).toEqual([
    "invited-again",
    "accepted",
    "revoked",
  ]);
});

test("one target that is revoked leaves the other", async () => {
  const shareID = await share();
  await accept(bob);
  await alice.app("DELETE", `/services/sharing/sharer/${shareID}/${encodeURIComponent(bob.origin)}/`);
  expect(await states()).toEqual(["revoked", "pending"]);
  expect((await shown()).revoked_at).toBeNull();
});

describe("a target that cannot be asked", () => {
  test("for now shows why, and waits", async () => {
    await bob.goDown();
    await share();
    expect((await shown()).recipients).toMatchObject([
      { state: "mail-not-sent", cozyError: "connection-refused" },
      { state: "pending", cozyError: null },
    ]);
    await bob.comeUp();
    await alice.usher.workAgain();
    expect((await shown()).recipients[0]).toMatchObject({ state: "pending", cozyError: null });
  });

  test("for good is an error with its reason, and may answer all the same; the other is asked", async () => {
    bob.misbehave({ kind: "status", status: 403, retryAfter: null }, "request", 1);
    const shareID = await share();
    expect((await shown()).recipients).toMatchObject([
      { state: "error", reason: "http-403", cozyError: "http-403" },
      { state: "pending" },
    ]);
    const { text } = await alice.app("GET", `/sharings/${shareID}`);
    expect(bodyOf({ text })["data"]).toMatchObject({
      relationships: {
        recipients: {
          data: [
            { status: "error", meta: { instance: bob.origin, error: "http-403" } },
            { status: "pending", meta: { instance: carol.origin } },
          ],
        },
      },
    });
    expect((await alice.owned())?.members[0]?.status).toBe("error");
    const { db } = alice.usher.site.store;
    await db.updateTable("job").set({ state: "ready", run_at: 0 }).where("state", "=", "parked").execute();
    await alice.work();
    expect(await states()).toEqual(["pending", "pending"]);
    await accept(bob);
    expect(await states()).toEqual(["accepted", "pending"]);
  });
});
