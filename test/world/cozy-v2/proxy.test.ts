import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPair, openStage, type Pair, secretOf, shareWithBob, type Stage } from "./stage.ts";
import type { Fields } from "./wire.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

const request = {
  shareID: "a1b2c3",
  sharerUrl: "https://alice.cozy.example/",
  sharerName: "Alice",
  recipientUrl: "https://bob.cozy.example",
  preToken: "0".repeat(64),
  rules: [{ id: "evt-1", docType: "event" }],
  desc: "Concert tickets",
};

function failure(status: number, error: string) {
  return { status, body: { error } };
}

const unauthorized = failure(401, "Request unauthorized");
const badRequest = failure(400, "Bad request");
const success = { status: 200, body: { success: true } };

async function requested(body: Fields) {
  await using bob = await stage.start("bob");
  const url = `${bob.origin}/services/sharing/request`;
  const answer = await stage.call({ method: "POST", url, credentials: null, body });
  return { answer, sharings: bob.sharings(), refusals: bob.refusals() };
}

describe("POST /services/sharing/request", () => {
  test("is kept as it came", async () => {
    await using bob = await stage.start("bob");
    const url = `${bob.origin}/services/sharing/request`;
    expect(await stage.call({ method: "POST", url, credentials: null, body: request })).toEqual(success);
    const [pending] = bob.pending();
    expect(bob.document(pending?.id ?? "")).toEqual({
      ...request,
      docType: "Sharing",
      _id: pending?.id,
      _rev: expect.stringMatching(/^1-/),
    });
    expect(pending?.id).not.toBe("a1b2c3");
  });

  test("without a name of the sharer is kept too", async () => {
    expect((await requested({ ...request, sharerName: undefined })).answer).toEqual(success);
  });

  const mandatory = ["shareID", "sharerUrl", "recipientUrl", "rules", "desc", "preToken"];
  const empty = mandatory.flatMap((field): [string, Fields][] => [
    [`PX request: ${field} missing`, { ...request, [field]: undefined }],
    [`PX request: ${field} empty`, { ...request, [field]: field === "rules" ? [] : "" }],
  ]);
  test.each<[string, Fields]>([
    ...empty,
    ["PX request: rules without id", { ...request, rules: [{ docType: "event" }] }],
    ["PX request: rules with empty docType", { ...request, rules: [{ id: "evt-1", docType: "" }] }],
    [
      "the documented names",
      { id: "a1b2c3", desc: "A", rules: request.rules, target: { recipientUrl: "alice", preToken: "p" } },
    ],
  ])("%s", async (_, body) => {
    const { answer, sharings, refusals } = await requested(body);
    expect(answer).toEqual(badRequest);
    expect(sharings).toEqual([]);
    expect(refusals).toEqual(["POST /services/sharing/request: 400 Bad request"]);
  });

  test("numbers and booleans are not empty", async () => {
    const body = { ...request, rules: [{ id: 0, docType: "picture" }], desc: false };
    expect((await requested(body)).answer).toEqual(success);
  });

  test("cannot be kept by a broken database", async () => {
    await using bob = await stage.start("bob");
    bob.breakDatabase("save");
    const url = `${bob.origin}/services/sharing/request`;
    const answer = await stage.call({ method: "POST", url, credentials: null, body: request });
    expect(answer).toEqual(failure(400, "The sharing cannot be created"));
  });

  test("PX rate limit: 200 requests pass, the 201st is 429, and the next day passes again", async () => {
    await using bob = await stage.start("bob");
    const url = `${bob.origin}/services/sharing/request`;
    const ask = async () => stage.call({ method: "POST", url, credentials: null, body: {} });
    for (let count = 0; count < 200; count += 1) expect((await ask()).status).toBe(400);
    expect(await ask()).toEqual(failure(429, "Too many requests. Please try later"));
    bob.nextDay();
    expect(await ask()).toEqual(badRequest);
  });
});

async function answered(pair: Pair, change: Fields, login?: string, password?: string) {
  const { shareID } = await shareWithBob(pair);
  const right = { sharerUrl: pair.alice.origin, recipientUrl: pair.bob.origin, accepted: true, token: "t" };
  return stage.call({
    method: "POST",
    url: `${pair.alice.origin}/services/sharing/answer`,
    credentials: { login: login ?? shareID, password: password ?? secretOf(pair.bob, shareID) },
    body: { ...right, ...change },
  });
}

