import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Browser } from "./browser.ts";
import {
  answerIn,
  callUrl,
  openLink,
  openStage,
  shareFolder,
  type SharedFolder,
  type Stage,
} from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

async function entered(shared: SharedFolder): Promise<string> {
  const { told } = await openLink(shared.browser, shared.link);
  return told["session"] ?? "";
}

async function called(shared: SharedFolder, module: string, session: string, query: Record<string, string>) {
  const page = await shared.browser.browse("GET", callUrl(shared.origin.base, module, session, query));
  return answerIn(page);
}

function loginUrl(shared: SharedFolder, change: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    action: "guest",
    share: shared.bob.token,
    target: "/1/8/Mzk",
    client: "open-xchange-appsuite-http",
    staySignedIn: "true",
    allow_enqueue: "true",
    ...change,
  });
  return `${shared.origin.base}login?${String(query)}`;
}

async function login(
  shared: SharedFolder,
  password: string,
  url = loginUrl(shared),
  type = "application/json",
) {
  const body = JSON.stringify({ login: "bob@recipient.example", password });
  const page = await shared.browser.browse("POST", url, { headers: { "Content-Type": type }, body });
  return answerIn(page);
}

describe("within a guest session", () => {
  test("folder, files, user and capabilities are shown", async () => {
    await using shared = await shareFolder(stage);
    shared.origin.addFolder({ id: "50", title: "Drawings", parent: "39" });
    const session = await entered(shared);
    expect(await called(shared, "folders", session, { action: "get", id: "39" })).toMatchObject({
      data: { id: "39", title: "Harbour plans", module: "infostore", folder_id: "10", subfolders: true },
    });
    expect(
      await called(shared, "folders", session, { action: "list", parent: "39", columns: "1,300" }),
    ).toMatchObject({
      data: [["50", "Drawings"]],
    });
    expect(
      await called(shared, "infostore", session, {
        action: "all",
        folder: "39",
        columns: "1,20,700,702,704",
      }),
    ).toMatchObject({
      data: [
        ["39/101", "39", "pier.pdf", "pier.pdf", 1200],
        ["39/102", "39", "crew.jpg", "crew.jpg", 34_000],
      ],
    });
    expect(await called(shared, "user", session, { action: "get" })).toMatchObject({
      data: { email1: "bob@recipient.example" },
    });
    const capabilities = await called(shared, "capabilities", session, { action: "all" });
    expect(JSON.stringify(capabilities)).not.toContain("invite_guests");
    expect(shared.origin.refusals()).toEqual([]);
  });

  test("what is not shared is not visible, and what does not exist is not found", async () => {
    await using shared = await shareFolder(stage);
    shared.origin.addFolder({ id: "60", title: "Private" });
    const session = await entered(shared);
    expect(await called(shared, "folders", session, { action: "get", id: "60" })).toMatchObject({
      code: "FLD-0003",
    });
    expect(await called(shared, "folders", session, { action: "get", id: "61" })).toMatchObject({
      code: "FLD-0008",
    });
  });

  test("a long call becomes a job that is polled", async () => {
    await using shared = await shareFolder(stage);
    const session = await entered(shared);
    shared.origin.enqueueAsJobs(1, 1);
    const { data } = await called(shared, "folders", session, { action: "get", id: "39" });
    expect(await called(shared, "jobs", session, { action: "get", id: data.job })).toEqual({
      data: { job: data.job },
    });
    expect(await called(shared, "jobs", session, { action: "get", id: data.job })).toMatchObject({
      data: { id: "39" },
    });
  });

  test("a lost session is told inside HTTP 200, also as text/html", async () => {
    await using shared = await shareFolder(stage);
    const session = await entered(shared);
    shared.origin.expireSessions();
    shared.origin.setHabits({ asHtml: true });
    const url = callUrl(shared.origin.base, "folders", session, { action: "get", id: "39" });
    const page = await shared.browser.browse("GET", url);
    expect(page.status).toBe(200);
    expect(page.headers["content-type"]).toMatch(/^text\/html/);
    expect(JSON.parse(page.text)).toMatchObject({
      code: expect.stringMatching(/^SES-/),
      error_params: ["timeout"],
    });
    expect(shared.origin.refusals()).toEqual([]);
  });

  test("logging out ends the session", async () => {
    await using shared = await shareFolder(stage);
    const session = await entered(shared);
    await shared.browser.browse("GET", callUrl(shared.origin.base, "login", session, { action: "logout" }));
    expect(shared.origin.openSessions()).toBe(0);
    expect(await called(shared, "folders", session, { action: "get", id: "39" })).toMatchObject({
      error_params: ["nosession"],
    });
  });
});

