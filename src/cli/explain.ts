import type { NotificationRow } from "../store/notifications.ts";
import type { RecordLine } from "../store/records.ts";
import { whenText } from "./found.ts";
import { printable } from "./io.ts";

/** The decision record as text: one line per event, its details indented below. */
export function explainLines(row: NotificationRow, record: readonly RecordLine[]): string[] {
  const head = [`${row.id}  ${row.protocol} ${row.variant} of ${row.origin}, share ${row.share_hint}`];
  const state = `now: ${row.state}${row.reason === null ? "" : ` (${row.reason})`}`;
  return [
    ...head,
    ...record.flatMap(eventLines),
    state,
    ...(row.detail === null ? [] : [`     ${row.detail}`]),
  ];
}

function eventLines(line: RecordLine): string[] {
  const when = whenText(line.at);
  if (line.kind === "call") return [`${when}  call      ${callText(line.detail)}`];
  return [`${when}  ${line.kind}`, ...detailLines(line.detail, "    ")];
}

function callText(detail: RecordLine["detail"]): string {
  const { what, method, url, status, meaning, tookMs } = detail;
  return printable(
    `${text(what)}: ${text(method)} ${text(url)} -> ${text(status)} ${text(meaning)} (${text(tookMs)} ms)`,
  );
}

function detailLines(value: object, indent: string): string[] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) => {
    if (inner === null || inner === undefined) return [];
    if (typeof inner !== "object") return [`${indent}${name}: ${printable(text(inner))}`];
    const below = detailLines(inner, `${indent}  `);
    return below.length === 0 ? [] : [`${indent}${name}:`, ...below];
  });
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
