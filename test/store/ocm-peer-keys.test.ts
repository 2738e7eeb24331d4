import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { limits } from "../../src/domain/limits.ts";
import { listPeerKeys, takeSignature, trustPeerKey, usePeerKey } from "../../src/store/ocm-peer-keys.ts";
import { temporaryStore } from "./temporary.ts";

let store: Awaited<ReturnType<typeof temporaryStore>>;

beforeAll(async () => {
  store = await temporaryStore();
});
afterAll(async () => store[Symbol.asyncDispose]());

test("of a peer with ever new keys the one that was used longest ago is forgotten", async () => {
  const { db } = store;
  const host = "cloud.example.com";
  for (let number = 0; number < limits.ocmPeerKeys; number++) {
    const key = { host, scheme: "rfc9421", key_id: `k${number}`, public_key: "{}" } as const;
    expect(await trustPeerKey(db, key, 1000 + number)).toBe(true);
  }
  await usePeerKey(db, { host, scheme: "rfc9421", keyId: "k0" }, 5000);
  await trustPeerKey(db, { host: "other.example.com", scheme: "cavage", key_id: "k", public_key: "" }, 1);
  await trustPeerKey(db, { host, scheme: "rfc9421", key_id: "new", public_key: "{}" }, 6000);
  const names = (await listPeerKeys(db, host)).map((row) => row.key_id);
  expect(names).toHaveLength(limits.ocmPeerKeys);
  expect(names).toEqual(expect.arrayContaining(["k0", "new"]));
  expect(names).not.toContain("k1");
  expect(await listPeerKeys(db, "other.example.com")).toHaveLength(1);
});

test("a key of a name that is trusted does not take its place", async () => {
  const { db } = store;
  const key = { host: "first.example.com", scheme: "cavage", key_id: "k" } as const;
  expect(await trustPeerKey(db, { ...key, public_key: "first" }, 1)).toBe(true);
  expect(await trustPeerKey(db, { ...key, public_key: "second" }, 2)).toBe(false);
  expect(await listPeerKeys(db, key.host)).toMatchObject([{ public_key: "first" }]);
});

test("a peer that signs more than can be remembered is refused until some is too old, and no other peer with it", async () => {
  const { db } = store;
  const host = "busy.example.com";
  await sql`with recursive n(i) as (select 1 union all select i + 1 from n where i < ${limits.ocmSeenSignatures})
    insert into ocm_seen_signature select 'h' || i, ${host}, 2000 from n`.execute(db);
  expect(await takeSignature(db, { hash: "more", host, untilMs: 3000 }, 1000)).toBe(false);
  const other = { hash: "other", host: "other.example.com", untilMs: 3000 };
  expect(await takeSignature(db, other, 1000)).toBe(true);
  expect(await takeSignature(db, other, 1000)).toBe(false);
  expect(await takeSignature(db, { hash: "more", host, untilMs: 3000 }, 2000)).toBe(true);
});
