import { setTimeout as wait } from "node:timers/promises";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { newId } from "../../src/store/ids.ts";
import type { Db } from "../../src/store/store.ts";
import { startChild } from "../world/killed-process/child.ts";
import { temporaryStore } from "./temporary.ts";

async function addAccount(db: Db, name: string, createdAt = 1): Promise<void> {
  const row = { id: newId("a"), name, locale: "en", modules_json: "[]", created_at: createdAt };
  await db.insertInto("account").values(row).execute();
}

async function names(db: Db): Promise<readonly string[]> {
  const rows = await db.selectFrom("account").select("name").orderBy("name").execute();
  return rows.map((row) => row.name);
}

test("what is written is read back, times of today and text of any script included", async () => {
  await using store = await temporaryStore();
  const now = Date.now();
  await addAccount(store.db, "ålice 🦉\u0000x", now);
  const row = await store.db.selectFrom("account").selectAll().executeTakeFirstOrThrow();
  expect(row).toMatchObject({ name: "ålice 🦉\u0000x", created_at: now, modules_json: "[]" });
});

test("returning gives the rows of inserts, updates, deletes and raw statements", async () => {
  await using store = await temporaryStore();
  await addAccount(store.db, "alice");
  const updated = await store.db
    .updateTable("account")
    .set({ locale: "de" })
    .returning(["name", "locale"])
    .execute();
  expect(updated).toEqual([{ name: "alice", locale: "de" }]);
  const raw = await sql`update account set locale = 'fr' returning locale`.execute(store.db);
  expect(raw.rows).toEqual([{ locale: "fr" }]);
  const common = await sql`with one as (select 1 as n) select n from one`.execute(store.db);
  expect(common.rows).toEqual([{ n: 1 }]);
  expect(await store.db.deleteFrom("account").returning("name").execute()).toEqual([{ name: "alice" }]);
});

test("a conflict that is to do nothing says that nothing was written", async () => {
  await using store = await temporaryStore();
  await addAccount(store.db, "alice");
  const again = await store.db
    .insertInto("account")
    .values({ id: newId("a"), name: "alice", locale: "en", modules_json: "[]", created_at: 1 })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .executeTakeFirst();
  expect(again.numInsertedOrUpdatedRows).toBe(0n);
  await expect(addAccount(store.db, "alice")).rejects.toMatchObject({
    code: "SQLITE_CONSTRAINT",
    temporary: false,
  });
});

test("fifty transactions at once, ten of them rolled back, lose and mix nothing", async () => {
  await using store = await temporaryStore();
  await addAccount(store.db, "counter", 0);
  const runs = Array.from({ length: 50 }, async (_, index) =>
    store.transaction(async (db) => {
      const row = await db.selectFrom("account").select("created_at").executeTakeFirstOrThrow();
      await new Promise((resolve) => setImmediate(resolve));
      await db
        .updateTable("account")
        .set({ created_at: row.created_at + 1 })
        .execute();
      if (index % 5 === 0) throw new Error("rolled back on purpose");
    }),
  );
  const settled = await Promise.allSettled(runs);
  expect(settled.filter(({ status }) => status === "rejected")).toHaveLength(10);
  const row = await store.db.selectFrom("account").select("created_at").executeTakeFirstOrThrow();
  expect(row.created_at).toBe(40);
});

test("a write beside a transaction that is rolled back stays", async () => {
  await using store = await temporaryStore();
  const rolledBack = store.transaction(async (db) => {
    await addAccount(db, "alice");
    throw new Error("rolled back on purpose");
  });
  await Promise.all([expect(rolledBack).rejects.toThrow("on purpose"), addAccount(store.db, "bob")]);
  expect(await names(store.db)).toEqual(["bob"]);
});

test("a query that would wait for its own transaction fails at once and says why", async () => {
  await using store = await temporaryStore();
  const inside = { code: "IN_TRANSACTION", message: expect.stringContaining("transaction's db") };
  await expect(store.transaction(async () => names(store.db))).rejects.toMatchObject(inside);
  await expect(store.transaction(async () => store.transaction(async () => 1))).rejects.toMatchObject(inside);
  const around = store.db.transaction().execute(async () => 1);
  await expect(around).rejects.toMatchObject({ code: "OUTSIDE_SCOPE" });
  expect(await names(store.db)).toEqual([]);
});

test("work that was started inside a transaction may use the store once it has ended", async () => {
  await using store = await temporaryStore();
  const ended = Promise.withResolvers<undefined>();
  let later: Promise<readonly string[]> | undefined;
  await store.transaction(async (db) => {
    await addAccount(db, "alice");
    later = (async () => {
      await ended.promise;
      return names(store.db);
    })();
  });
  ended.resolve(undefined);
  expect(await later).toEqual(["alice"]);
});

test("values that SQLite would store as something else are refused by name", async () => {
  await using store = await temporaryStore();
  const refused: readonly [unknown, string][] = [
    [10n, "a bigint"],
    [true, "a boolean"],
    [undefined, "undefined"],
    [Number.NaN, "NaN"],
    [2 ** 60, "beyond 2^53"],
    [new Date(0), "of type object"],
    [{}, "of type object"],
  ];
  for (const [value, text] of refused) {
    await expect(sql`select ${value} as v`.execute(store.db)).rejects.toMatchObject({
      code: "BAD_PARAMETER",
      message: expect.stringContaining(text),
    });
  }
  const bytes = Buffer.from([0, 255]);
  const kept = await sql`select ${bytes} as b, ${null} as n, ${1.5} as r, ${"x"} as t`.execute(store.db);
  expect(kept.rows).toEqual([{ b: bytes, n: null, r: 1.5, t: "x" }]);
});

test("rows are not streamed, and it says so", async () => {
  await using store = await temporaryStore();
  const stream = store.db.selectFrom("account").selectAll().stream();
  await expect(stream.next()).rejects.toMatchObject({ code: "NO_STREAM" });
});

test("another process that holds the write lock for a while only delays a write", async () => {
  await using store = await temporaryStore();
  await using holder = startChild("hold-lock-main.ts", store.file);
  expect(await holder.line()).toBe("locked");
  let isWritten = false;
  const writing = store.transaction(async (db) => addAccount(db, "alice")).then(() => (isWritten = true));
  await wait(200);
  expect(isWritten).toBe(false);
  holder.tell("let go");
  await writing;
  expect(await names(store.db)).toEqual(["alice"]);
});

test("every commit is on the disk before it is acknowledged, and foreign keys hold", async () => {
  await using store = await temporaryStore();
  const pragma = async (name: string) => (await sql.raw(`pragma ${name}`).execute(store.db)).rows[0];
  expect(await pragma("journal_mode")).toEqual({ journal_mode: "wal" });
  expect(await pragma("synchronous")).toEqual({ synchronous: 2 });
  expect(await pragma("foreign_keys")).toEqual({ foreign_keys: 1 });
});