describe("POST /services/sharing/answer", () => {
  test.each<[string, Fields]>([
    ['PX answer: recipientUrl ""', { recipientUrl: "" }],
    ["PX answer: accepted missing", { accepted: undefined }],
    ["PX answer: accepted without token", { token: undefined }],
  ])("%s", async (_, change) => {
    await using pair = await openPair(stage);
    expect(await answered(pair, change)).toEqual(badRequest);
    expect(pair.alice.sharings()).toMatchObject([{ targets: [{ state: "asked" }] }]);
  });

  test.each([
    ["PX answer: another preToken", undefined, "f".repeat(64)],
    ["PX answer: an unknown sharing", "a1b2c3", undefined],
    ["the word undefined", undefined, "undefined"],
  ])("%s", async (_, login, password) => {
    await using pair = await openPair(stage);
    expect(await answered(pair, {}, login, password)).toEqual(unauthorized);
    expect(pair.alice.refusals()).toEqual(["POST /services/sharing/answer: 401 Request unauthorized"]);
  });

  test("without Authorization is unauthorized", async () => {
    await using pair = await openPair(stage);
    const url = `${pair.alice.origin}/services/sharing/answer`;
    const body = { recipientUrl: pair.bob.origin, accepted: false };
    expect(await stage.call({ method: "POST", url, credentials: null, body })).toEqual(unauthorized);
  });

  test("is 200 whatever the data-system says, which is written down", async () => {
    await using pair = await openPair(stage);
    expect(await answered(pair, { recipientUrl: "https://dave.cozy.example" })).toEqual(success);
    expect(pair.alice.refusals()).toEqual([
      "POST /services/sharing/answer: 404 https://dave.cozy.example not found for this sharing, told as 200",
    ]);
  });

  test("twice with the preToken is unauthorized, with the token 403 that nobody hears of", async () => {
    await using pair = await openPair(stage);
    const { shareID, pending } = await shareWithBob(pair);
    const preToken = secretOf(pair.bob, shareID);
    await pair.bob.owner.accept(pending);
    const again = async (password: string) =>
      stage.call({
        method: "POST",
        url: `${pair.alice.origin}/services/sharing/answer`,
        credentials: { login: shareID, password },
        body: { recipientUrl: pair.bob.origin, accepted: false },
      });
    expect(await again(preToken)).toEqual(unauthorized);
    expect(await again(secretOf(pair.bob, shareID))).toEqual(success);
    expect(pair.alice.sharings()).toMatchObject([{ targets: [{ state: "accepted" }] }]);
    expect(pair.alice.refusals()[1]).toContain("403 The answer for this sharing has already been given");
  });
});

describe("revoking", () => {
  test.each([
    ["the sharer with another token", "DELETE", "services/sharing"],
    ["PX revokeTarget: 401", "DELETE", "services/sharing/target"],
    ["PX replication: 401", "POST", "services/sharing/replication/_revs_diff"],
  ])("%s", async (_, method, path) => {
    await using pair = await openPair(stage);
    const { shareID, pending } = await shareWithBob(pair);
    await pair.bob.owner.accept(pending);
    const credentials = { login: shareID, password: "f".repeat(64) };
    for (const { origin } of [pair.alice, pair.bob]) {
      expect(await stage.call({ method, url: `${origin}/${path}`, credentials, body: {} })).toEqual(
        unauthorized,
      );
    }
    expect(pair.bob.accesses()).toHaveLength(1);
  });

  test("by the sharer needs no body", async () => {
    await using pair = await openPair(stage);
    const { shareID, pending } = await shareWithBob(pair);
    await pair.bob.owner.accept(pending);
    const credentials = { login: shareID, password: secretOf(pair.bob, shareID) };
    const url = `${pair.bob.origin}/services/sharing`;
    expect(await stage.call({ method: "DELETE", url, credentials })).toEqual(success);
    expect(pair.bob.sharings()).toEqual([]);
    expect(await stage.call({ method: "DELETE", url, credentials })).toEqual(unauthorized);
  });

  test("PX revokeTarget: 400 Cannot revoke the recipient", async () => {
    await using pair = await openPair(stage);
    const { shareID, pending } = await shareWithBob(pair);
    await pair.bob.owner.accept(pending);
    pair.alice.breakDatabase("merge");
    const credentials = { login: shareID, password: secretOf(pair.bob, shareID) };
    const url = `${pair.alice.origin}/services/sharing/target`;
    const revoke = async () => stage.call({ method: "DELETE", url, credentials });
    expect(await revoke()).toEqual(failure(400, "Cannot revoke the recipient"));
    expect(await revoke()).toEqual(success);
    expect(pair.alice.sharings()).toMatchObject([{ targets: [] }]);
  });
});

test("another method or path is not there, and neither is the data-system", async () => {
  await using pair = await openPair(stage);
  const paths: [string, string][] = [
    ["GET", "services/sharing/request"],
    ["POST", "services/sharing"],
    ["POST", "services/sharing/sendAnswer"],
    ["DELETE", "services/sharing/sharer/a1b2c3/"],
  ];
  for (const [method, path] of paths) {
    const url = `${pair.alice.origin}/${path}`;
    expect((await stage.call({ method, url, credentials: null })).status).toBe(404);
  }
  expect(pair.alice.refusals()).toHaveLength(paths.length);
});
