import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { limits } from "../../../src/domain/limits.ts";
import { readRecipient } from "../../../src/store/invited.ts";
import { readStories } from "../../../src/store/records.ts";
import { revoke } from "../../../src/sharing/revoke.ts";
import { isMuted } from "../../../src/store/mutes.ts";
import { newId } from "../../../src/store/ids.ts";
import { openSettings } from "../../sharing/parts.ts";
import {
  addPerson,
  addSharing,
  ask,
  fingerprint,
  linkCanary,
  openWorld,
  type Person,
  type Reply,
  type SharedBy,
  type World,
} from "./world.ts";

let world: World;
let alice: Person;
beforeAll(async () => {
  world = await openWorld({ settings: { trustedProxies: ["127.0.0.1"] } });
  alice = await addPerson(world, "alice");
});
afterAll(async () => world[Symbol.asyncDispose]());

async function shared(): Promise<SharedBy> {
  return addSharing(world, "alice", { title: "Crew <b>", to: [`${newId("b")}@example.net`] });
}

async function formOf(page: string): Promise<string> {
  const reply = await ask(world, "GET", page);
  return /name="form" value="([^"]+)"/.exec(reply.text)?.[1] ?? "";
}

/** Each test asks from an address of its own, so that wrong secrets of one are not counted for another. */
let askers = 0;
async function post(
  page: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Reply> {
  return ask(world, "POST", page, {
    form,
    headers: { "x-forwarded-for": `192.0.2.${++askers}`, ...headers },
  });
}

async function act(page: string, action: string): Promise<Reply> {
  return post(page, { form: await formOf(page), action });
}

async function stateOf({ recipientId }: SharedBy): Promise<string | undefined> {
  return (await readRecipient(world.store.db, recipientId))?.state;
}

async function story({ recipientId }: SharedBy): Promise<readonly unknown[]> {
  const stories = await readStories(world.store.db, { recipientId });
  return (stories.get(recipientId) ?? []).map(({ detail }) => detail["what"]);
}

async function mutedBy({ recipientId }: SharedBy): Promise<boolean> {
  const recipient = await readRecipient(world.store.db, recipientId);
  return isMuted(world.store.db, alice.accountId, recipient?.address_key ?? "");
}

async function end(sharing: SharedBy): Promise<void> {
  const { store, sealer, queue } = world;
  const parts = { store, sealer, queue, newId, sender: () => null, settings: () => openSettings };
  await revoke(parts, { sharingId: sharing.id, recipient: null, by: "test" });
}

describe("the page of an invitation", () => {
  test("shows what is shared by whom, changes nothing, and does not tell the link", async () => {
    const { page } = await shared();
    const before = await fingerprint(world.store);
    const shown = await ask(world, "GET", page);
    expect(shown.status).toBe(200);
    for (const said of ["Crew <b>", "alice@example.org", "cloud.example.com", "pending"])
      expect(shown.text).toContain(said);
    expect(shown.text).not.toContain(linkCanary);
    expect((await ask(world, "HEAD", page)).status).toBe(200);
    expect((await ask(world, "GET", `${page}/mute`)).text).toContain("Crew <b>");
    expect(await fingerprint(world.store)).toBe(before);
  });

  test("opens the share, and is on record once", async () => {
    const sharing = await shared();
    const opened = await act(sharing.page, "open");
    expect([opened.status, opened.headers["location"]]).toEqual([303, linkCanary]);
    expect((await act(sharing.page, "open")).status).toBe(303);
    expect(await stateOf(sharing)).toBe("pending");
    expect(await story(sharing)).toEqual(["queued", "page-opened"]);
  });

  test("lets a browser go from its form to the share and on to that server's login, and nowhere else", async () => {
    const { page } = await shared();
    const { headers } = await ask(world, "GET", page);
    expect(headers["content-security-policy"]).toContain("form-action 'self' https:;");
    expect(headers["content-security-policy"]).toContain("default-src 'none'");
    expect(headers["referrer-policy"]).toBe("no-referrer");
  });

  test("declines, once, and can be opened all the same", async () => {
    const sharing = await shared();
    for (const _ of [1, 2]) {
      const declined = await act(sharing.page, "refuse");
      expect([declined.status, declined.text]).toEqual([200, expect.stringContaining('"outcome":"refused"')]);
    }
    expect(await stateOf(sharing)).toBe("refused");
    expect(await story(sharing)).toEqual(["queued", "refused"]);
    expect((await act(sharing.page, "open")).status).toBe(303);
  });

  test("ends invitations of that account, once, and keeps what is shared", async () => {
    const sharing = await shared();
    for (const _ of [1, 2]) {
      const done = await act(sharing.page, "mute");
      expect([done.status, done.text]).toEqual([200, expect.stringContaining('"outcome":"muted"')]);
    }
    expect(await mutedBy(sharing)).toBe(true);
    expect(await stateOf(sharing)).toBe("pending");
    expect(await story(sharing)).toEqual(["queued", "muted"]);
    expect((await ask(world, "GET", sharing.page)).text).toContain('"isMuted":true');
  });

  test("opens nothing any more once the sharing has ended, and says so", async () => {
    const sharing = await shared();
    const form = await formOf(sharing.page);
    await end(sharing);
    expect((await ask(world, "GET", sharing.page)).text).toContain('"state":"revoked"');
    for (const action of ["open", "refuse"]) {
      const { status, text } = await post(sharing.page, { form, action });
      expect([status, text]).toEqual([200, expect.stringContaining('"outcome":"revoked"')]);
    }
    expect(await stateOf(sharing)).toBe("revoked");
    expect((await act(sharing.page, "mute")).text).toContain('"outcome":"muted"');
  });

  test("answers that come at once are one answer", async () => {
    const sharing = await shared();
    const form = await formOf(sharing.page);
    const replies = await Promise.all(
      [1, 2, 3, 4].map(async () => post(sharing.page, { form, action: "refuse" })),
    );
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(await story(sharing)).toEqual(["queued", "refused"]);
  });
});

describe("one-click unsubscription (RFC 8058)", () => {
  const parts = [
    '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
    '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\nContent-Type: text/plain\r\n\r\nOne-Click\r\n--x--\r\n',
  ];

  test("ends invitations of the account without any page, cookie or form token, once", async () => {
    const sharing = await shared();
    const body = { "List-Unsubscribe": "One-Click" };
    for (const _ of [1, 2]) expect((await post(`${sharing.page}/mute`, body)).status).toBe(200);
    expect(await mutedBy(sharing)).toBe(true);
    expect(await story(sharing)).toEqual(["queued", "muted"]);
  });

  test.each(parts)("takes multipart/form-data as well (%#)", async (payload) => {
    const sharing = await shared();
    const { status } = await sendRaw(`${sharing.page}/mute`, "multipart/form-data; boundary=x", payload);
    expect([status, await mutedBy(sharing)]).toEqual([200, true]);
  });

  test("is nothing that a scanner's empty POST does", async () => {
    const sharing = await shared();
    const replies = [
      await post(`${sharing.page}/mute`, {}),
      await post(`${sharing.page}/mute`, { "List-Unsubscribe": "maybe" }),
      await sendRaw(`${sharing.page}/mute`, "multipart/form-data; boundary=x", "--x--\r\n"),
    ];
    for (const { status, headers } of replies)
      expect([status, headers["location"]]).toEqual([303, sharing.page]);
    expect(await mutedBy(sharing)).toBe(false);
    const wrong = sharing.page.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
    expect((await post(`${wrong}/mute`, { "List-Unsubscribe": "One-Click" })).status).toBe(404);
    expect(await mutedBy(sharing)).toBe(false);
  });
});

describe("what does not act", () => {
  test("a form that was never loaded, is another page's, or asks for something else, shows the page anew", async () => {
    const one = await shared();
    const other = await shared();
    const replies = [
      await post(one.page, { action: "open" }),
      await post(one.page, { form: "u1:guess", action: "open" }),
      await post(one.page, { form: await formOf(other.page), action: "refuse" }),
      await post(one.page, { form: await formOf(one.page), action: "accept" }),
    ];
    for (const { status, headers } of replies) expect([status, headers["location"]]).toEqual([303, one.page]);
    expect(await story(one)).toEqual(["queued"]);
  });

  test("a form of another site", async () => {
    const sharing = await shared();
    const form = await formOf(sharing.page);
    const foreign = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    expect((await post(sharing.page, { form, action: "refuse" }, foreign)).status).toBe(403);
    expect(await stateOf(sharing)).toBe("pending");
  });

  test("secrets that are wrong, of another recipient, or of nobody look the same, and guessing is slowed down", async () => {
    const one = await shared();
    const other = await shared();
    const mac = other.page.slice(-32);
    const pages = [
      one.page.replace(/.$/, (digit) => (digit === "0" ? "1" : "0")),
      one.page.replace(/.{32}$/, mac),
      `/invitation/rnobody000.${mac}`,
      "/invitation/short",
      one.page.slice(0, -1),
      one.page.toUpperCase().replace("/INVITATION", "/invitation"),
    ];
    const replies = await Promise.all(
      pages.map(async (page, index) =>
        ask(world, "GET", page, { headers: { "x-forwarded-for": `198.51.100.${index}` } }),
      ),
    );
    for (const { status, text } of replies) expect([status, text]).toEqual([404, replies[0]?.text]);
    const before = await fingerprint(world.store);
    for (const page of pages) expect((await post(page, { form: "x", action: "mute" })).status).toBe(404);
    expect(await fingerprint(world.store)).toBe(before);
    const headers = { "x-forwarded-for": "203.0.113.7" };
    const statuses: number[] = [];
    for (let count = 0; count <= limits.wrongSecrets; count += 1)
      statuses.push((await ask(world, "GET", pages[0] ?? "", { headers })).status);
    expect(statuses.slice(-2)).toEqual([404, 429]);
    expect((await ask(world, "GET", one.page, { headers })).status).toBe(200);
  });

  test("no secret of a page stands in a log", async () => {
    const { page } = await shared();
    await act(page, "open");
    const said = world.logged.join("\n");
    expect(said).toContain("/invitation/:secret");
    expect(said).not.toContain(page.slice(-32));
    expect(said).not.toContain(linkCanary);
  });
});

async function sendRaw(path: string, type: string, payload: string): Promise<Reply> {
  return ask(world, "POST", path, {
    raw: payload,
    headers: { "content-type": type, "x-forwarded-for": `192.0.2.${++askers}` },
  });
}
