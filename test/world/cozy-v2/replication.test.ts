import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openPair, openStage, type Pair, secretOf, shareWithBob, type Stage } from "./stage.ts";
import type { Fields } from "./wire.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(async () => stage[Symbol.asyncDispose]());

/** Bob accepted; `call` speaks to his database as Alice may. */
async function openAccess() {
  const pair = await openPair(stage);
  const { shareID, pending } = await shareWithBob(pair);
  await pair.bob.owner.accept(pending);
  const credentials = { login: shareID, password: secretOf(pair.bob, shareID) };
  const call = async (method: string, path: string, body?: Fields) =>
    stage.call({
      method,
      url: `${pair.bob.origin}/services/sharing/replication/${path}`,
      credentials,
      ...(body === undefined ? {} : { body }),
    });
  return { ...pair, shareID, call };
}

function revised(id: unknown, rev: string, fields: Fields): Fields {
  const [start, hash] = rev.split("-");
  return { _id: id, _rev: rev, _revisions: { start: Number(start), ids: [hash] }, ...fields };
}

describe("a sharer's replication", () => {
  test("makes CouchDB's calls in their order", async () => {
    await using pair = await openPair(stage);
    const { pending } = await shareWithBob(pair);
    await pair.bob.owner.accept(pending);
    expect(callsAt(pair)).toEqual([
      "HEAD ",
      "GET _local/…",
      "POST _revs_diff",
      "POST _bulk_docs",
      "POST _ensure_full_commit",
      "PUT _local/…",
    ]);
  });

  test("sends only what is missing", async () => {
    await using pair = await openPair(stage);
    const { alice, bob, rule } = pair;
    const second = alice.owner.keep({ docType: "event", description: "Encore" });
    const rules = [rule, { id: second, docType: "event" }];
    const targets = [{ recipientUrl: bob.origin }];
    await alice.owner.share({ desc: "Concerts", rules, targets, continuous: true });
    await bob.owner.accept(bob.pending()[0]?.id ?? "");
    await alice.settled();
    alice.owner.change(second, { description: "No encore" });
    await alice.settled();
    const sent = bob.bodies("replication").flatMap(({ docs }) => (docs === undefined ? [] : [docs]));
    expect(sent).toMatchObject([[{ _id: rule.id }, { _id: second }], [{ _id: second }]]);
    expect(sent[1]).toMatchObject([{ _revisions: { start: 3, ids: { length: 3 } } }]);
  });

  test("that the recipient refuses is an error that can be tried again", async () => {
    await using pair = await openPair(stage);
    const { alice, bob, rule } = pair;
    const { pending } = await shareWithBob(pair, true);
    await bob.owner.accept(pending);
    await alice.settled();
    bob.misbehave({ kind: "status", status: 503, retryAfter: null }, "replication");
    alice.owner.change(String(rule.id), { description: "Concert, moved" });
    await alice.settled();
    expect(alice.replications()).toMatchObject([{ state: "error", reason: "Replication failed" }]);
    bob.behave();
    alice.retryReplications();
    await alice.settled();
    expect(alice.replications()).toMatchObject([{ state: "triggered", reason: null }]);
    expect(bob.document(String(rule.id))).toMatchObject({ description: "Concert, moved" });
  });
});

function callsAt({ bob }: Pair): readonly string[] {
  return bob
    .requests()
    .filter(({ place }) => place === "replication")
    .map(({ method, path }) => `${method} ${path.slice("/services/sharing/replication/".length)}`)
    .map((call) => call.replace(/_local\/\w+/, "_local/…"));
}

