import { filesType, isFolder, settingsType } from "../../domain/cozy-document.ts";
import { isObject, type JsonObject } from "../../domain/json.ts";
import type { JobQueue } from "../../jobs/queue.ts";
import { type DocumentKey, readDocument } from "../../store/cozy-documents.ts";
import type { Db } from "../../store/store.ts";
import { bodyOf } from "./access.ts";
import { putDocument } from "./write.ts";

/** Where Cozys keep it (reference/cozy.md 5.6). */
const settings = { doctype: settingsType, id: "io.cozy.settings.sharings" } as const;

/** Where received documents of a type go for an application; null where it chose nothing, or what it chose is gone. */
export async function destinationOf(
  db: Db,
  {
    accountId,
    slug,
    doctype,
  }: { readonly accountId: string; readonly slug: string; readonly doctype: string },
): Promise<string | null> {
  const chosen = choicesIn(await settingsOf(db, accountId))[slug];
  const folder = isObject(chosen) ? chosen[doctype] : null;
  return typeof folder === "string" && (await isStandingFolder(db, accountId, folder)) ? folder : null;
}

/** Keeps the choice; false where the account has no room for a document more. */
export async function chooseDestination(
  db: Db,
  choice: {
    readonly accountId: string;
    readonly slug: string;
    readonly doctype: string;
    readonly folder: string;
  },
  queue: JobQueue,
): Promise<boolean> {
  const { accountId, slug, doctype, folder } = choice;
  const kept = await settingsOf(db, accountId);
  const choices = choicesIn(kept);
  const ofSlug = isObject(choices[slug]) ? choices[slug] : {};
  const body = { ...kept, app_destination: { ...choices, [slug]: { ...ofSlug, [doctype]: folder } } };
  const writing = { body, content: null, isDeleted: false, revision: null, from: null };
  return (await putDocument(db, { accountId, ...settings }, writing, { queue })).kind === "written";
}

/** Whether a folder of the account stands there. */
export async function isStandingFolder(db: Db, accountId: string, id: string): Promise<boolean> {
  const key: DocumentKey = { accountId, doctype: filesType, id };
  const row = await readDocument(db, key);
  return row?.is_deleted === 0 && isFolder(filesType, bodyOf(row));
}

async function settingsOf(db: Db, accountId: string): Promise<JsonObject> {
  const row = await readDocument(db, { accountId, ...settings });
  return row?.is_deleted === 0 ? bodyOf(row) : {};
}

function choicesIn({ app_destination: choices }: JsonObject): JsonObject {
  return isObject(choices) ? choices : {};
}
