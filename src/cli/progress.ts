import type { ScanProgress } from "../mailbox/scan.ts";
import type { Io } from "./io.ts";

const barChars = 24;
/** Plain lines go to logs and mails of cron. */
const lineEveryMs = 5000;

/** Shows how a scan gets on: a bar on a terminal, a line every few seconds elsewhere. */
export interface ProgressView {
  show(progress: ScanProgress): void;
  /** Takes the bar away. */
  end(): void;
}

/** A view of one scan that begins now; `columns` of the terminal decide between bar and lines. */
export function createProgressView(
  io: Pick<Io, "err" | "status" | "columns">,
  clock: () => number,
): ProgressView {
  const startedAt = clock();
  let lineAt = startedAt;
  return {
    show(progress) {
      const now = clock();
      if (io.columns !== null) {
        io.status(progressBar(progress, now - startedAt).slice(0, io.columns - 1));
      } else if (now - lineAt >= lineEveryMs) {
        lineAt = now;
        io.err(progressText(progress, now - startedAt));
      }
    },
    end: () => io.status(""),
  };
}

/** `INBOX [######------] 50 %  12,000 mails, 3 found, 8,000/s, 2 s left`. */
function progressBar(progress: ScanProgress, elapsedMs: number): string {
  const filled = Math.round(progress.done * barChars);
  const bar = "#".repeat(filled).padEnd(barChars, "-");
  return `${progress.folder} [${bar}] ${progressText(progress, elapsedMs).slice(progress.folder.length + 2)}`;
}

/** `INBOX: 50 %  12,000 mails, 3 found, 8,000/s, 2 s left`. */
export function progressText({ folder, seen, found, done }: ScanProgress, elapsedMs: number): string {
  const perSecond = elapsedMs > 0 ? Math.round((seen * 1000) / elapsedMs) : 0;
  const leftMs = done > 0 && done < 1 ? (elapsedMs * (1 - done)) / done : 0;
  const parts = [`${counted(seen)} mails`, `${counted(found)} found`, `${counted(perSecond)}/s`];
  if (done < 1) parts.push(`${durationText(leftMs)} left`);
  return `${folder}: ${Math.floor(done * 100)} %  ${parts.join(", ")}`;
}

function counted(count: number): string {
  return count.toLocaleString("en");
}

function durationText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`;
}
