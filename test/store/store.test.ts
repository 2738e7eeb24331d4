import { copyFile, open, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { openSqlite } from "../../src/store/sqlite-handle.ts";
import { openStore, requireSound } from "../../src/store/store.ts";
import { startChild } from "../world/killed-process/child.ts";
import { temporaryDirectory, temporaryStore } from "./temporary.ts";

test("a new store is for its owner only, and sound", async () => {
  await using store = await temporaryStore();
  expect((await stat(store.file)).mode & 0o777).toBe(0o600);
  await requireSound(store);
});

test("a store that cannot be opened says what is wrong and what to do", async () => {
  await using directory = await temporaryDirectory();
  const text = join(directory.path, "text");
  await writeFile(text, "This is a letter and no database, however long it may be. ".repeat(40));
  const refused: readonly [string, string, RegExp][] = [
    [join(directory.path, "none", "usher.sqlite"), "ENOENT", /directory does not exist; create it/],
    [join(text, "usher.sqlite"), "ENOTDIR", /not a directory/],
    [directory.path, "EISDIR", /is a directory/],
    [text, "SQLITE_NOTADB", /not an SQLite database/],
  ];
  for (const [file, code, message] of refused) {
    const error = { code, temporary: false, message: expect.stringMatching(message) };
    await expect(openStore(file), file).rejects.toMatchObject(error);
  }
});

test("a database of another program is refused and left as it is", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "other.sqlite");
  await writeFile(file, "");
  const other = await openSqlite(file);
  await other.run("create table notes (text text)");
  await other.close();
  const before = await readFile(file);
  await expect(openStore(file)).rejects.toMatchObject({ code: "FOREIGN" });
  expect((await readFile(file)).equals(before)).toBe(true);
});

test("a schema newer than the program is refused with both numbers and the way out", async () => {
  await using store = await temporaryStore();
  await sql`pragma user_version = 41`.execute(store.db);
  const error = await openStore(store.file).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: "SCHEMA_NEW", temporary: false });
  expect(String(error)).toMatch(/schema 41.* only up to 7;.*newer Usher/);
});

test("a command that may not migrate says so where there is no store or an older one", async () => {
  await using store = await temporaryStore();
  await using sibling = await openStore(store.file, { migrate: false });
  expect(await sibling.db.selectFrom("account").selectAll().execute()).toEqual([]);
  await expect(openStore(`${store.file}-none`, { migrate: false })).rejects.toMatchObject({ code: "ENOENT" });
  await sql`pragma user_version = 0`.execute(store.db);
  await expect(openStore(store.file, { migrate: false })).rejects.toMatchObject({
    code: "SCHEMA_OLD",
    message: expect.stringContaining("schema 0"),
  });
});

test("processes that start at the same moment agree on one schema", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "usher.sqlite");
  const children = [1, 2, 3].map(() => startChild("hold-lock-main.ts", file));
  for (const child of children) child.tell("let go");
  for (const child of children) expect(await child.rest()).toEqual({ lines: ["locked"], code: 0 });
  await using store = await openStore(file, { migrate: false });
  await requireSound(store);
});

test("a closed store says so instead of waiting, and leaves one file", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "usher.sqlite");
  const store = await openStore(file);
  const running = store.transaction(async (db) => sql`select 1`.execute(db));
  await store[Symbol.asyncDispose]();
  await running;
  await expect(sql`select 1`.execute(store.db)).rejects.toThrow(/destroyed|closed/);
  await expect(stat(`${file}-wal`)).rejects.toMatchObject({ code: "ENOENT" });
});

