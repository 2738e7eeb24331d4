import type { ScanProgress } from "../mailbox/scan.ts";
import type { SendingCounts } from "../store/sending-counts.ts";
import type { Io } from "./io.ts";

const barChars = 24;
/** Plain lines go to logs and mails of cron. */
const lineEveryMs = 5000;

/** Shows how something gets on: a bar on a terminal, a line every few seconds elsewhere. */
export interface ProgressView<Progress> {
  show(progress: Progress): void;
  /** Takes the bar away. */
  end(): void;
}

/** What a bar says of something under way. */
interface Described {
  readonly name: string;
  /** From 0 to 1. */
  readonly done: number;
  readonly counts: readonly string[];
}

/** A view of something that begins now; `columns` of the terminal decide between bar and lines. */
export function createProgressView<Progress>(
  io: Pick<Io, "err" | "status" | "columns">,
  clock: () => number,
  describe: (progress: Progress, elapsedMs: number) => Described,
): ProgressView<Progress> {
  const startedAt = clock();
  let lineAt = startedAt;
  return {
    show(progress) {
      const now = clock();
      const elapsedMs = now - startedAt;
      const described = describe(progress, elapsedMs);
      if (io.columns !== null) {
        io.status(progressBar(described, elapsedMs).slice(0, io.columns - 1));
      } else if (now - lineAt >= lineEveryMs) {
        lineAt = now;
        io.err(progressText(described, elapsedMs));
      }
    },
    end: () => io.status(""),
  };
}

/** `INBOX [######------] 50 %  12,000 mails, 3 found, 8,000/s, 2 s left`. */
function progressBar(described: Described, elapsedMs: number): string {
  const filled = Math.round(described.done * barChars);
  const bar = "#".repeat(filled).padEnd(barChars, "-");
  return `${described.name} [${bar}] ${progressText(described, elapsedMs).slice(described.name.length + 2)}`;
}

/** `INBOX: 50 %  12,000 mails, 3 found, 8,000/s, 2 s left`. */
export function progressText({ name, done, counts }: Described, elapsedMs: number): string {
  const leftMs = done > 0 && done < 1 ? (elapsedMs * (1 - done)) / done : 0;
  const parts = done < 1 ? [...counts, `${durationText(leftMs)} left`] : counts;
  return `${name}: ${Math.floor(done * 100)} %  ${parts.join(", ")}`;
}

/** A scan of one folder. */
export function scanDescribed({ folder, seen, found, done }: ScanProgress, elapsedMs: number): Described {
  const counts = [`${counted(seen)} mails`, `${counted(found)} found`, perSecond(seen, elapsedMs)];
  return { name: folder, done, counts };
}

/** The mails of one sharing; what was sent before is no part of the speed. */
export function sendingDescribed(
  { sent, failed, unclear, open }: SendingCounts,
  { sentBefore, elapsedMs }: { readonly sentBefore: number; readonly elapsedMs: number },
): Described {
  const all = sent + failed + unclear + open;
  const counts = [
    `${counted(sent)} of ${counted(all)} mails sent`,
    ...(failed === 0 ? [] : [`${counted(failed)} not sent`]),
    ...(unclear === 0 ? [] : [`${counted(unclear)} unclear`]),
    perSecond(sent - sentBefore, elapsedMs),
  ];
  return { name: "Sending", done: all === 0 ? 1 : (all - open) / all, counts };
}

function perSecond(count: number, elapsedMs: number): string {
  return `${counted(elapsedMs > 0 ? Math.round((count * 1000) / elapsedMs) : 0)}/s`;
}

function counted(count: number): string {
  return count.toLocaleString("en");
}

function durationText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`;
}
