import type { NotificationRow } from "../store/notifications.ts";
import { keptEvidence } from "../store/kept-evidence.ts";
import type { RecordLine } from "../store/records.ts";
import { decisionLines } from "./decision-text.ts";
import { evidenceLines } from "./evidence-text.ts";
import { whenText } from "./found.ts";
import { printable } from "./io.ts";

/** The decision record as text: one line per event, its details indented below. */
export function explainLines(row: NotificationRow, record: readonly RecordLine[]): string[] {
  const origin = row.origin === "" ? "an unknown origin" : row.origin;
  const share = row.share_hint === "" ? "" : `, share ${row.share_hint}`;
  const head = [`${row.id}  ${row.protocol} ${row.variant} of ${origin}${share}`];
  const state = `now: ${row.state}${row.reason === null ? "" : ` (${row.reason})`}`;
  return [
    ...head,
    ...record.flatMap(eventLines),
    state,
    ...(row.detail === null ? [] : [`     ${row.detail}`]),
  ].map(printable);
}

function eventLines(line: RecordLine): string[] {
  const when = whenText(line.at);
  switch (line.kind) {
    case "call":
      return [`${when}  call      ${callText(line.detail)}`];
    case "mail":
      return isMail(line.detail)
        ? [`${when}  mail`, ...foundLines(line.detail, "mail")]
        : [`${when}  announced`, ...announcedLines(line.detail)];
    case "decision":
      return [`${when}  decision  by ${text(line.detail["by"])}`, ...decided(line.detail)];
    default:
      return [`${when}  ${line.kind}`, ...detailLines(line.detail, indent)];
  }
}

const indent = "    ";

/** What another server or a person brought lies in no mailbox: no mail has the UID 0 (RFC 9051, section 9). */
function isMail(detail: RecordLine["detail"]): boolean {
  return detail["uid"] !== 0;
}

function announcedLines(detail: RecordLine["detail"]): string[] {
  const { folder: _folder, uidValidity: _validity, uid: _uid, messageId: _id, ...rest } = detail;
  return foundLines(rest, "announced");
}

function foundLines(detail: RecordLine["detail"], came: "mail" | "announced"): string[] {
  const kept = keptEvidence(detail);
  // A record of an earlier version.
  if (kept === null) return detailLines(detail, indent);
  const { evidence: _evidence, ...rest } = detail;
  const said = evidenceLines(kept, came).map((line) => `${indent}  ${line}`);
  return [...detailLines(rest, indent), `${indent}evidence:`, ...said];
}

function decided(detail: RecordLine["detail"]): string[] {
  const { by: _by, ...rest } = detail;
  const lines = decisionLines(detail);
  if (lines === null) return detailLines(rest, indent);
  const { restriction } = detail;
  const kept = restriction === null || restriction === undefined ? {} : { restriction };
  return [...lines.map((line) => `${indent}${line}`), ...detailLines(kept, indent)];
}

function callText(detail: RecordLine["detail"]): string {
  const { what, method, url, status, meaning, tookMs } = detail;
  return `${text(what)}: ${text(method)} ${text(url)} -> ${text(status)} ${text(meaning)} (${text(tookMs)} ms)`;
}

function detailLines(value: object, before: string): string[] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) => {
    if (inner === null || inner === undefined) return [];
    if (typeof inner !== "object") return [`${before}${name}: ${text(inner)}`];
    const below = detailLines(inner, `${before}  `);
    return below.length === 0 ? [] : [`${before}${name}:`, ...below];
  });
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
