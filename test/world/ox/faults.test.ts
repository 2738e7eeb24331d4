import { afterAll, beforeAll, expect, test } from "vitest";
import type { Fault } from "../faulty-answers.ts";
import { openLink, openStage, shareFolder, type Stage } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

test("an origin that went down comes back at the same port, and remembers", async () => {
  await using shared = await shareFolder(stage);
  await shared.origin.goDown();
  await expect(openLink(shared.browser, shared.link)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await shared.origin.comeUp();
  expect((await openLink(shared.browser, shared.link)).page.status).toBe(302);
  expect(shared.origin.counters()).toMatchObject({ requests: 1, connections: 1, openSessions: 1 });
});

test.each<[string, Fault, object]>([
  ["an overload with Retry-After", { kind: "status", status: 503, retryAfter: "120" }, { status: 503 }],
  ["nonsense", { kind: "nonsense" }, { status: 200, text: expect.stringContaining("}{") }],
  ["a slow answer", { kind: "slow", ms: 30 }, { status: 302 }],
])("%s comes as often as it was asked for", async (_, fault, expected) => {
  await using shared = await shareFolder(stage);
  shared.origin.misbehave(fault, "link", 1);
  expect((await openLink(shared.browser, shared.link)).page).toMatchObject(expected);
  expect((await openLink(shared.browser, shared.link)).page.status).toBe(302);
});

test("a huge answer is sent until the client has enough", async () => {
  await using shared = await shareFolder(stage);
  shared.origin.misbehave({ kind: "huge", bytes: 64 * 1024 * 1024 });
  await expect(openLink(shared.browser, shared.link)).rejects.toThrow("too long");
});

test("a gzip bomb is small on the wire", async () => {
  await using shared = await shareFolder(stage);
  shared.origin.misbehave({ kind: "gzip-bomb", bytes: 4 * 1024 * 1024 });
  const { page } = await openLink(shared.browser, shared.link);
  expect(page.headers["content-encoding"]).toBe("gzip");
  expect(page.text.length).toBeLessThan(64 * 1024);
});

test("a lost answer has done its work, a connection that ended before has not", async () => {
  await using shared = await shareFolder(stage);
  shared.origin.misbehave({ kind: "hang-up" }, "all", 1);
  await expect(openLink(shared.browser, shared.link)).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(shared.origin.guestLogins(shared.bob.token).successful).toBe(0);
  shared.origin.misbehave({ kind: "lost-answer" }, "all", 1);
  await expect(openLink(shared.browser, shared.link)).rejects.toMatchObject({ code: "ECONNRESET" });
  expect(shared.origin.guestLogins(shared.bob.token).successful).toBe(1);
});

test("a dripping answer never ends by itself, and ends with its server", async () => {
  await using shared = await shareFolder(stage);
  shared.origin.misbehave({ kind: "drip", everyMs: 5 });
  const pending = openLink(shared.browser, shared.link).catch((cause: unknown) => cause);
  await expect.poll(() => shared.origin.requests().length).toBe(1);
  await shared.origin.goDown();
  expect(await pending).toBeInstanceOf(Error);
});

test("the journal names what was asked, without a secret", async () => {
  await using shared = await shareFolder(stage);
  await openLink(shared.browser, shared.link);
  const [seen] = shared.origin.requests();
  expect(seen).toMatchObject({
    method: "GET",
    place: "link",
    path: expect.stringMatching(/^\/ajax\/share\/[0-9a-f]{8}…\/1\/8\/Mzk\?/),
  });
  expect(JSON.stringify(seen)).not.toContain(shared.bob.token);
});
