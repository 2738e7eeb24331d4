import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startNextcloud } from "../../world/nextcloud/nextcloud.ts";
import { startStranger } from "./stranger.ts";
import { openPageBrowser, type PageBrowser } from "./page-browser.ts";
import { type InviteWorld, openInviteWorld } from "./world.ts";

let world: InviteWorld;
let browser: PageBrowser;

beforeAll(async () => {
  world = await openInviteWorld();
  browser = await openPageBrowser(world.usher);
});

afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

const token = "0c9a2f0e-1111-4222-8333-444455556666";

describe("the page that asks where the reader is at home", () => {
  test("leads to the page of the home that he types, which he sees before", async () => {
    const options = { generation: 34, users: [{ uid: "ada" }] } as const;
    await using cloud = await world.stage.start(startNextcloud, "cloud.example", options);
    const { link, token: secret, code } = await world.invite();
    expect(await browser.open(link)).toContain("dora lädt Sie ein");
    expect(cloud.received()).toEqual([]);
    await browser.fill("home", `ada@${cloud.host}`);
    const shown = await browser.send();
    expect(shown).toContain(cloud.host);
    expect(shown).toContain(code);
    // Nothing has led him there yet.
    expect(String(await browser.chromium.evaluate("location.host"))).toBe(world.usher.host);
    const href = await browser.chromium.evaluate("document.querySelector('a.button').href");
    const asked = new URLSearchParams({ token: secret, providerDomain: world.usher.host });
    const dialog = `${cloud.origin}/index.php/apps/contacts/ocm/invite-accept-dialog?${String(asked)}`;
    expect(href).toBe(dialog);
    expect(cloud.received().map(({ path }) => path)).toEqual(["/.well-known/ocm"]);
  });

  test("tells how to paste the code where that home has no page for it", async () => {
    const options = { generation: 32, users: [] } as const;
    await using cloud = await world.stage.start(startNextcloud, "cloud.example", options);
    const { link, code, inviteString } = await world.invite();
    await browser.open(link);
    await browser.fill("home", `https://${cloud.host}/index.php/apps/files`);
    const shown = await browser.send();
    expect(shown).toContain(code);
    expect(shown).toContain(inviteString);
    expect(await browser.chromium.evaluate("document.querySelectorAll('a.button').length")).toBe(0);
  });

  test("offers a page of another host to nobody", async () => {
    await using cloud = await world.stage.start(startStranger, "cloud.example", {});
    const { link } = await world.invite();
    for (const dialog of ["https://evil.example/accept", "javascript:alert(1)"]) {
      cloud.says({ inviteAcceptDialog: dialog });
      await world.usher.site.store.db.deleteFrom("ocm_peer").execute();
      await browser.open(link);
      await browser.fill("home", cloud.host);
      const shown = await browser.send();
      expect(shown).not.toContain("evil.example");
      expect(await browser.chromium.evaluate("document.querySelectorAll('a.button').length")).toBe(0);
    }
  });

  test("says in words what is wrong with what he typed", async () => {
    const { link } = await world.invite();
    await browser.open(link);
    await browser.fill("home", "nonsense");
    expect(await browser.send()).toContain("Das ist keine Adresse einer Cloud");
    expect(await browser.chromium.evaluate("document.querySelector('[name=home]').value")).toBe("nonsense");
    await browser.fill("home", "nobody.example");
    expect(await browser.send()).toMatch(/antwortet gerade nicht|kann nichts die Einladung annehmen/);
  });

  test("lets pick one of the servers of the configuration", async () => {
    const { link } = await world.invite();
    await browser.open(link);
    expect(
      await browser.chromium.evaluate("[...document.querySelectorAll('option')].map((o) => o.value).join()"),
    ).toBe(",campus.example");
    await browser.fill("server", "campus.example");
    await browser.send();
    expect(await browser.chromium.evaluate("document.querySelector('[name=home]').value")).toBe(
      "campus.example",
    );
  });

  test("is not there for what is no open invitation, and looks the same for all of it", async () => {
    const withdrawn = await world.invite();
    await world.usher.usher("sharing", "uninvite", withdrawn.id);
    const expired = await world.invite();
    await world.expire(expired.id);
    const unknown = `/ocm/invite?token=${token}&providerDomain=${world.usher.host}`;
    const replies = await Promise.all(
      [withdrawn.link, expired.link, unknown].map(async (link) => {
        const { pathname, search } = new URL(link, world.usher.origin);
        return world.usher.ask("GET", pathname + search, { headers: { "accept-language": "fr" } });
      }),
    );
    expect(replies.map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    expect(replies[0]?.text).toContain('<html lang="fr">');
  });

  test("asks nobody for a form of another site, or of no page", async () => {
    const { link } = await world.invite();
    const { pathname, search } = new URL(link);
    const before = world.stranger.received().length;
    for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }, {}]) {
      const form = { form: "u1:made:up", home: world.stranger.host };
      const reply = await world.usher.ask("POST", pathname + search, { form, headers });
      expect(reply.text).not.toContain(world.stranger.host);
    }
    expect(world.stranger.received()).toHaveLength(before);
  });
});
