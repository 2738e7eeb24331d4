import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fingerprint, publicHost, type Reply } from "../http/server/world.ts";
import { type Chromium, startChromium } from "../world/chromium.ts";
import { addressOf, type ShareOptions } from "../world/world.ts";
import {
  type AnswerScene,
  noticeArrives,
  noticesAbout,
  noWorkLeft,
  openAnswerScene,
  pageIn,
} from "./answer-scene.ts";
import { deliverAndFind, notificationIn, subscriptionOf, until } from "./scene.ts";

const bob = addressOf("bob");
let scene: AnswerScene;
let browser: Chromium;

beforeAll(async () => {
  scene = await openAnswerScene({ mailbox: { pollEvery: "1h" } });
  await scene.usherJson("account", "change", "bob", "--locale", "de");
  await scene.start();
  browser = await startChromium({ host: publicHost, port: scene.httpPort });
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

/** A share that waits for bob's answer, and the page that he was told of. */
async function held(title: string, share: Partial<ShareOptions> = {}) {
  const shared = scene.world.share(bob, { title, files: ["quay.odt"], ...share });
  const { id } = await deliverAndFind(scene, shared.mail, title);
  const notice = await noticeArrives(scene, title);
  return { ...shared, id, notice, page: pageIn(notice) };
}

async function inBrowser(page: string): Promise<string> {
  await browser.open(`http://${publicHost}${page}`);
  return seen();
}

async function seen(): Promise<string> {
  return String(await browser.evaluate("document.querySelector('main').innerText"));
}

async function formOf(page: string): Promise<string> {
  const { text } = await scene.ask("GET", page);
  return /name="form" value="([^"]+)"/.exec(text)?.[1] ?? "";
}

async function post(page: string, form: Record<string, string>): Promise<Reply> {
  return scene.ask("POST", page, { form });
}

const scanners = ["SafeLinks/1.0", "BarracudaCentral/1.0", "Mozilla/5.0 HeadlessChrome/142.0", ""];