test("a damaged page is found before the daemon trusts the file", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "usher.sqlite");
  {
    await using store = await openStore(file);
    const row = { locale: "en", modules_json: "[]", created_at: 1 };
    const rows = Array.from({ length: 500 }, (_, index) => ({
      ...row,
      id: `a${index}`,
      name: `name ${index}`,
    }));
    await store.transaction(async (db) => {
      for (const account of rows) await db.insertInto("account").values(account).execute();
    });
  }
  const damaged = `${file}-damaged`;
  await copyFile(file, damaged);
  const pages = (await stat(damaged)).size / 4096;
  const handle = await open(damaged, "r+");
  await handle.write(Buffer.alloc(4096), 0, 4096, (pages - 2) * 4096);
  await handle.close();
  await using store = await openStore(damaged);
  const error = { code: "SQLITE_CORRUPT", temporary: false, message: expect.stringContaining("backup") };
  await expect(requireSound(store)).rejects.toMatchObject(error);
});

test("a full store keeps what it has, says what is missing, and goes on when there is space", async () => {
  await using store = await temporaryStore();
  const pages = await sql<{ page_count: number }>`pragma page_count`.execute(store.db);
  await sql.raw(`pragma max_page_count = ${pages.rows[0]?.page_count ?? 0}`).execute(store.db);
  const row = { id: "a1", name: "x".repeat(20_000), locale: "en", modules_json: "[]", created_at: 1 };
  const full = store.transaction(async (db) => db.insertInto("account").values(row).execute());
  await expect(full).rejects.toMatchObject({
    code: "SQLITE_FULL",
    temporary: true,
    message: expect.stringContaining("free some space"),
  });
  await sql`pragma max_page_count = 1000000`.execute(store.db);
  await store.transaction(async (db) => db.insertInto("account").values(row).execute());
  expect(await store.db.selectFrom("account").select("id").execute()).toEqual([{ id: "a1" }]);
});

test("an account that is removed takes everything of its own along, and nothing of another", async () => {
  await using store = await temporaryStore();
  for (const id of ["a1", "a2"]) {
    await store.transaction(async (db) => {
      await db
        .insertInto("account")
        .values({ id, name: id, locale: "en", modules_json: "[]", created_at: 1 })
        .execute();
      for (const statement of everythingOf(id)) await sql.raw(statement).execute(db);
    });
  }
  await store.db.deleteFrom("account").where("id", "=", "a1").execute();
  const tables = await sql<{ name: string }>`select name from sqlite_schema where type = 'table'
    and name not like 'sqlite_%' and name not in ('job', 'suppression', 'site_key', 'ocm_peer', 'ocm_peer_key',
    'ocm_seen_signature')`.execute(store.db);
  expect(tables.rows.length).toBe(31);
  for (const { name } of tables.rows) {
    const count = await sql<{ n: number }>`select count(*) as n from ${sql.table(name)}`.execute(store.db);
    expect(count.rows, name).toEqual([{ n: 1 }]);
  }
});

