import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Browser } from "./browser.ts";
import { type OxHome, startOxHome } from "./home.ts";
import type { OxOrigin } from "./origin.ts";
import type { Guest } from "./shares.ts";
import { answerIn, bobsMail, homeHost, openStage, shareFolder, type Stage } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

interface AtHome extends AsyncDisposable {
  readonly origin: OxOrigin;
  readonly home: OxHome;
  readonly bob: Guest;
  readonly link: string;
  readonly session: string;
  readonly browser: Browser;
}

/** Bob's home server, a folder shared to him elsewhere (or, `isOneInstallation`, in another context), and his session. */
async function atHome({
  capabilities,
  isOneInstallation = false,
}: { capabilities?: readonly string[]; isOneInstallation?: boolean } = {}): Promise<AtHome> {
  const shared = await shareFolder(stage);
  const home = await startOxHome({
    tls: stage.tls,
    ca: stage.ca,
    hostname: homeHost,
    ...(isOneInstallation ? { installation: shared.origin } : {}),
  });
  const { mail, aliases } = { mail: "robert@recipient.example", aliases: [bobsMail] };
  home.addUser({
    name: "bob",
    password: "Reef-7",
    mail,
    aliases,
    ...(capabilities === undefined ? {} : { capabilities }),
  });
  const browser = new Browser({ ca: stage.ca });
  const { session } = await login(home, browser, "Reef-7");
  return {
    ...shared,
    home,
    browser,
    session,
    [Symbol.asyncDispose]: async () => {
      await home[Symbol.asyncDispose]();
      await shared[Symbol.asyncDispose]();
    },
  };
}

async function login(home: OxHome, browser: Browser, password: string) {
  const form = new URLSearchParams({ name: "bob", password, client: "usher", version: "1" });
  const page = await browser.browse("POST", `${home.base}login?action=login`, {
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: String(form),
  });
  return answerIn(page);
}

async function manage(world: AtHome, action: string, body: object = {}, method = "PUT") {
  const url = `${world.home.base}share/management?action=${action}&session=${world.session}`;
  const headers = { "Content-Type": "application/json" };
  const page = await world.browser.browse(method, url, {
    headers,
    body: JSON.stringify({ link: world.link, ...body }),
  });
  return page.status === 200 ? answerIn(page) : page;
}

describe("a link that the user does not follow yet", () => {
  test("is addable, then subscribed, then gone again", async () => {
    await using world = await atHome();
    expect(await manage(world, "analyze")).toMatchObject({ data: { state: "ADDABLE", module: "infostore" } });
    expect(await manage(world, "subscribe", { name: "Harbour" })).toMatchObject({
      data: { account: "22", module: "infostore", folder: "xox://22/39" },
    });
    expect(await manage(world, "subscribe")).toMatchObject({ data: { account: "22" } });
    expect(world.home.subscriptions()).toEqual([
      { account: "22", user: "bob", displayName: "Harbour", hasPassword: false, folders: ["39"] },
    ]);
    expect(await manage(world, "analyze")).toMatchObject({
      data: { state: "SUBSCRIBED", folder: "xox://22/39" },
    });
    expect(await manage(world, "unsubscribe")).toHaveProperty("data");
    expect(world.home.subscriptions()).toEqual([]);
    expect(await manage(world, "unsubscribe")).toMatchObject({ code: "SUSE-0004" });
    expect([world.origin.openSessions(), world.origin.refusals(), world.home.refusals()]).toEqual([
      0,
      [],
      [],
    ]);
  });

  test.each<[string, string, string | undefined, (world: AtHome) => object | void | Promise<void>]>([
    [
      "that has a password",
      "ADDABLE_WITH_PASSWORD",
      undefined,
      ({ origin, bob }) => origin.setPassword(bob.token, "Kite-1"),
    ],
    [
      "that is for somebody else",
      "FORBIDDEN",
      "SHR-0027",
      ({ origin, bob }) => origin.setMail(bob.token, "carla@elsewhere.example"),
    ],
    ["that is anonymous", "UNSUPPORTED", "SHR-0028", ({ origin, bob }) => origin.setMail(bob.token, null)],
    ["that was revoked", "UNRESOLVABLE", "SUSE-0005", ({ origin, bob }) => origin.revoke(bob.token)],
    ["whose server is down", "UNRESOLVABLE", "SUSE-0005", async ({ origin }) => origin.goDown()],
    [
      "whose server shows another folder",
      "UNRESOLVABLE",
      "SUSE-0005",
      ({ origin }) => origin.setHabits({ otherFolder: true }),
    ],
    [
      "to a single file",
      "UNSUPPORTED",
      "SHR-0026",
      ({ origin, bob }) => ({ link: origin.link(bob.token, "39", { item: "101" }) }),
    ],
    [
      "without a folder",
      "UNSUPPORTED",
      "SUSE-0005",
      ({ origin, bob }) => ({ link: origin.link(bob.token, null) }),
    ],
    [
      "without its capability",
      "UNSUPPORTED",
      "SUSE-0005",
      ({ home }) => home.setCapability("bob", "filestorage_xox", false),
    ],
  ])("%s is %s", async (_, state, code, arrange) => {
    await using world = await atHome();
    const body = (await arrange(world)) ?? {};
    expect(await manage(world, "analyze", body)).toMatchObject({
      data: { state, ...(code === undefined ? {} : { error: { code } }) },
    });
    expect(world.origin.openSessions()).toBe(0);
  });

  test("is refused where the user lacks the module", async () => {
    await using world = await atHome({ capabilities: ["webmail", "filestorage_xox"] });
    expect(await manage(world, "analyze")).toMatchObject({ code: "SHR-0025" });
    expect(world.origin.requests()).toEqual([]);
  });

  test("leaves no account behind when subscribing fails", async () => {
    await using world = await atHome();
    world.origin.setPassword(world.bob.token, "Kite-1");
    expect(await manage(world, "subscribe", { password: "Kite-2" })).toMatchObject({
      code: expect.stringMatching(/^LGI-/),
    });
    expect(world.home.subscriptions()).toEqual([]);
  });

  test("is judged as older builds did", async () => {
    await using world = await atHome();
    world.home.setOlderBuild(true);
    world.origin.revoke(world.bob.token);
    expect(await manage(world, "analyze")).toMatchObject({ data: { state: "REMOVED" } });
  });
});

