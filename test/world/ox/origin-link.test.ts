import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Browser } from "./browser.ts";
import {
  type Answer,
  answerIn,
  callUrl,
  openLink,
  openStage,
  shareFolder,
  type SharedFolder,
  type Stage,
} from "./stage.ts";

/** Rows of the table in reference/ox.md 4.1. */

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

async function redeemed(shared: SharedFolder, token: string | undefined): Promise<Answer> {
  const url = `${shared.origin.base}share/redeem/token?token=${token}&language=en_US`;
  const page = await shared.browser.browse("GET", url);
  expect(page.headers["content-type"]).toMatch(/^text\/javascript/);
  return answerIn(page);
}

describe("a link is opened", () => {
  test("by a guest without password: the session stands, with its cookies", async () => {
    await using shared = await shareFolder(stage);
    const { page, told } = await openLink(shared.browser, shared.link);
    expect(page.status).toBe(302);
    expect(page.headers["cache-control"]).toMatch(/no-store/);
    expect(String(page.headers["location"])).toMatch(/^\/appsuite\/ui#!&session=/);
    expect(told).toMatchObject({
      user: "bob@recipient.example",
      user_id: "31",
      context_id: "7",
      m: "infostore",
      f: "39",
    });
    expect(Object.keys(told)).not.toContain("login_type");
    const kinds = [...shared.browser.cookies.keys()].map((name) => name.replace(/-[^-]+$/, ""));
    for (const kind of ["secret", "session", "share", "public-session"]) {
      expect(
        [...shared.browser.cookies.keys()].some((name) => name.startsWith(`open-xchange-${kind}-`)),
      ).toBe(true);
    }
    expect(kinds.length).toBeGreaterThanOrEqual(4);
    expect(shared.origin.openSessions()).toBe(1);
    expect(shared.origin.guestLogins(shared.bob.token)).toEqual({ successful: 1, failed: 0 });
  });

  test("by an anonymous guest: a session with an empty user", async () => {
    await using shared = await shareFolder(stage);
    const anybody = shared.origin.addGuest({ mail: null });
    shared.origin.showFolder(anybody.token, "39");
    const link = shared.origin.link(anybody.token, "39", { item: "102", version: 2 });
    const { told } = await openLink(shared.browser, link);
    expect(told).toMatchObject({ user: "", i: "39/102" });
  });

  test("by a guest with password: a login is asked for, and there is no cookie", async () => {
    await using shared = await shareFolder(stage);
    shared.origin.setPassword(shared.bob.token, "Kite-1");
    const { told } = await openLink(shared.browser, shared.link);
    expect(told).toEqual({
      token: expect.any(String),
      login_name: "bob@recipient.example",
      login_type: "guest_password",
      share: shared.bob.token,
      target: "/1/8/Mzk",
    });
    expect(shared.browser.cookies.size).toBe(0);
    expect(shared.origin.openSessions()).toBe(0);
  });

  test("by an anonymous guest with password: only the login type is told", async () => {
    await using shared = await shareFolder(stage);
    const anybody = shared.origin.addGuest({ mail: null, password: "mu7Taklo" });
    shared.origin.showFolder(anybody.token, "39");
    const { told } = await openLink(shared.browser, shared.origin.link(anybody.token, "39"));
    expect(told).toMatchObject({ login_type: "anonymous_password", share: anybody.token });
    expect(Object.keys(told)).not.toContain("login_name");
  });

  test("to a folder that is gone while others are left: the guest may go on", async () => {
    await using shared = await shareFolder(stage);
    shared.origin.addFolder({ id: "40", title: "Other", guests: [shared.bob.token] });
    shared.origin.hideFolder(shared.bob.token, "39");
    const { told } = await openLink(shared.browser, shared.link);
    expect(told).toMatchObject({ login_type: "message_continue" });
    expect(Object.keys(told)).not.toContain("message");
    expect(await redeemed(shared, told["token"])).toMatchObject({ message_type: "INFO" });
  });

  test("to a folder that is gone, by a guest with password: he is asked all the same", async () => {
    await using shared = await shareFolder(stage);
    shared.origin.addFolder({ id: "40", title: "Other", guests: [shared.bob.token] });
    shared.origin.hideFolder(shared.bob.token, "39");
    shared.origin.setPassword(shared.bob.token, "Kite-1");
    const { told } = await openLink(shared.browser, shared.link);
    expect(told).toMatchObject({ login_type: "guest_password", login_name: "bob@recipient.example" });
    expect(await redeemed(shared, told["token"])).toHaveProperty("message");
  });

  test("to a folder that is gone, by an anonymous guest: denied", async () => {
    await using shared = await shareFolder(stage);
    const anybody = shared.origin.addGuest({ mail: null });
    shared.origin.addFolder({ id: "40", title: "Other", guests: [anybody.token] });
    const { told } = await openLink(shared.browser, shared.origin.link(anybody.token, "39"));
    expect(told).toMatchObject({ login_type: "message" });
    expect(shared.origin.openSessions()).toBe(0);
  });

  test("of a guest who has nothing left: not_found, to be redeemed", async () => {
    await using shared = await shareFolder(stage);
    shared.origin.removeFolder("39");
    const { told } = await openLink(shared.browser, shared.link);
    expect(told).toEqual({ token: expect.any(String), login_type: "message" });
    expect(await redeemed(shared, told["token"])).toMatchObject({ status: "not_found" });
  });

  test("that was revoked, at an older server: the message has no status", async () => {
    await using shared = await shareFolder(stage);
    shared.origin.setHabits({ redeemTellsStatus: false });
    shared.origin.revoke(shared.bob.token);
    const { told } = await openLink(shared.browser, shared.link);
    expect(Object.keys(await redeemed(shared, told["token"]))).toEqual([
      "login_type",
      "message",
      "message_type",
    ]);
  });

  test.each([
    ["client_blacklisted", (shared: SharedFolder) => shared.origin.blacklistClient(shared.bob.token)],
    ["internal_error", (shared: SharedFolder) => shared.origin.setHabits({ internalError: true })],
  ] as const)("and the answer is %s", async (status, arrange) => {
    await using shared = await shareFolder(stage);
    arrange(shared);
    const { told } = await openLink(shared.browser, shared.link);
    expect(told).toMatchObject({ login_type: "message" });
    expect(await redeemed(shared, told["token"])).toMatchObject({ status });
  });

  test("without a target path: a session without a target", async () => {
    await using shared = await shareFolder(stage);
    const { told } = await openLink(shared.browser, shared.origin.link(shared.bob.token, null));
    expect(told["session"]).toBeDefined();
    expect(Object.keys(told)).not.toContain("f");
  });
});

describe("a link is answered strangely", () => {
  test("a plus in the guest's mail stands as it is", async () => {
    await using shared = await shareFolder(stage);
    shared.origin.setMail(shared.bob.token, "bob+plans@recipient.example");
    const { page } = await openLink(shared.browser, shared.link);
    expect(String(page.headers["location"])).toContain("&user=bob+plans@recipient.example&");
  });

  test("the session is in the cookie alone, and works", async () => {
    await using shared = await shareFolder(stage);
    shared.origin.setHabits({ sessionOnlyInCookie: true });
    const { told } = await openLink(shared.browser, shared.link);
    expect(told["session"]).toBeUndefined();
    const cookies = [...shared.browser.cookies];
    const session = cookies.find(([name]) => name.startsWith("open-xchange-session-"))?.[1] ?? "";
    const page = await shared.browser.browse(
      "GET",
      callUrl(shared.origin.base, "folders", session, { action: "get", id: "39" }),
    );
    expect(JSON.parse(page.text)).toMatchObject({ data: { id: "39" } });
  });

  test("two Location fields, none, or one to another server", async () => {
    await using shared = await shareFolder(stage);
    const locations = async () => {
      const { page } = await openLink(shared.browser, shared.link);
      return page.rawHeaders.filter((_, index, all) => all[index - 1] === "Location");
    };
    shared.origin.setHabits({ twoLocations: true });
    expect(await locations()).toHaveLength(2);
    shared.origin.setHabits({ twoLocations: false, noLocation: true });
    expect(await locations()).toHaveLength(0);
    shared.origin.setHabits({ noLocation: false, redirectTo: "https://192.168.1.1/appsuite/ui" });
    expect(await locations()).toEqual([
      expect.stringMatching(/^https:\/\/192\.168\.1\.1\/appsuite\/ui#!&session=/),
    ]);
    expect(shared.origin.openSessions()).toBe(0);
  });

  test("to a crawler: no access, and it is written down", async () => {
    await using shared = await shareFolder(stage);
    const bot = new Browser({ ca: stage.ca, userAgent: "Mozilla/5.0 (compatible; Googlebot/2.1)" });
    const { told } = await openLink(bot, shared.link);
    expect(told).toMatchObject({ login_type: "message" });
    expect(shared.origin.refusals()).toHaveLength(1);
  });
});
