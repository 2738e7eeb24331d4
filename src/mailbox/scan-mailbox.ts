import { type MailboxRow, parseFolders } from "../store/mailboxes.ts";
import type { Store } from "../store/store.ts";
import type { ScanRules } from "./scan-rules.ts";
import { lookBackUid, scanFolder, type ScanProgress, type ScanResult } from "./scan.ts";
import type { MailboxSession } from "./session.ts";

export interface MailboxScan {
  readonly store: Store;
  readonly session: MailboxSession;
  readonly mailbox: MailboxRow;
  readonly rules: ScanRules;
  /** Looks again at mail received since then, or at all (`null`); left out, it goes on at the cursor. */
  readonly since?: number | null;
  readonly signal: AbortSignal;
  readonly clock: () => number;
  readonly onProgress: (progress: ScanProgress) => void;
}

export interface ScannedFolder extends ScanResult {
  readonly folder: string;
}

/** Scans all folders of a mailbox to their ends, or until `signal` aborts. Throws MailboxError. */
export async function scanMailbox(scan: MailboxScan): Promise<readonly ScannedFolder[]> {
  const { session, mailbox, since } = scan;
  const scanned: ScannedFolder[] = [];
  for (const folder of parseFolders(mailbox)) {
    if (scan.signal.aborted) break;
    const status = await session.open(folder);
    const again = since === undefined ? {} : { fromUid: await lookBackUid(session, status, since) };
    const result = await scanFolder({
      ...scan,
      ...again,
      folder,
      status,
      mailbox: { id: mailbox.id, accountId: mailbox.account_id, lookBackFrom: mailbox.look_back_from },
    });
    scanned.push({ folder, ...result });
  }
  return scanned;
}