describe("a link that the user follows", () => {
  test("asks for the new password when it changed, and takes it", async () => {
    await using world = await atHome();
    await manage(world, "subscribe");
    world.origin.setPassword(world.bob.token, "Kite-1");
    expect(await manage(world, "analyze")).toMatchObject({
      data: { state: "CREDENTIALS_REFRESH", account: "22" },
    });
    expect(await manage(world, "resubscribe", { password: "Kite-1" })).toMatchObject({
      data: { account: "22" },
    });
    expect(await manage(world, "analyze")).toMatchObject({ data: { state: "SUBSCRIBED" } });
  });

  test.each<[string, string, (world: AtHome) => void | Promise<void>]>([
    ["revoked", "REMOVED", ({ origin, bob }) => origin.revoke(bob.token)],
    ["with its folder hidden", "REMOVED", ({ origin, bob }) => origin.hideFolder(bob.token, "39")],
    ["at a server that is down", "INACCESSIBLE", async ({ origin }) => origin.goDown()],
    [
      "at a server that lost its senses",
      "INACCESSIBLE",
      ({ origin }) => origin.misbehave({ kind: "nonsense" }),
    ],
  ])("%s is %s", async (_, state, arrange) => {
    await using world = await atHome();
    await manage(world, "subscribe");
    await arrange(world);
    expect(await manage(world, "analyze")).toMatchObject({ data: { state, account: "22" } });
  });

  test("cannot be subscribed anew where there is nothing", async () => {
    await using world = await atHome();
    expect(await manage(world, "resubscribe", { password: "Kite-1" })).toMatchObject({ code: "SUSE-0004" });
  });

  test("is one account for two folders of one guest", async () => {
    await using world = await atHome();
    world.origin.addFolder({ id: "40", title: "Pilots", guests: [world.bob.token] });
    const second = { link: world.origin.link(world.bob.token, "40") };
    await manage(world, "subscribe");
    expect(await manage(world, "analyze", second)).toMatchObject({
      data: { state: "UNSUBSCRIBED", error: { code: "SUSE-0007" } },
    });
    expect(await manage(world, "subscribe", second)).toMatchObject({ data: { folder: "xox://22/40" } });
    await manage(world, "unsubscribe");
    expect(world.home.subscriptions()).toMatchObject([{ folders: ["40"] }]);
  });
});

describe("in the same installation", () => {
  const capabilities = ["infostore", "calendar", "filestorage_xox", "filestorage_xctx", "calendar_xctx2"];

  test("the addressee is looked at before the password, and nothing is asked over HTTP", async () => {
    await using world = await atHome({ capabilities, isOneInstallation: true });
    world.origin.setPassword(world.bob.token, "Kite-1");
    expect(await manage(world, "analyze")).toMatchObject({ data: { state: "ADDABLE_WITH_PASSWORD" } });
    world.origin.setMail(world.bob.token, "carla@elsewhere.example");
    expect(await manage(world, "analyze")).toMatchObject({ data: { state: "FORBIDDEN" } });
    expect(world.origin.requests()).toEqual([]);
  });

  test("a calendar can be subscribed, which it cannot be from elsewhere", async () => {
    await using world = await atHome({ capabilities, isOneInstallation: true });
    world.origin.addFolder({ id: "321", title: "Shifts", module: "calendar", guests: [world.bob.token] });
    const link = { link: world.origin.link(world.bob.token, "321") };
    expect(await manage(world, "subscribe", link)).toMatchObject({
      data: { module: "calendar", folder: "cal://22/321" },
    });
    await using elsewhere = await atHome({ capabilities });
    expect(await manage(elsewhere, "analyze", link)).toMatchObject({ data: { state: "UNSUPPORTED" } });
  });
});

describe("a session at home", () => {
  test("is lost with SES, and a wrong password is refused with LGI", async () => {
    await using world = await atHome();
    world.home.expireSessions();
    expect(await manage(world, "analyze")).toMatchObject({ code: expect.stringMatching(/^SES-/) });
    expect(await login(world.home, world.browser, "wrong")).toMatchObject({
      code: expect.stringMatching(/^LGI-/),
    });
    expect(world.home.logins()).toEqual({ successful: 1, failed: 1 });
    expect(world.home.refusals()).toEqual([]);
  });

  test("wants PUT, a link, a known action and its cookie", async () => {
    await using world = await atHome();
    expect(await manage(world, "analyze", {}, "POST")).toMatchObject({ status: 405 });
    expect(await manage(world, "analyze", { link: "" })).toMatchObject({ code: expect.any(String) });
    expect(await manage(world, "adopt")).toMatchObject({ code: expect.any(String) });
    world.browser.forgetCookies();
    expect(await manage(world, "analyze")).toMatchObject({ error_params: ["nosecretcookie"] });
    expect(world.home.refusals()).toHaveLength(4);
  });
});
