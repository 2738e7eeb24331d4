import { parseHeaderFields } from "../domain/header-fields.ts";
import { limits } from "../domain/limits.ts";
import { type FoundMessage, insertFound, moveCursor, readCursor } from "../store/mailboxes.ts";
import type { Store } from "../store/store.ts";
import { messageKey } from "./message-key.ts";
import type { ScanRules } from "./scan-rules.ts";
import { type FolderStatus, type HeaderRow, MailboxError, type MailboxSession } from "./session.ts";

/** The mailbox as a scan needs to know it. */
export interface ScannedMailbox {
  readonly id: string;
  readonly accountId: string;
  /** First hook-up looks at mail received since then; null looks at all. */
  readonly lookBackFrom: number | null;
}

export interface FolderScan {
  readonly store: Store;
  readonly mailbox: ScannedMailbox;
  readonly rules: ScanRules;
  readonly session: MailboxSession;
  readonly folder: string;
  /** What EXAMINE of the folder said; the folder is open. */
  readonly status: FolderStatus;
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Looks again at mail from this UID on, wherever the cursor stands. */
  readonly fromUid?: number;
  /** Returns after so many batches, with `next` set where there is more. */
  readonly maxBatches?: number;
  readonly onProgress?: (progress: ScanProgress) => void;
}

export interface ScanProgress {
  readonly folder: string;
  /** Mails looked at so far. */
  readonly seen: number;
  /** Candidates that were not known before. */
  readonly found: number;
  /** Share of the UIDs that is done, 0 to 1. */
  readonly done: number;
}

export interface ScanResult {
  readonly seen: number;
  readonly found: number;
  /** Mails that the server refused to show; they are passed over. */
  readonly refusedUids: readonly number[];
  /** First UID that was not looked at; null when the folder is read to its end. */
  readonly next: number | null;
}

/**
 * Looks at the headers of all mail behind the cursor. Each batch is one transaction: findings, their jobs and the
 * cursor (law 1). Throws MailboxError; what was committed before stays, and the next scan goes on from there.
 */
export async function scanFolder(scan: FolderScan): Promise<ScanResult> {
  const endUid = scan.status.uidNext;
  const startUid = scan.fromUid ?? (await firstUnread(scan));
  let fromUid = startUid;
  let seen = 0;
  let found = 0;
  const refusedUids: number[] = [];
  for (let batches = 0; fromUid < endUid; batches += 1) {
    if (scan.signal.aborted || batches === (scan.maxBatches ?? Infinity)) break;
    const toUid = Math.min(endUid - 1, fromUid + limits.scanBatchMessages - 1);
    const batch = emptyBatch();
    if (!(await readBatch(scan, batch, fromUid, toUid))) break;
    if (!(await readTexts(scan, batch))) break;
    const lastUid = batch.seen > 0 ? toUid : await endOfGap(scan.session, toUid, endUid);
    const added = await commit(scan, batch, { fromUid, lastUid });
    seen += batch.seen;
    found += added;
    refusedUids.push(...batch.refusedUids);
    fromUid = lastUid + 1;
    scan.onProgress?.({ folder: scan.folder, seen, found, done: (fromUid - startUid) / (endUid - startUid) });
  }
  return { seen, found, refusedUids, next: fromUid < endUid ? fromUid : null };
}

/**
 * Smallest UID that was never looked at. A folder seen for the first time, or under a new UIDVALIDITY (RFC 9051 section
 * 2.3.1.1), starts where the look-back begins; its mails are told from known ones by their keys.
 */
async function firstUnread(scan: FolderScan): Promise<number> {
  const { store, mailbox, folder, status, session } = scan;
  const cursor = await readCursor(store.db, mailbox.id, folder);
  if (cursor?.uidValidity === status.uidValidity) return cursor.lastUid + 1;
  const firstUid = await lookBackUid(session, status, mailbox.lookBackFrom);
  const start = { uidValidity: status.uidValidity, lastUid: firstUid - 1 };
  await moveCursor(store.db, { mailboxId: mailbox.id, folder }, firstUid, start);
  return firstUid;
}

