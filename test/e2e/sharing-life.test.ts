import { type ParsedMail, simpleParser } from "mailparser";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { json, publicHost } from "../http/server/world.ts";
import { type Chromium, startChromium } from "../world/chromium.ts";
import { addressOf } from "../world/world.ts";
import { type AnswerScene, openAnswerScene } from "./answer-scene.ts";
import { runNow, until } from "./scene.ts";

const link = "https://cloud.example.org/s/canary0a1b2c3d4e5f6071";
const dayMs = 24 * 3600_000;

let scene: AnswerScene;
let browser: Chromium;

beforeAll(async () => {
  scene = await openAnswerScene(
    { sharing: { remindAfter: ["1d", "3d"], limits: { perMinute: 1000 } } },
    { accounts: ["alice"] },
  );
  await scene.start();
  browser = await startChromium({ host: publicHost, port: scene.httpPort });
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

/** A sharing of alice's; `name` is somebody of whom Usher knows nothing but the address. */
async function share(title: string, name: string, ...more: readonly string[]): Promise<string> {
  const about = ["--account", "alice", "--title", title, "--link", link, "--to", addressOf(name)];
  return (await scene.usherJson<{ readonly id: string }>("sharing", "create", ...about, ...more)).id;
}

/** The mails in somebody's INBOX, in the order in which they came, as soon as there are so many. */
async function mails(name: string, count: number): Promise<readonly ParsedMail[]> {
  let found: readonly { readonly text: string }[] = [];
  await until(
    `${name} has ${count} mails`,
    async () => {
      const query = ["-f", "json", "fetch", "-u", addressOf(name), "text", "mailbox", "INBOX"];
      found = JSON.parse((await scene.world.dovecot.doveadm(...query).catch(() => "")) || "[]");
      return found.length >= count;
    },
    () => [found.length, scene.daemon.text().slice(-2000)],
  );
  expect(found).toHaveLength(count);
  return Promise.all(found.map(async ({ text }) => simpleParser(text)));
}

async function mail(name: string, place: number): Promise<ParsedMail> {
  const found = (await mails(name, place))[place - 1];
  if (found === undefined) throw new Error("There is no such mail.");
  return found;
}

function pageIn({ text = "" }: ParsedMail): string {
  const path = new RegExp(`https://${publicHost}(/invitation/r\\w+\\.[0-9a-f]{32})\\b`).exec(text)?.[1];
  if (path === undefined) throw new Error("The mail links to no page.");
  return path;
}

interface Shown {
  readonly revoked_at: number | null;
  readonly recipients: readonly {
    readonly id: string;
    readonly state: string;
    readonly reason: string | null;
    readonly timeline: readonly { readonly at: number; readonly detail: { readonly what: string } }[];
  }[];
}

async function only(id: string): Promise<Shown["recipients"][number]> {
  const { recipients } = await scene.usherJson<Shown>("sharing", "show", id);
  const [recipient, ...more] = recipients;
  if (recipient === undefined || more.length > 0) throw new Error("There is not one recipient.");
  return recipient;
}

async function story(id: string): Promise<readonly string[]> {
  return (await only(id)).timeline.map(({ detail }) => detail.what);
}

/** The invitation was sent that much earlier, and the schedule looks. */
async function letPass(sharingId: string, ms: number): Promise<void> {
  const { db } = scene.store;
  const recipients = db.selectFrom("recipient").select("id").where("sharing_id", "=", sharingId);
  await db
    .updateTable("invitation")
    .set((eb) => ({ sent_at: eb("sent_at", "-", ms) }))
    .where("recipient_id", "in", recipients)
    .where("in_reply_to", "is", null)
    .execute();
  await runNow(scene, "sweep-sharings");
}

describe("a sharing through a real mail server", () => {
  test("is invited to, reminded of by hand and by the schedule, and revoked; each mail answers the first", async () => {
    const id = await share("Harbour plans", "carla", "--message", "Ahoy", "--expires", "30d");
    const invitation = await mail("carla", 1);
    expect(invitation.text).toContain(link);
    await until("the invitation is on record", async () => (await story(id)).includes("send"));
    const by = await scene.usher("sharing", "remind", id);
    expect(by).toMatchObject({ code: 0, out: expect.stringContaining("gets a reminder") });
    const reminder = await mail("carla", 2);
    await until("the reminder is on record", async () => (await story(id)).at(-1) === "send");
    await letPass(id, dayMs);
    await letPass(id, 2 * dayMs);
    const second = await mail("carla", 3);
    await until("the second reminder is on record", async () => (await story(id)).at(-1) === "send");
    await letPass(id, 0);
    const revoked = await scene.usher("sharing", "revoke", id);
    expect(revoked.code).toBe(0);
    const revocation = await mail("carla", 4);
    const later = [reminder, second, revocation];
    for (const { inReplyTo, references } of later)
      expect([inReplyTo, references]).toEqual([invitation.messageId, invitation.messageId]);
    expect(new Set([invitation, ...later].map(({ messageId }) => messageId)).size).toBe(4);
    expect(revocation.text).not.toContain(link);
    expect([reminder, second].every(({ text }) => text?.includes(link))).toBe(true);
    await until("the revocation is on record", async () => (await story(id)).at(-1) === "send");
    const sent = ["queued", "rendered", "send"];
    expect(await story(id)).toEqual([...sent, "reminded", ...sent, "reminded", ...sent, "revoked", ...sent]);
    const { timeline, state } = await only(id);
    expect(state).toBe("revoked");
    const times = timeline.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const shown = (await scene.usher("sharing", "show", id)).out;
    expect(shown).toContain("rendered: reminder-2 in en, SHA-256 ");
    expect(shown).toMatch(/tried: revoked, attempt 1, accepted: 250 2\.0\.0 Ok/);
    expect(shown).not.toContain("canary");
  });

  test("ends by itself when its time is over, and says so on its page", async () => {
    const id = await share("Short", "dora", "--expires", "1d");
    const page = pageIn(await mail("dora", 1));
    await scene.store.db
      .updateTable("sharing")
      .set({ expires_at: Date.now() - 1 })
      .where("id", "=", id)
      .execute();
    await runNow(scene, "sweep-sharings");
    await until("it has ended", async () => (await only(id)).state === "revoked");
    expect(await only(id)).toMatchObject({ reason: "expired" });
    await browser.open(`http://${publicHost}${page}`);
    expect(await seen()).toContain("The time of this share is over");
    expect(await browser.evaluate("document.querySelector('button[value=open]')")).toBeNull();
    await mails("dora", 1);
  });

  test("is made, watched and answered over the API, by whoever repeats his request too", async () => {
    const token = await scene.addToken("app", ["sharings:read", "sharings:write"], "alice");
    const body = { title: "From the application", link, to: [addressOf("emil")] };
    const headers = { "idempotency-key": "request 7" };
    const asked = async () => scene.ask("POST", "/api/v1/sharings", { token, body, headers });
    const replies = [await asked(), await asked()];
    expect(replies.map(({ status }) => status)).toEqual([201, 200]);
    const id = String(json(replies[0] ?? { status: 0, headers: {}, text: "{}" })["id"]);
    await mail("emil", 1);
    const recipient = await only(id);
    const path = `/api/v1/sharings/${id}/recipients/${recipient.id}/accepted`;
    expect((await scene.ask("POST", path, { token })).status).toBe(200);
    const read = json(await scene.ask("GET", `/api/v1/sharings/${id}`, { token })) as unknown as Shown;
    expect(read.recipients).toMatchObject([{ state: "accepted" }]);
    expect(read.recipients[0]?.timeline.at(-1)).toMatchObject({
      detail: { what: "accepted", by: "api: app" },
    });
    const done = await scene.ask("POST", `/api/v1/sharings/${id}/revoke`, { token });
    expect(json(done)).toEqual({ done: [addressOf("emil")], left: [] });
    const [invitation, revocation] = await mails("emil", 2);
    expect(revocation?.inReplyTo).toBe(invitation?.messageId);
  });
});

async function seen(): Promise<string> {
  return String(await browser.evaluate("document.querySelector('main').innerText"));
}

describe("the page of a recipient, in a browser", () => {
  test("shows who shares what until when, on any screen, and lets nobody scroll sideways", async () => {
    await share("A rather long title of something that is shared with somebody", "frida", "--expires", "30d");
    const page = pageIn(await mail("frida", 1));
    await browser.open(`http://${publicHost}${page}`);
    const text = await seen();
    for (const said of ["alice", "A rather long title", "cloud.example.org", "Until"])
      expect(text).toContain(said);
    expect(text).not.toContain("canary");
    for (const widthPx of [320, 800]) {
      for (const isDark of [false, true]) {
        const picture = await browser.picture({ widthPx, isDark });
        expect(picture.length).toBeGreaterThan(5000);
        const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        expect(await browser.evaluate(overflow)).toBe(0);
      }
    }
  });

  test("opens the share at its server, is declined, and ends invitations of the sharer for good", async () => {
    const id = await share("With buttons", "gerd");
    const page = pageIn(await mail("gerd", 1));
    await browser.open(`http://${publicHost}${page}`);
    await browser.click("button[value=open]");
    // The browser has left for the share's server, which it cannot reach here: no policy of the page keeps it.
    expect(await browser.evaluate("location.protocol")).toBe("chrome-error:");
    await browser.open(`http://${publicHost}${page}`);
    await browser.click("button[value=refuse]");
    expect(await seen()).toContain("You have declined the share");
    await browser.open(`http://${publicHost}${page}`);
    await browser.click("button[value=mute]");
    expect(await seen()).toContain("no more invitations from alice");
    expect((await story(id)).slice(-3)).toEqual(["page-opened", "refused", "muted"]);
    expect((await only(id)).state).toBe("refused");
    const next = await share("Unwanted", "gerd");
    await until("it is not sent", async () => (await only(next)).state === "mail-not-sent");
    expect(await only(next)).toMatchObject({ reason: "muted" });
    expect((await scene.usher("sharing", "show", next)).out).toContain(
      "not sent: wants no more invitations of this account",
    );
    await mails("gerd", 1);
  });

  test("has a link for mail programs that ends invitations with one click (RFC 8058)", async () => {
    await share("By mail program", "hanna");
    const { headerLines } = await mail("hanna", 1);
    const fieldOf = (name: string): string => headerLines.find(({ key }) => key === name)?.line ?? "";
    expect(fieldOf("list-unsubscribe-post")).toBe("List-Unsubscribe-Post: List-Unsubscribe=One-Click");
    const unfolded = fieldOf("list-unsubscribe").replaceAll(/\s+/g, "");
    const [, path = ""] = new RegExp(`<https://${publicHost}(/invitation/[^>]+/mute)>`).exec(unfolded) ?? [];
    const form = { "List-Unsubscribe": "One-Click" };
    expect((await scene.ask("POST", path, { form })).status).toBe(200);
    const next = await share("Unwanted", "hanna");
    await until("it is not sent", async () => (await only(next)).reason === "muted");
  });
});

test("no secret of a page and no link of a share stands in the log", () => {
  const said = scene.daemon.text();
  expect(said).toContain("invitation-sent");
  expect(said).not.toMatch(/\/invitation\/r\w+\.[0-9a-f]{32}/);
  expect(said).not.toContain("canary");
});
