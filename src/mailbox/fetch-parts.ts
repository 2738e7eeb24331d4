import type { FetchMessageObject, FetchQueryObject, MessageStructureObject } from "imapflow";
import { limits } from "../domain/limits.ts";
import type { ImapLine } from "./imap-line.ts";
import { isRefusal } from "./session.ts";
import type { StructureDoubts } from "./structure-doubts.ts";

/** The folder that mails are fetched from, and what is known of them. */
export interface FetchPlace {
  readonly line: ImapLine;
  readonly doubts: StructureDoubts;
  readonly folder: { readonly folder: string; readonly uidValidity: number } | null;
}

/** Sections of one mail by their names in lower case, for example `1.2.mime`. */
export type Sections = ReadonlyMap<string, Buffer>;

/** A section to fetch, and how much of it. */
export interface PartialSection {
  readonly key: string;
  readonly maxLength: number;
}

/** Calls back for each row of UIDs that were asked for. Throws MailboxError. */
export async function fetchRows(
  line: ImapLine,
  uids: readonly number[],
  query: FetchQueryObject,
  bounds: { readonly what: string; readonly bytes: number },
  onRow: (row: FetchMessageObject) => void,
): Promise<void> {
  const asked = new Set(uids);
  await line.run({ ...bounds, totalMs: limits.imapBatchMs }, async (oversight) => {
    for await (const row of line.client.fetch(sequenceSet(uids), { ...query, uid: true }, { uid: true })) {
      // Servers also tell what changed in other mails; nobody needs to hear that here.
      if (!carriesContent(row)) continue;
      if (!asked.has(row.uid)) throw line.breach("sent a mail that was not asked for");
      oversight.progress();
      onRow(row);
    }
  });
}

function carriesContent({ bodyParts, bodyStructure, source, size }: FetchMessageObject): boolean {
  return [bodyParts, bodyStructure, source, size].some((content) => content !== undefined);
}

/** Flags and keywords of one mail; null where the UID is gone. Throws MailboxError. */
export async function fetchFlags(line: ImapLine, uid: number): Promise<readonly string[] | null> {
  return line.run({ what: "FETCH of flags" }, async () => {
    let found: readonly string[] | null = null;
    for await (const row of line.client.fetch(String(uid), { uid: true, flags: true }, { uid: true })) {
      if (row.uid === uid) found = [...(row.flags ?? [])];
    }
    return found;
  });
}

/** When one mail came, ms since 1970; null where the UID is gone or the server does not tell. Throws MailboxError. */
export async function fetchReceivedAt(line: ImapLine, uid: number): Promise<number | null> {
  return line.run({ what: "FETCH of a date" }, async () => {
    let found = NaN;
    const query = { uid: true, internalDate: true };
    for await (const row of line.client.fetch(String(uid), query, { uid: true })) {
      if (row.uid === uid) found = new Date(row.internalDate ?? "").getTime();
    }
    return Number.isNaN(found) ? null : found;
  });
}

/**
 * What `read` takes from the structures of these mails, without those that cannot be had: gone, refused, or known to break
 * the connection. Nothing else of a structure is kept: a few hundred of them can be very large.
 */
export async function fetchStructures<T>(
  { line, doubts, folder }: FetchPlace,
  uids: readonly number[],
  read: (structure: MessageStructureObject) => T,
): Promise<ReadonlyMap<number, T>> {
  const nameOf = (uid: number): string => `${folder?.uidValidity ?? 0}/${uid}/${folder?.folder ?? ""}`;
  const found = new Map<number, T>();
  async function ask(some: readonly number[]): Promise<void> {
    if (some.length === 0) return;
    const bytes = limits.imapResponseBytes + some.length * limits.imapStructureBytes;
    await doubts.during(some.map(nameOf), async () =>
      fetchRows(line, some, { bodyStructure: true }, { what: "FETCH of structures", bytes }, (row) => {
        if (row.bodyStructure !== undefined) found.set(row.uid, read(row.bodyStructure));
      }),
    );
  }
  const verdicts = uids.map((uid) => ({ uid, verdict: doubts.verdict(nameOf(uid)) }));
  const together = verdicts.filter(({ verdict }) => verdict === "in-company").map(({ uid }) => uid);
  const single = verdicts.filter(({ verdict }) => verdict === "alone").map(({ uid }) => uid);
  await halving(together, ask);
  for (const uid of single) await halving([uid], ask);
  return found;
}

/**
 * Asks for all; where the server refuses, for each half, so that one damaged mail costs only itself. Returns those that
 * were refused.
 */
export async function halving(
  uids: readonly number[],
  ask: (some: readonly number[]) => Promise<void>,
): Promise<readonly number[]> {
  try {
    await ask(uids);
    return [];
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (uids.length < 2) return uids;
    const middle = Math.ceil(uids.length / 2);
    const first = await halving(uids.slice(0, middle), ask);
    return [...first, ...(await halving(uids.slice(middle), ask))];
  }
}

/** RFC 9051 section 9, sequence-set: runs of numbers are joined. */
function sequenceSet(uids: readonly number[]): string {
  const runs: { first: number; last: number }[] = [];
  for (const uid of uids.toSorted((one, other) => one - other)) {
    const run = runs.at(-1);
    if (run !== undefined && uid <= run.last + 1) run.last = uid;
    else runs.push({ first: uid, last: uid });
  }
  return runs.map(({ first, last }) => (first === last ? String(first) : `${first}:${last}`)).join(",");
}
