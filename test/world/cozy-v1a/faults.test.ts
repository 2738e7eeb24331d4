import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  accepted,
  doctype,
  idsIn,
  lastLink,
  openPair,
  type Pair,
  permissions,
  shareWithBob,
  sharingAt,
} from "./pair.ts";
import { openStage, type Stage } from "./stack/stage.ts";

let stage: Stage;
let pair: Pair;
beforeAll(async () => {
  stage = await openStage();
  pair = await openPair(stage);
});
afterAll(async () => {
  await pair[Symbol.asyncDispose]();
  await stage[Symbol.asyncDispose]();
});

describe("a recipient that registers badly is unregistered", () => {
  test.each([
    ["500", { kind: "status", status: 500, retryAfter: null }],
    ["HTML for JSON", { kind: "nonsense" }],
    ["a truncated answer", { kind: "cut", afterBytes: 10 }],
    ["an answer lost after the effect", { kind: "lost-answer" }],
  ] as const)("%s", async (_, fault) => {
    const { alice, bob } = pair;
    bob.misbehave(fault, "register", 1);
    const contact = alice.owner.addContact({ mail: "bob@mail.example", cozy: bob.origin });
    const created = await alice.owner.share({ type: "one-shot", permissions, contacts: [contact] });
    expect(created.status).toBe(201);
    const { sharingId } = idsIn(created.text);
    expect(sharingAt(alice, sharingId).recipients).toMatchObject([{ status: "unregistered" }]);
  });
});

test("a slow recipient is waited for", async () => {
  const { alice, bob } = pair;
  bob.misbehave({ kind: "slow", ms: 50 }, "register", 1);
  const contact = alice.owner.addContact({ mail: "bob@mail.example", cozy: bob.origin });
  const created = await alice.owner.share({ type: "one-shot", permissions, contacts: [contact] });
  expect(sharingAt(alice, idsIn(created.text).sharingId).recipients).toMatchObject([{ status: "pending" }]);
  expect(lastLink(alice)).toContain(bob.origin);
});

test("a recipient who goes down before the exchange leaves the answer undone; the same code works afterwards", async () => {
  const { alice, bob } = pair;
  const { sharingId, link } = await shareWithBob(pair, "one-shot");
  bob.misbehave({ kind: "hang-up" }, "token", 1);
  const end = await bob.owner.accept(link);
  expect(end).toMatchObject({ status: 500 });
  expect(end.url.startsWith(`${alice.origin}/sharings/answer?`)).toBe(true);
  expect(sharingAt(alice, sharingId).recipients).toMatchObject([{ status: "pending" }]);
  expect(await bob.owner.open(end.url)).toMatchObject({ status: 200 });
  expect(sharingAt(alice, sharingId).recipients).toMatchObject([{ status: "accepted" }]);
});

test("a sharer who cannot be told of the client answers 500, and the document is there all the same", async () => {
  const { alice, bob } = pair;
  const { sharingId, link } = await shareWithBob(pair, "master-master");
  alice.misbehave({ kind: "status", status: 503, retryAfter: null }, "access", 1);
  expect(await bob.owner.open(link)).toMatchObject({ status: 500 });
  expect(sharingAt(bob, sharingId).owner).toBe(false);
  await bob.owner.accept(link);
  expect(sharingAt(alice, sharingId).recipients).toMatchObject([{ status: "accepted" }]);
});

test("a document that could not be sent is named among the failures, and the next one goes", async () => {
  const { alice, bob } = pair;
  const { sharingId } = await accepted(pair, "master-slave");
  bob.misbehave({ kind: "status", status: 500, retryAfter: null }, "document");
  const before = alice.failures().length;
  await alice.owner.write(doctype, "t1", { text: "lost" });
  expect(alice.failures().length).toBeGreaterThan(before);
  bob.behave();
  await alice.owner.write(doctype, "t1", { text: "arrives" });
  expect(bob.document(doctype, "t1")).toEqual({ text: "arrives" });
  await alice.owner.revoke(sharingId);
});

test("journal and refusals hold no secret", async () => {
  const { alice, bob } = pair;
  const { sharingId } = await accepted(pair, "master-master");
  await alice.owner.ask("DELETE", `/sharings/${sharingId}`);
  await alice.owner.revoke(sharingId);
  const said = JSON.stringify(
    [alice, bob].flatMap((cozy) => [cozy.requests(), cozy.refusals(), cozy.failures()]),
  );
  for (const secret of [...alice.secrets(), ...bob.secrets(), sharingId]) expect(said).not.toContain(secret);
  expect(alice.refusals().length).toBeGreaterThan(0);
});