describe("a recipient", () => {
  test("says which revisions it lacks", async () => {
    await using opened = await openAccess();
    const { bob, rule, call } = opened;
    const known = bob.document(String(rule.id))?.["_rev"];
    expect(await call("POST", "_revs_diff", { [rule.id]: [known, "9-beef"], "evt-2": ["1-cafe"] })).toEqual({
      status: 200,
      body: { [rule.id]: { missing: ["9-beef"] }, "evt-2": { missing: ["1-cafe"] } },
    });
    expect(await call("POST", "_revs_diff", { [rule.id]: [known] })).toEqual({ status: 200, body: {} });
  });

  test("takes a document of the rules, the docType in any case", async () => {
    await using opened = await openAccess();
    const { bob, rule, call } = opened;
    const docs = [revised(rule.id, "7-beef", { docType: "EVENT", description: "Moved" })];
    expect(await call("POST", "_bulk_docs", { docs, new_edits: false })).toEqual({
      status: 201,
      body: [{ ok: true, id: rule.id, rev: "7-beef" }],
    });
    expect(bob.document(String(rule.id))).toMatchObject({ _rev: "7-beef", description: "Moved" });
  });

  test.each<[string, (id: unknown) => Fields]>([
    ["another id", () => revised("evt-2", "1-beef", { docType: "event" })],
    ["another docType", (id) => revised(id, "7-beef", { docType: "contact" })],
  ])("refuses a document with %s, and with it all others", async (_, outside) => {
    await using opened = await openAccess();
    const { bob, rule, call, shareID } = opened;
    const before = bob.documents();
    const docs = [revised(rule.id, "8-beef", { docType: "event" }), outside(rule.id)];
    expect(await call("POST", "_bulk_docs", { docs, new_edits: false })).toEqual({
      status: 403,
      body: { error: `${shareID} is not authorized` },
    });
    expect(bob.documents()).toEqual(before);
    expect(bob.refusals()).toHaveLength(1);
  });

  test("takes every document outside production, and one without docType always", async () => {
    await using opened = await openAccess();
    const { bob, call } = opened;
    const unknown = { docs: [revised("evt-2", "1-beef", {})], new_edits: false };
    expect((await call("POST", "_bulk_docs", unknown)).status).toBe(201);
    bob.setHabits({ production: false });
    const foreign = { docs: [revised("evt-3", "1-beef", { docType: "contact" })], new_edits: false };
    expect((await call("POST", "_bulk_docs", foreign)).status).toBe(201);
  });

  test("writes down a replication that is none", async () => {
    await using opened = await openAccess();
    const { bob, rule, call } = opened;
    const answer = await call("POST", "_bulk_docs", { docs: [{ _id: rule.id, docType: "event" }] });
    expect(answer).toMatchObject({ status: 201, body: [{ id: rule.id, error: "bad_request" }] });
    expect(bob.refusals()).toHaveLength(2);
  });

  test("shows by _all_docs what is in the rules, and no other document", async () => {
    await using opened = await openAccess();
    const { bob, rule, call, shareID } = opened;
    const diary = bob.owner.keep({ docType: "Diary" });
    const rev = bob.document(String(rule.id))?.["_rev"];
    expect(await call("POST", "_all_docs", { keys: [rule.id, "evt-2"] })).toMatchObject({
      status: 200,
      body: {
        rows: [
          { id: rule.id, key: rule.id, value: { rev } },
          { key: "evt-2", error: "not_found" },
        ],
      },
    });
    expect(await call("POST", "_all_docs", { keys: [diary] })).toEqual({
      status: 403,
      body: { error: `${shareID} is not authorized` },
    });
    expect((await call("GET", diary)).status).toBe(403);
    expect(await call("GET", String(rule.id))).toMatchObject({ status: 200, body: { _id: rule.id } });
  });

  test("commits, tells changes and keeps checkpoints freely", async () => {
    await using opened = await openAccess();
    const { bob, rule, call } = opened;
    expect(await call("POST", "_ensure_full_commit", {})).toMatchObject({ status: 201, body: { ok: true } });
    expect(await call("POST", "_changes?filter=_doc_ids", { doc_ids: [rule.id] })).toMatchObject({
      status: 200,
      body: { results: [{ id: rule.id, changes: [{ rev: expect.stringMatching(/^2-/) }] }] },
    });
    expect((await call("GET", "_local/c1")).status).toBe(404);
    expect(await call("PUT", "_local/c1", { source_last_seq: 3 })).toMatchObject({
      status: 201,
      body: { rev: "0-1" },
    });
    expect((await call("PUT", "_local/c1", { source_last_seq: 4 })).status).toBe(409);
    expect(await call("GET", "_local/c1")).toMatchObject({
      status: 200,
      body: { _rev: "0-1", source_last_seq: 3 },
    });
    expect(bob.refusals()).toEqual([]);
  });

  test.each([
    ["POST", "_find"],
    ["POST", "_all_docs"],
    ["PUT", "evt-1"],
    ["DELETE", "evt-1"],
    ["GET", "_all_docs"],
  ])("forbids %s %s", async (method, path) => {
    await using opened = await openAccess();
    const { bob, call } = opened;
    expect(await call(method, path, {})).toEqual({ status: 403, body: { error: "Forbidden operation" } });
    expect(bob.refusals()).toHaveLength(1);
  });
});
