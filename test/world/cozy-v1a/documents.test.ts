import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accepted, doctype, openPair, type Pair, scope, sharingAt } from "./pair.ts";
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

describe("S1a web/sharings: destinationDirectory", () => {
  test("400 for each missing or unknown parameter, 200 else", async () => {
    const { bob } = pair;
    await bob.owner.write("io.cozy.files", "d1", { type: "directory", name: "Photos" });
    const good = { App_slug: "photos", Doctype: "io.cozy.files", Dir_id: "d1" };
    const set = async (fields: Readonly<Record<string, string>>) =>
      bob.owner.ask("POST", `/sharings/app/destinationDirectory?${String(new URLSearchParams(fields))}`);
    for (const change of [
      { App_slug: "" },
      { Doctype: "" },
      { Doctype: "io.cozy.unknown" },
      { Dir_id: "" },
      { Dir_id: "unknown" },
    ]) {
      expect((await set({ ...good, ...change })).status).toBe(400);
    }
    expect(await set(good)).toMatchObject({ status: 200, text: "" });
    expect(bob.destination("photos", "io.cozy.files")).toBe("d1");
  });
});

describe("S1a web/sharings: documents", () => {
  test("receive, update, conflict and delete JSON, for those whom the token lets", async () => {
    const { alice, bob } = pair;
    const { sharingId } = await accepted(pair, "master-slave");
    const token = bob.tokens().findLast(({ kind }) => kind === "access")?.token ?? "";
    const ask = async (method: string, path: string, sent: object | null = null, bearer = token) =>
      bob.owner.ask(method, path, { bearer, ...(sent === null ? {} : { body: { ...sent } }) });
    const path = `/sharings/doc/${doctype}/t1?Sharing_id=${sharingId}`;
    const { _rev: rev } = JSON.parse((await ask("GET", `/data/${doctype}/t1`)).text);
    expect((await ask("HEAD", `/data/${doctype}/t1`)).status).toBe(200);
    expect((await ask("PUT", `${path}&rev=1-0`, { text: "x" })).status).toBe(409);
    expect((await ask("PUT", `${path}&rev=${rev}`, { text: "x" })).status).toBe(200);
    expect((await ask("POST", `/sharings/doc/${doctype}/t2?Sharing_id=${sharingId}`, {})).status).toBe(403);
    expect((await ask("PUT", path, {}, "no token")).status).toBe(400);
    const now = JSON.parse((await ask("GET", `/data/${doctype}/t1`)).text);
    expect((await ask("DELETE", `${path}&rev=${now["_rev"]}`)).status).toBe(200);
    expect((await ask("GET", `/data/${doctype}/t1`)).status).toBe(404);
    await alice.owner.revoke(sharingId);
    expect((await ask("GET", `/data/${doctype}/t1`)).status).toBe(400);
  });
});

describe("S1a web/sharings: lists", () => {
  test("sharedWithOthers and sharedWithMe name the sharing document", async () => {
    const { alice, bob } = pair;
    const { id, sharingId } = await accepted(pair, "one-shot");
    const list = async (cozy: typeof alice, which: string) => {
      const answer = await cozy.owner.ask("GET", `/permissions/doctype/${doctype}/${which}`, { scope });
      const { data: found }: { data: { attributes: { source_id: string } }[] } = JSON.parse(answer.text);
      return found.map(({ attributes }) => attributes.source_id);
    };
    expect(await list(alice, "sharedWithOthers")).toContain(id);
    expect(await list(alice, "sharedWithMe")).toEqual([]);
    expect(await list(bob, "sharedWithMe")).toContain(sharingAt(bob, sharingId).id);
  });
});