/** One row in each table below an account. */
function everythingOf(a: string): readonly string[] {
  return [
    `insert into account_address values ('${a}@example.org', '${a}', '${a}@example.org', 1)`,
    `insert into account_home values ('${a}', 'ox', 'https://ox.example.org/ajax/', 'alice', 'u1')`,
    `insert into mailbox values ('m${a}', '${a}', 'main', 'alice', 'password', 'u1', '[]', null, 'active', null, 0,
      null, null, 1)`,
    `insert into mailbox_cursor values ('m${a}', 'INBOX', 4294967295, 7)`,
    `insert into notification values ('n${a}', '${a}', 'ox', 'share', 'https://ox.example.org', 'k', 'h', 'u1', null,
      'named-guest', 'files', 't', 'Bob', 'bob@example.com', 'held', null, null, 1, 1, 2)`,
    `insert into notification_target values ('n${a}', 'files/39', 'files', '39', null, 't')`,
    `insert into message values ('e${a}', '${a}', 'm${a}', 'INBOX', 1, 7, '<1@example.com>', 'read', null, 'n${a}', 1,
      null)`,
    `insert into subscription values ('s${a}', '${a}', 'n${a}', 'ox', 'https://ox.example.org', 'k', 'usher',
      'SUBSCRIBED', null, null, 't', null, null, null, 1, 2, null, 1, null)`,
    `insert into subscription_folder values ('s${a}', 'files', '39', 't', 0)`,
    `insert into sharing values ('h${a}', '${a}', 't', 'u1', null, 1, null, null)`,
    `insert into recipient values ('r${a}', 'h${a}', 'c@example.net', 'c@example.net', null, 'en', 'pending', null, 1, 1, null, null)`,
    `insert into invitation values ('i${a}', 'r${a}', 'invite', '<${a}@usher>', null, 'planned', 0, 0, null, 1, null, null, null, null, null)`,
    `insert into record (at, account_id, notification_id, kind, detail_json) values (1, '${a}', 'n${a}', 'state', '{}')`,
    `insert into contact values ('${a}', 'c@example.net', 'c@example.net', null, 1, 1, 'c${a}', null, 1, '[]')`,
    `insert into api_token values ('t${a}', 'phone', 'hash-${a}', '${a}', '[]', 1, null, null, null, null)`,
    `insert into answer_secret values ('secret-${a}', 'n${a}', '${a}@example.org', 1, 2, null)`,
    `insert into notice values ('w${a}', '${a}', 'n${a}', 'held', 'held', null, '<${a}.notice@usher>', null, 'planned', 0,
      0, null, 1, null)`,
    `insert into mute values ('${a}', 'c@example.net', 1)`,
    `insert into sharer_notice values ('y${a}', '${a}', 'h${a}', '<${a}.told@usher>', null, 'planned', 0, 0, null, 1, null)`,
    `update recipient set told_by = 'y${a}' where id = 'r${a}'`,
    `insert into cozy_sharing values ('z${a}', '${a}', 'v1a', 1, 'd', 'k', 'u1', 'one-shot', null, null, null, '{}', '{}', 0,
      null, 'n${a}', 'h${a}', 1, 1, 1)`,
    `insert into cozy_member values ('m${a}', 'z${a}', 1, 'c${a}', 'r${a}', null, null, null, null, 'pending', 0, null,
      null, null, null, null, null, null, 1, '[]', 0)`,
    `insert into cozy_client values ('o${a}', '${a}', 'z${a}', 'h', 'h', 'Alice', 'sharing', 'u', 's', '[]', 1, null)`,
    `insert into cozy_token values ('k${a}', '${a}', 'o${a}', 'z${a}', 'access', '', 1, null, null)`,
    `insert into cozy_document (account_id, doctype, document_id, revision, body_json, is_deleted, received_through, updated_at)
      values ('${a}', 'io.cozy.tests', 'd', '1-a', '{}', 0, 'z${a}', 1)`,
    `insert into ocm_contact values ('q${a}', '${a}', 'cloud.example', 'dora', 'Dora', null, 'invite-sent', 1)`,
    `insert into ocm_invite values ('v${a}', '${a}', 'h${a}', 'r${a}', 'hash-${a}', 'u1', 'open', 'q${a}', null, 1, 2, null)`,
    `insert into ocm_received_share values ('x${a}', '${a}', 'cloud.example', '17', 'hash', 'u1', null, null, 0, null, 'webdav', null,
      'alice@site', 'dora@cloud.example', 'dora@cloud.example', null, null, 't', 'file', '[]', '[]', 'pending', 1, 'n${a}', null, 1, 1)`,
    `insert into ocm_expected_share values ('${a}', 'cloud.example', 'n${a}', 2)`,
    `insert into ocm_sent_share values ('p${a}', '${a}', 'h${a}', 'r${a}', 'cloud.example', 'dora@cloud.example', 'p-${a}', 'hash-${a}',
      'u1', 'u1', null, 'u1', 't', 'file', '[]', 0, null, 'created', null, null, null, null, 1, 1)`,
    `insert into ocm_access_token values ('hash-${a}', 'p${a}', 1, 2)`,
  ];
}