describe("a notice about a share that waits", () => {
  test("comes in the account's language, as an answer to the share mail, without its link", async () => {
    const { notice, mail, token } = await held("Hafenpläne");
    expect(notice.subject).toContain("Bitte antworten Sie");
    expect(notice.inReplyTo).toBe(/^Message-ID: (.+)$/m.exec(mail)?.[1]?.trim());
    expect(notice.text + notice.html).not.toContain(token);
    const messages = scene.store.db.selectFrom("message").select("id");
    const before = (await messages.execute()).length;
    await held("Another one");
    await noWorkLeft(scene);
    // The notices lie in the same watched INBOX, and nothing came of them.
    const read = await messages.where("notification_id", "is not", null).execute();
    expect(read.length).toBe(before + 1);
    expect(await noticesAbout(scene, "Hafenpläne")).toHaveLength(1);
  });

  test("opens a page that accepts with one click, once, and the outcome is told", async () => {
    const { id, page, token } = await held("Accepted by page", { isAuthenticated: true });
    expect(await inBrowser(page)).toContain("Accepted by page");
    expect(await browser.evaluate("document.documentElement.lang")).toBe("de");
    expect(await browser.evaluate("document.documentElement.outerHTML")).not.toContain(token);
    await browser.evaluate("document.querySelector('input[name=trust]').click()");
    await browser.click("button[value=accept]");
    expect(await seen()).toContain("Accepted by page");
    await notificationIn(scene, "Accepted by page", "followed");
    expect(await subscriptionOf(scene, id)).toMatchObject({ state: "SUBSCRIBED" });
    const outcome = await noticeArrives(scene, "Accepted by page", { count: 2 });
    expect(outcome.subject).toContain("Eingebunden");
    expect(outcome.text).not.toContain("/answer/");
    const contacts = await scene.usher("contact", "list", "bob");
    expect(contacts.out).toContain("alice@origin.example");
    expect(await inBrowser(page)).toContain("nicht mehr");
    const again = await post(page, { form: "any", action: "ignore" });
    expect([again.status, again.headers["content-type"]]).toEqual([404, "text/html; charset=utf-8"]);
    await notificationIn(scene, "Accepted by page", "followed");
  });

  test("opens a page that declines, and the origin hears nothing", async () => {
    const { page, token } = await held("Declined by page");
    await inBrowser(page);
    await browser.click("button[value=ignore]");
    await notificationIn(scene, "Declined by page", "ignored");
    await noWorkLeft(scene);
    expect(scene.world.origin.counters().linkOpens[token] ?? 0).toBe(0);
  });

  test("whoever scans its links with GET and HEAD answers nothing, changes nothing and uses nothing up", async () => {
    const { page, token } = await held("Scanned");
    await noWorkLeft(scene);
    const before = await fingerprint(scene.store);
    for (const agent of scanners) {
      for (const method of ["GET", "HEAD", "GET"]) {
        const reply = await scene.ask(method, page, { headers: { "user-agent": agent } });
        expect([method, reply.status]).toEqual([method, 200]);
        if (method === "HEAD") expect(reply.text).toBe("");
      }
    }
    await inBrowser(page);
    expect(await fingerprint(scene.store)).toBe(before);
    expect(scene.world.origin.counters().linkOpens[token] ?? 0).toBe(0);
    expect((await post(page, { form: await formOf(page), action: "accept" })).status).toBe(200);
    await notificationIn(scene, "Scanned", "followed");
  });

  test("asks for the password in a second notice, whose page takes it", async () => {
    const { page } = await held("Behind a password", { password: "guest-canary" });
    await post(page, { form: await formOf(page), action: "accept" });
    await notificationIn(scene, "Behind a password", "needs-password");
    const asking = await noticeArrives(scene, "Behind a password", { count: 2 });
    expect(asking.subject).toContain("Passwort");
    await inBrowser(pageIn(asking));
    await browser.evaluate("document.querySelector('input[type=password]').value = 'guest-canary'");
    await browser.click("button[value=accept]");
    await notificationIn(scene, "Behind a password", "followed");
    await noticeArrives(scene, "Behind a password", { count: 3 });
    expect(scene.daemon.text()).not.toContain("guest-canary");
  });

  test("has a link that ends: an expired one shows a friendly page, whatever is asked of it", async () => {
    const { id, page } = await held("Expired");
    const form = await formOf(page);
    await scene.store.db
      .updateTable("answer_secret")
      .set({ expires_at: Date.now() - 1 })
      .where("notification_id", "=", id)
      .execute();
    const friendly = await scene.ask("GET", page, { headers: { "accept-language": "de" } });
    expect([friendly.status, friendly.text]).toEqual([404, expect.stringContaining('<html lang="de">')]);
    expect((await post(page, { form, action: "accept" })).status).toBe(404);
    expect((await notificationIn(scene, "Expired", "held")).id).toBe(id);
  });

  test("a form of another site answers nothing", async () => {
    const { page } = await held("Foreign");
    const form = await formOf(page);
    const headers = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    const reply = await scene.ask("POST", page, { form: { form, action: "accept" }, headers });
    expect(reply.status).toBe(403);
    expect((await post(page, { form: "made up", action: "accept" })).status).toBe(303);
    expect((await notificationIn(scene, "Foreign", "held")).state).toBe("held");
  });

  test("both parts of an answer survive a killed daemon: the page still works, and works once", async () => {
    const { page } = await held("Killed between");
    const form = await formOf(page);
    await scene.daemon.end("SIGKILL");
    await scene.start();
    const replies = await Promise.all(
      ["accept", "accept", "accept"].map(async (action) => post(page, { form, action })),
    );
    expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 404, 404]);
    await notificationIn(scene, "Killed between", "followed");
    await until("the outcome is told once", async () => {
      await noWorkLeft(scene);
      return (await noticesAbout(scene, "Killed between")).length === 2;
    });
  });
});

test("no secret of a page stands in a log", async () => {
  expect(scene.daemon.text()).not.toMatch(/\/answer\/[\w-]{43}/);
});
