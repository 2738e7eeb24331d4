import type { RecordLine } from "../store/records.ts";
import { whenText } from "./found.ts";
import { printable } from "./io.ts";

/** What happened to a recipient, one line each. */
export function storyLines(story: readonly RecordLine[]): string[] {
  return story.map(({ at, kind, detail }) => printable(`  ${whenText(at)}  ${happened(kind, detail)}`));
}

type Detail = RecordLine["detail"];

function happened(kind: string, detail: Detail): string {
  const { what, mail, by, because, status, ...rest } = detail;
  const told = typeof what === "string" ? sentences[what] : undefined;
  if (told !== undefined) return told(detail);
  const more = Object.entries({ mail, by, because, status, ...rest }).flatMap(([name, value]) =>
    value === undefined || value === null ? [] : [`${name} ${text(value)}`],
  );
  return [text(what ?? kind), ...more].join(", ");
}

const sentences: Readonly<Record<string, (detail: Detail) => string>> = {
  queued: ({ mail }) => `queued: ${text(mail)}`,
  rendered: ({ mail, locale, hash }) => `rendered: ${text(mail)} in ${text(locale)}, SHA-256 ${text(hash)}`,
  send: ({ mail, attempt, receipt, reply }) =>
    `tried: ${text(mail)}, attempt ${text(attempt)}, ${text(receipt)}: ${text(reply)}`,
  delivered: ({ status }) => `delivered${statusText(status)}`,
  delayed: ({ status }) => `delayed on the way${statusText(status)}`,
  bounced: ({ status, because }) => `bounced: ${text(because)}${statusText(status)}`,
  suppressed: ({ status }) => `not sent: earlier mail to this address came back${statusText(status)}`,
  muted: ({ by }) =>
    by === undefined
      ? "not sent: wants no more invitations of this account"
      : "asked for no more invitations of this account",
  "page-opened": () => "opened the share from the page",
  accepted: ({ by }) => `accepted (told by ${text(by ?? "his Cozy")})`,
  refused: ({ by }) => `declined (told by ${text(by ?? "his Cozy")})`,
  "invited-again": () => "invited",
  "added-again": () => "brought in again",
  "registration-failed": ({ because }) => `his Cozy could not be registered with: ${text(because)}`,
  "answer-failed": ({ because }) => `his answer could not be used: ${text(because)}`,
  "request-failed": ({ because }) => `could not be asked at his Cozy: ${text(because)}`,
  offered: ({ host }) => `offered to ${text(host)}, which took it`,
  "not-offered": ({ host, because, words }) =>
    `not taken by ${text(host)}: ${text(because)}${typeof words === "string" ? ` (${words})` : ""}`,
  "peer-told": ({ host, because }) =>
    because === undefined
      ? `the end was told to ${text(host)}`
      : `${text(host)} was not told of the end: ${text(because)}`,
  reminded: ({ by }) => `reminded (by ${text(by)})`,
  revoked: ({ by }) => (by === undefined ? "revoked" : `revoked (by ${text(by)})`),
  expired: () => "the sharing ended",
};

function statusText(status: unknown): string {
  return typeof status === "string" ? ` (${status})` : "";
}

function text(value: unknown): string {
  if (value === undefined) return "-";
  return typeof value === "string" ? value : JSON.stringify(value);
}