/** First UID of the open folder that a look-back to `sinceMs` takes in; the next one to come where there is none. */
export async function lookBackUid(
  session: MailboxSession,
  status: FolderStatus,
  sinceMs: number | null,
): Promise<number> {
  if (sinceMs === null) return 1;
  return (await session.firstUidSince(sinceMs)) ?? status.uidNext;
}

interface Batch {
  seen: number;
  readonly candidates: Candidate[];
  /** Mails that only their text can make candidates. */
  readonly doubtful: Candidate[];
  readonly refusedUids: number[];
}

interface Candidate {
  readonly uid: number;
  readonly key: string;
}

function emptyBatch(): Batch {
  return { seen: 0, candidates: [], doubtful: [], refusedUids: [] };
}

/**
 * Reads a range into the batch; false where it was stopped. A server may refuse a whole FETCH over one damaged mail: the
 * range is halved until that mail is alone.
 */
async function readBatch(scan: FolderScan, batch: Batch, fromUid: number, toUid: number): Promise<boolean> {
  const part = emptyBatch();
  try {
    for await (const row of scan.session.headers(fromUid, toUid, scan.rules.fields)) {
      part.seen += 1;
      sortInto(part, row, scan.rules);
      if (scan.signal.aborted) return false;
    }
  } catch (error) {
    if (!(error instanceof MailboxError) || error.reason !== "refused") throw error;
    if (fromUid < toUid) {
      const middle = Math.floor((fromUid + toUid) / 2);
      return (
        (await readBatch(scan, batch, fromUid, middle)) && (await readBatch(scan, batch, middle + 1, toUid))
      );
    }
    batch.refusedUids.push(fromUid);
    if (batch.refusedUids.length > limits.scanRefusedMessages) throw error;
    return true;
  }
  batch.seen += part.seen;
  batch.candidates.push(...part.candidates);
  batch.doubtful.push(...part.doubtful);
  return true;
}

function sortInto(batch: Batch, row: HeaderRow, { isCandidate, text }: ScanRules): void {
  const { uid, headerText, sizeBytes } = row;
  const { fields } = parseHeaderFields(headerText);
  if (isCandidate(fields)) batch.candidates.push({ uid, key: messageKey(headerText, fields) });
  else if (text?.mayBe(fields, sizeBytes) === true) {
    batch.doubtful.push({ uid, key: messageKey(headerText, fields) });
  }
}

/** The second look; false where it was stopped. What has no text to look at is read by itself, so that none is missed. */
async function readTexts({ session, rules, signal }: FolderScan, batch: Batch): Promise<boolean> {
  const { text: rule } = rules;
  if (rule === undefined || batch.doubtful.length === 0) return true;
  const byUid = new Map(batch.doubtful.map((mail) => [mail.uid, mail]));
  for await (const { uid, text } of session.texts([...byUid.keys()], limits.scanTextBytes)) {
    if (signal.aborted) return false;
    const mail = byUid.get(uid);
    if (mail !== undefined && (text === null || rule.isCandidate(text))) batch.candidates.push(mail);
  }
  return true;
}

/** UIDs may be far apart: behind an empty batch the next existing one is looked up. */
async function endOfGap(session: MailboxSession, toUid: number, endUid: number): Promise<number> {
  if (toUid + 1 >= endUid) return toUid;
  const next = await session.firstUidFrom(toUid + 1);
  return Math.min(next ?? endUid, endUid) - 1;
}

async function commit(
  scan: FolderScan,
  batch: Batch,
  range: { readonly fromUid: number; readonly lastUid: number },
): Promise<number> {
  const { store, mailbox, folder, rules } = scan;
  const { uidValidity } = scan.status;
  const rows: Omit<FoundMessage, "id">[] = batch.candidates.map(({ uid, key }) => ({
    account_id: mailbox.accountId,
    mailbox_id: mailbox.id,
    folder,
    uid_validity: uidValidity,
    uid,
    message_key: key,
  }));
  return store.transaction(async (db) => {
    const added = await insertFound(db, rows, scan.clock());
    if (added.length > 0) await rules.onFound(db, added);
    const cursor = { uidValidity, lastUid: range.lastUid };
    await moveCursor(db, { mailboxId: mailbox.id, folder }, range.fromUid, cursor);
    return added.length;
  });
}