describe("a client that breaks the rules is refused, and it is written down", () => {
  test.each([
    ["without allow_enqueue", "SVL-", (url: string) => url.replace("&allow_enqueue=true", "")],
    ["without its session parameter", "SES-", (url: string) => url.replace(/&session=[^&]*/, "")],
    ["with an unknown action", "SVL-", (url: string) => url.replace("action=get", "action=fetch")],
    ["without the folder's id", "SVL-", (url: string) => url.replace("&id=39", "")],
  ])("%s", async (_, prefix, change) => {
    await using shared = await shareFolder(stage);
    const url = callUrl(shared.origin.base, "folders", await entered(shared), { action: "get", id: "39" });
    const page = await shared.browser.browse("GET", change(url));
    expect(JSON.parse(page.text)).toMatchObject({ code: expect.stringMatching(`^${prefix}`) });
    expect(shared.origin.refusals()).toHaveLength(1);
  });

  test.each([
    ["without its secret cookie", (shared: SharedFolder) => shared.browser.forgetCookies(), "nosecretcookie"],
    [
      "with another secret",
      ({ browser }: SharedFolder) => {
        const secret = [...browser.cookies.keys()].find((name) => name.startsWith("open-xchange-secret-"));
        browser.setCookie(secret ?? "", "0".repeat(32));
      },
      "secretmismatch",
    ],
  ])("%s", async (_, spoil, reason) => {
    await using shared = await shareFolder(stage);
    const session = await entered(shared);
    spoil(shared);
    expect(await called(shared, "folders", session, { action: "get", id: "39" })).toMatchObject({
      error_params: [reason],
    });
    expect(shared.origin.refusals()).toHaveLength(1);
  });

  test("whose User-Agent changes within a session", async () => {
    await using shared = await shareFolder(stage);
    const session = await entered(shared);
    const other = new Browser({ ca: stage.ca, userAgent: "test-browser/2" });
    for (const [name, value] of shared.browser.cookies) other.setCookie(name, value);
    const page = await other.browse(
      "GET",
      callUrl(shared.origin.base, "folders", session, { action: "get", id: "39" }),
    );
    expect(JSON.parse(page.text)).toMatchObject({ error_params: ["nosecretcookie"] });
    expect(shared.origin.refusals()).toEqual([expect.stringContaining("User-Agent")]);
  });

  test("that asks for a folder with PUT, or opens a link with POST", async () => {
    await using shared = await shareFolder(stage);
    const url = callUrl(shared.origin.base, "folders", await entered(shared), { action: "get", id: "39" });
    expect((await shared.browser.browse("PUT", url)).status).toBe(405);
    expect((await shared.browser.browse("POST", `${shared.link}?allow_enqueue=true`)).status).toBe(405);
    expect(shared.origin.refusals()).toHaveLength(2);
  });

  test("that names another host", async () => {
    await using shared = await shareFolder(stage);
    const page = await shared.browser.browse("GET", shared.link, { headers: { Host: "cloud-z.example" } });
    expect(page.status).toBe(421);
    expect(shared.origin.refusals()).toHaveLength(1);
  });
});

describe("a guest with password", () => {
  test("logs in with it, and is counted", async () => {
    await using shared = await shareFolder(stage);
    shared.origin.setPassword(shared.bob.token, "Kite-1");
    expect(await login(shared, "")).toMatchObject({ code: expect.stringMatching(/^LGI-/) });
    const result = await login(shared, "Kite-1");
    expect(result).toMatchObject({
      user: "bob@recipient.example",
      user_id: 31,
      context_id: 7,
      m: "infostore",
      f: "39",
    });
    expect(await called(shared, "folders", result.session, { action: "get", id: "39" })).toMatchObject({
      data: { id: "39" },
    });
    expect(shared.origin.guestLogins(shared.bob.token)).toEqual({ successful: 1, failed: 1 });
    expect(shared.origin.refusals()).toEqual([]);
  });

  test("goes on after a message as well, and sees that the folder is gone", async () => {
    await using shared = await shareFolder(stage);
    shared.origin.addFolder({ id: "40", title: "Other", guests: [shared.bob.token] });
    shared.origin.hideFolder(shared.bob.token, "39");
    const { told } = await openLink(shared.browser, shared.link);
    expect(told).toMatchObject({ login_type: "message_continue" });
    const result = await login(shared, "");
    expect(Object.keys(result)).not.toContain("f");
    const probe = await called(shared, "folders", result.session, { action: "get", id: "39" });
    expect(probe).toMatchObject({ code: "FLD-0003" });
  });

  test.each([
    ["as a form", {}, "application/x-www-form-urlencoded"],
    ["under another client name", { client: "usher" }, "application/json"],
    ["without its share", { share: "" }, "application/json"],
    ["with a target that is none", { target: "/9/9" }, "application/json"],
  ])("is refused %s", async (_, change, type) => {
    await using shared = await shareFolder(stage);
    shared.origin.setPassword(shared.bob.token, "Kite-1");
    expect(await login(shared, "Kite-1", loginUrl(shared, change), type)).toMatchObject({
      code: expect.any(String),
    });
    expect(shared.origin.openSessions()).toBe(0);
    expect(shared.origin.refusals()).toHaveLength(1);
  });
});
